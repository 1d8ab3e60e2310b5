#include "common/plan/plan.h"

#include <gtest/gtest.h>

#include <chrono>

namespace kload {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Scenario Baseline() {
  Scenario scenario;
  scenario.executor = ExecutorKind::kRampingVus;
  scenario.stages = {{minutes(2), 10}, {minutes(5), 50}, {minutes(2), 50}, {minutes(1), 0}};
  return scenario;
}

TEST(PlanTest, DescribesAsK6Does) {
  Scenario scenario = Baseline();
  EXPECT_EQ(Describe(scenario),
            "Up to 50 looping VUs for 10m0s over 4 stages (gracefulRampDown: 30s, gracefulStop: "
            "30s)");
  scenario.executor = ExecutorKind::kConstantVus;
  scenario.vus = 100;
  scenario.duration = minutes(5);
  EXPECT_EQ(Describe(scenario), "100 looping VUs for 5m0s (gracefulStop: 30s)");
  scenario.graceful_stop = seconds(0);
  EXPECT_EQ(Describe(scenario), "100 looping VUs for 5m0s");
  scenario.executor = ExecutorKind::kPerVuIterations;
  scenario.iterations = 3;
  scenario.exec = "browse";
  scenario.start_time = milliseconds(1500);
  scenario.graceful_stop = seconds(30);
  EXPECT_EQ(Describe(scenario),
            "3 iterations for each of 100 VUs (maxDuration: 10m0s, exec: browse, startTime: 1.5s, "
            "gracefulStop: 30s)");
  scenario.executor = ExecutorKind::kSharedIterations;
  scenario.iterations = 200;
  EXPECT_EQ(Describe(scenario),
            "200 iterations shared among 100 VUs (maxDuration: 10m0s, exec: browse, startTime: "
            "1.5s, gracefulStop: 30s)");
}

TEST(PlanTest, TotalsOverScenarios) {
  TestPlan plan;
  plan.scenarios = {Baseline(), Baseline()};
  plan.scenarios[1].first_vu = 50;
  plan.scenarios[1].start_time = seconds(45);
  EXPECT_EQ(MaxVus(plan.scenarios[0]), 50);
  EXPECT_EQ(TotalVus(plan), 100);
  EXPECT_EQ(RegularDuration(plan.scenarios[0]), minutes(10));
  EXPECT_EQ(MaxDuration(plan), minutes(10) + seconds(75));
}

TEST(PlanTest, ScalesTimeButNotGrace) {
  TestPlan plan;
  plan.scenarios = {Baseline()};
  plan.scenarios[0].start_time = seconds(10);
  plan.options.min_iteration_duration = seconds(2);
  plan.thresholds = {{"http_reqs", "count>0", true, seconds(20)}};
  ScaleTime(plan, 0.1);
  EXPECT_EQ(RegularDuration(plan.scenarios[0]), minutes(1));
  EXPECT_EQ(plan.scenarios[0].start_time, seconds(1));
  EXPECT_EQ(plan.scenarios[0].graceful_stop, seconds(30));
  EXPECT_EQ(plan.scenarios[0].graceful_ramp_down, seconds(30));
  EXPECT_EQ(plan.options.setup_timeout, seconds(60));
  EXPECT_EQ(plan.options.min_iteration_duration, milliseconds(200));
  EXPECT_EQ(plan.thresholds[0].delay_abort_eval, seconds(2));
  EXPECT_EQ(plan.options.time_scale, 0.1);
}

}  // namespace
}  // namespace kload
