#include "kctl/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/summary/format.h"

namespace kload::kctl {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Scenario MakeScenario(const std::string& name, ExecutorKind executor, int64_t vus) {
  Scenario scenario;
  scenario.name = name;
  scenario.executor = executor;
  scenario.vus = vus;
  return scenario;
}

// Scenarios of three kinds, the last one later than the others.
TestPlan MakePlan() {
  Scenario baseline = MakeScenario("baseline", ExecutorKind::kRampingVus, 1);
  baseline.start_vus = 0;
  baseline.stages = {{.duration = 2min, .target = 50}, {.duration = 8min, .target = 0}};
  Scenario steady = MakeScenario("steady", ExecutorKind::kConstantVus, 10);
  steady.duration = 5min;
  steady.first_vu = 50;
  Scenario imports = MakeScenario("imports", ExecutorKind::kSharedIterations, 4);
  imports.start_time = 2min;
  imports.iterations = 100;
  imports.first_vu = 60;
  TestPlan plan;
  plan.scenarios = {baseline, steady, imports};
  return plan;
}

Live At(Nanos run_time) {
  Live live;
  live.phase = RunPhase::kRunning;
  live.run_time = run_time;
  live.vus = 33;
  live.complete = 1500;
  live.requests_per_second = 245.12;
  live.p95_ms = 178.129;
  live.failed_ratio = 0.0012;
  live.scenarios = {{"baseline", {.vus = 23, .iterations = 1400}},
                    {"steady", {.vus = 10, .iterations = 100}}};
  return live;
}

TEST(RenderProgress, ShowsRunRequestsAndScenarios) {
  EXPECT_THAT(
      RenderProgress(MakePlan(), At(60s), 100, false),
      ElementsAre(
          "running (01m00.0s), 33/64 VUs, 1500 complete and 0 interrupted iterations",
          "  245.1 requests/s   p(95)=178.12ms   failed 0.12%",
          "baseline   [==>-----------------------------------] 23/50 VUs  01m00.0s/10m00.0s",
          "steady     [======>-------------------------------] 10 VUs  1m00.0s/5m0s",
          "imports  • [--------------------------------------] 0 VUs  waits for 2m0s  000/100 "
          "shared iters"));
}

TEST(RenderProgress, ShowsWhatStopsAndWhatIsDone) {
  Live live = At(5min + 1s);
  live.scenarios["steady"].vus = 2;
  live.scenarios["imports"] = {.vus = 0, .iterations = 100};
  EXPECT_THAT(
      RenderProgress(MakePlan(), live, 100, false),
      ElementsAre(
          StartsWith("running (05m01.0s)"), testing::_,
          "baseline   [==================>-------------------] 23/50 VUs  05m01.0s/10m00.0s",
          "steady   ↓ [======================================] 02 VUs  5m00.0s/5m0s",
          "imports  ✓ [======================================] 0 VUs  10m0s  100/100 shared "
          "iters"));
}

TEST(RenderProgress, MarksWhatWasInterrupted) {
  Live live = At(5min + 1s);
  live.phase = RunPhase::kFinished;
  live.stopped = true;
  live.scenarios["imports"] = {.vus = 0, .iterations = 100};
  const std::vector<std::string> lines = RenderProgress(MakePlan(), live, 100, false);
  EXPECT_THAT(lines[2], StartsWith("baseline ✗ ["));
  EXPECT_THAT(lines[4], StartsWith("imports  ✓ ["));
}

TEST(RenderProgress, NamesThePhase) {
  Live live;
  live.phase = RunPhase::kSetup;
  EXPECT_EQ(RenderProgress(MakePlan(), live, 100, false)[0],
            "setup() (00m00.0s), 00/64 VUs, 0 complete and 0 interrupted iterations");
}

TEST(RenderProgress, FitsEveryWidth) {
  for (int width = 1; width <= 200; ++width) {
    for (const std::string& line : RenderProgress(MakePlan(), At(60s), width, false)) {
      EXPECT_LE(DisplayWidth(line), static_cast<size_t>(std::max(width - 1, 1))) << line;
    }
  }
  EXPECT_THAT(RenderProgress(MakePlan(), At(60s), 50, false)[2],
              HasSubstr("baseline   [  10% ] 23/50 VUs"));
}

TEST(RenderProgress, ColoursOnlyWhenAsked) {
  const std::vector<std::string> lines = RenderProgress(MakePlan(), At(60s), 100, true);
  EXPECT_THAT(lines[1], HasSubstr("\x1b[31mfailed 0.12%\x1b[0m"));
  EXPECT_THAT(lines[2], HasSubstr("\x1b[36m[==>"));
}

TEST(RenderProgress, CountsIterationsOfEachVu) {
  TestPlan plan;
  plan.scenarios = {MakeScenario("default", ExecutorKind::kPerVuIterations, 2)};
  plan.scenarios[0].iterations = 10;
  Live live;
  live.phase = RunPhase::kRunning;
  live.run_time = 5100ms;
  live.scenarios["default"] = {.vus = 2, .iterations = 5};
  EXPECT_EQ(RenderProgress(plan, live, 90, false)[2],
            "default   [======>------------------------] 2 VUs  00m05.1s/10m0s  05/20 iters, 10 "
            "per VU");
}

TEST(PlainProgress, IsOneLine) {
  EXPECT_EQ(PlainProgress(MakePlan(), At(60s)),
            "running (01m00.0s), 33/64 VUs, 1500 complete and 0 interrupted iterations, "
            "245.1 requests/s, p(95)=178.12ms, failed 0.12%, baseline 10%, steady 20%, imports 0%");
}

TEST(FormatSpent, HasTheWidthOfTheTotal) {
  EXPECT_EQ(FormatSpent(5100ms, 9s), "5.1s");
  EXPECT_EQ(FormatSpent(5100ms, 30s), "05.1s");
  EXPECT_EQ(FormatSpent(252'340ms, 5min), "4m12.3s");
  EXPECT_EQ(FormatSpent(252'340ms, 10min), "04m12.3s");
  EXPECT_EQ(FormatSpent(3'852'300ms, 2h), "1h04m12.3s");
  EXPECT_EQ(FormatSpent(3'852'300ms, 12h), "01h04m12.3s");
  EXPECT_EQ(FormatSpent(31s, 30s), "31.0s");
  EXPECT_EQ(FormatSpent(-1s, 30s), "00.0s");
}

TEST(RenderHeader, DescribesTheTest) {
  TestPlan plan;
  plan.scenarios = {MakeScenario("soak", ExecutorKind::kConstantVus, 5)};
  plan.scenarios[0].duration = 1min;
  EXPECT_EQ(
      RenderHeader({.execution = "cluster",
                    .script = "soak.js",
                    .run_id = "r-1",
                    .output = "-",
                    .agents = 2},
                   plan),
      "\n"
      "     execution: cluster (2 agents)\n"
      "        script: soak.js\n"
      "           run: r-1\n"
      "        output: -\n"
      "\n"
      "     scenarios: (100.00%) 1 scenario, 5 max VUs, 1m30s max duration (incl. graceful stop):\n"
      "              * soak: 5 looping VUs for 1m0s (gracefulStop: 30s)\n"
      "\n");
}

}  // namespace
}  // namespace kload::kctl
