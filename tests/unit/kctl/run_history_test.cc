#include "kctl/run_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/status.h"

namespace kload::kctl {
namespace {

using testing::HasSubstr;
using testing::Not;

v1::GetRunResponse SomeRun() {
  v1::GetRunResponse run;
  v1::RunInfo& info = *run.mutable_info();
  info.set_run_id("20260131-083000-1");
  info.set_script("stress");
  info.set_state("running");
  info.set_started_unix_ns(1'769'848'200'000'000'000);
  info.set_duration_ns(3'400'000'000);
  info.set_agents(2);
  for (int second = 1; second <= 3; ++second) {
    v1::SeriesPoint& point = *run.add_points();
    point.set_at_ns(second * 1'000'000'000LL);
    point.set_length_ns(1'000'000'000);
    point.set_vus(10 * second);
    point.set_requests(100);
    point.set_p95_ms(12.5);
  }
  v1::RunNote& note = *run.add_notes();
  note.set_at_ns(1'250'000'000);
  note.set_unix_ns(1'769'848'201'000'000'000);
  note.set_kind("agent-lost");
  note.set_agent("a1");
  note.set_text("agent 'a1' was lost");
  run.set_options_json(R"({"vus":3})");
  return run;
}

TEST(RunHistoryTest, TellsPeopleWhatHappened) {
  const auto text = RunHistoryText(SomeRun(), false);
  ASSERT_TRUE(text.ok()) << Message(text.status());
  EXPECT_THAT(*text, HasSubstr("run 20260131-083000-1 of stress: running\n"));
  EXPECT_THAT(*text, HasSubstr("started 2026-01-31T08:30:00Z, 3.4s, 2 agents"));
  EXPECT_THAT(*text, HasSubstr("VUs          10..30       ▂▅█\n"));
  EXPECT_THAT(*text, HasSubstr("requests/s   100..100     ███\n"));
  EXPECT_THAT(*text, HasSubstr("1.25s   agent-lost   agent 'a1' was lost\n"));
  EXPECT_THAT(*text, Not(HasSubstr("failed/s")));
  EXPECT_THAT(*text, Not(HasSubstr("exit code")));
}

TEST(RunHistoryTest, IsAnObjectForPrograms) {
  const auto text = RunHistoryJson(SomeRun());
  ASSERT_TRUE(text.ok()) << Message(text.status());
  const auto json = nlohmann::json::parse(*text);
  EXPECT_EQ(json.at("run_id"), "20260131-083000-1");
  EXPECT_EQ(json.at("options").at("vus"), 3);
  EXPECT_EQ(json.at("series").size(), 3U);
  EXPECT_EQ(json.at("series")[2].at("vus"), 30);
  EXPECT_EQ(json.at("notes")[0].at("kind"), "agent-lost");
  EXPECT_TRUE(json.at("summary").is_null());
  EXPECT_TRUE(json.at("exit_code").is_null());
}

TEST(RunHistoryTest, ALongSeriesShowsItsPeaks) {
  std::vector<double> values(600, 1);
  values[299] = 8;
  const std::string line = Sparkline(values, 60);
  EXPECT_THAT(line, HasSubstr("▁█▁"));
  EXPECT_EQ(line.size(), 60 * std::string("▁").size());
  EXPECT_EQ(Sparkline({}, 60), "");
  EXPECT_EQ(Sparkline({0, 0}, 60), "  ");
}

}  // namespace
}  // namespace kload::kctl
