#include "kctl/watch_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"
#include "kctl/run_history.h"

namespace kload::kctl {
namespace {

using testing::HasSubstr;

RunFlags Flags(std::string url, std::vector<std::string> watches, std::string interval = "") {
  RunFlags flags;
  flags.watch_metrics = std::move(url);
  flags.watches = std::move(watches);
  flags.watch_interval = std::move(interval);
  return flags;
}

std::string ErrorOf(const RunFlags& flags) { return Message(WatchFromFlags(flags).status()); }

TEST(WatchFromFlags, NothingIsWatchedUnlessAskedFor) {
  const auto watch = WatchFromFlags({});
  ASSERT_TRUE(watch.ok());
  EXPECT_EQ(watch->url(), "");
}

TEST(WatchFromFlags, NamesEndAtTheFirstEqualsSign) {
  const auto watch = WatchFromFlags(
      Flags("http://t/metrics", {"pool=pool{state=\"active\"}", "hit rate=a / b"}, "500ms"),
      {{"more", "c"}});
  ASSERT_TRUE(watch.ok()) << watch.status();
  ASSERT_EQ(watch->metrics_size(), 3);
  EXPECT_EQ(watch->metrics(0).name(), "pool");
  EXPECT_EQ(watch->metrics(0).expression(), "pool{state=\"active\"}");
  EXPECT_EQ(watch->metrics(1).name(), "hit rate");
  EXPECT_EQ(watch->metrics(2).expression(), "c");
  EXPECT_EQ(watch->interval_ns(), 500'000'000);
}

TEST(WatchFromFlags, SaysWhichFlagIsMissing) {
  EXPECT_THAT(ErrorOf(Flags("http://t/metrics", {})), HasSubstr("Give --watch NAME=EXPRESSION"));
  EXPECT_THAT(ErrorOf(Flags("http://t/metrics", {})), HasSubstr("targets file"));
  EXPECT_TRUE(WatchFromFlags(Flags("http://t/metrics", {}), {{"a", "b"}}).ok());
  EXPECT_THAT(ErrorOf(Flags("", {"a=b"})), HasSubstr("--watch: say where"));
  EXPECT_THAT(ErrorOf(Flags("", {}, "1s")), HasSubstr("--watch-interval: say where"));
  EXPECT_THAT(ErrorOf(Flags("http://t", {"rate(x[1s])"})), HasSubstr("is not NAME=EXPRESSION"));
  EXPECT_THAT(ErrorOf(Flags("http://t", {"x{a=\"b\"}"})), HasSubstr("is not NAME=EXPRESSION"));
  EXPECT_THAT(ErrorOf(Flags("http://t", {"a="})), HasSubstr("is not NAME=EXPRESSION"));
  EXPECT_THAT(ErrorOf(Flags("http://t", {"a=b"}, "1")), HasSubstr("--watch-interval"));
  EXPECT_THAT(ErrorOf(Flags("http://t", {"a=b"}, "0s")), HasSubstr("--watch-interval"));
}

v1::GetRunResponse RunOfTwo() {
  v1::GetRunResponse run;
  run.mutable_info()->set_run_id("r1");
  v1::WatchedSeries& pool = *run.add_watched();
  pool.set_name("pool");
  pool.set_expression("db_pool");
  for (int i = 0; i < 3; ++i) {
    pool.add_points()->set_at_ns(i * 1'000'000'000LL);
    pool.mutable_points(i)->set_value(i * 4);
  }
  v1::WatchedSeries& jobs = *run.add_watched();
  jobs.set_name("jobs");
  jobs.set_problem("no series of the page matches jobs_total");
  return run;
}

TEST(Watched, IsShownBesideTheRunsOwnSeries) {
  const auto text = RunHistoryText(RunOfTwo(), false);
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr("\npool   0..8    ▄█\n"));
  EXPECT_THAT(*text, HasSubstr("\njobs has no values: no series of the page matches jobs_total\n"));
  EXPECT_EQ(WatchedText(RunOfTwo()),
            "  █ TARGET \n\n    pool   0..8    ▄█\n"
            "    jobs has no values: no series of the page matches jobs_total\n\n");
  EXPECT_EQ(WatchedText(v1::GetRunResponse()), "");
}

TEST(Watched, AsJson) {
  const auto json = RunHistoryJson(RunOfTwo());
  ASSERT_TRUE(json.ok());
  EXPECT_THAT(
      *json,
      HasSubstr(
          "\"watched\": [\n    {\n      \"name\": \"pool\",\n      \"expression\": \"db_pool\",\n"
          "      \"problem\": \"\",\n      \"points\": [\n        {\n          \"at_s\": 0.0,\n"
          "          \"value\": 0.0\n"));
  EXPECT_THAT(*json, HasSubstr("\"problem\": \"no series of the page matches jobs_total\""));
}

}  // namespace
}  // namespace kload::kctl
