#include "common/plan/timeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <random>

namespace kload {

void PrintTo(const Step& step, std::ostream* out) { *out << step.at.count() << "ns:" << step.vus; }

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Scenario Ramping(int64_t start_vus, std::vector<Stage> stages) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kRampingVus;
  scenario.start_vus = start_vus;
  scenario.stages = std::move(stages);
  return scenario;
}

// The stages that the k6 behaviour sheet works through.
Scenario WorkedExample() {
  return Ramping(4, {{seconds(2), 6},
                     {seconds(5), 1},
                     {seconds(4), 5},
                     {seconds(4), 1},
                     {seconds(3), 4},
                     {seconds(2), 4},
                     {seconds(0), 1},
                     {seconds(3), 1}});
}

Scenario Baseline() {
  return Ramping(1, {{minutes(2), 10}, {minutes(5), 50}, {minutes(2), 50}, {minutes(1), 0}});
}

std::vector<Step> InSeconds(std::vector<std::pair<int, int64_t>> steps) {
  std::vector<Step> result;
  for (const auto& [at, vus] : steps) result.push_back({seconds(at), vus});
  return result;
}

// When the plan first has `vus` VUs.
Nanos FirstWith(const std::vector<Step>& steps, int64_t vus) {
  for (const Step& step : steps) {
    if (step.vus >= vus) return step.at;
  }
  return Nanos::max();
}

TEST(TimelineTest, PlansTheWorkedExample) {
  EXPECT_EQ(PlannedSteps(WorkedExample()),
            InSeconds({{0, 4},  {1, 5},  {2, 6},  {3, 5},  {4, 4},  {5, 3},  {6, 2},
                       {7, 1},  {8, 2},  {9, 3},  {10, 4}, {11, 5}, {12, 4}, {13, 3},
                       {14, 2}, {15, 1}, {16, 2}, {17, 3}, {18, 4}, {20, 1}, {23, 0}}));
}

TEST(TimelineTest, ReservesTheWorkedExample) {
  EXPECT_EQ(ReservedSteps(WorkedExample()),
            InSeconds({{0, 4}, {1, 5}, {2, 6}, {33, 5}, {42, 4}, {50, 1}, {53, 0}}));
}

TEST(TimelineTest, WithoutGracefulRampDownOnlyTheEndIsReserved) {
  Scenario scenario = Ramping(3, {{seconds(2), 1}, {seconds(1), 1}});
  scenario.graceful_ramp_down = seconds(0);
  scenario.graceful_stop = seconds(5);
  EXPECT_EQ(ReservedSteps(scenario), InSeconds({{0, 3}, {1, 2}, {2, 1}, {8, 0}}));
}

TEST(TimelineTest, GracefulStopCutsOffGracefulRampDown) {
  Scenario scenario = Ramping(3, {{seconds(2), 1}, {seconds(1), 1}});
  scenario.graceful_stop = seconds(0);
  EXPECT_EQ(ReservedSteps(scenario), InSeconds({{0, 3}, {3, 0}}));
}

TEST(TimelineTest, BaselineOfTheGuide) {
  const std::vector<Step> steps = PlannedSteps(Baseline());
  EXPECT_EQ(FirstWith(steps, 1), seconds(0));
  // 120 s * 8 / 9 = 106.666666666 s before the stage's end.
  EXPECT_EQ(FirstWith(steps, 2), Nanos(13'333'333'334));
  EXPECT_EQ(FirstWith(steps, 10), seconds(120));
  EXPECT_EQ(FirstWith(steps, 11), milliseconds(127'500));
  EXPECT_EQ(FirstWith(steps, 50), seconds(420));
  const auto drop = std::find_if(steps.begin(), steps.end(),
                                 [](const Step& step) { return step.at > seconds(420); });
  ASSERT_NE(drop, steps.end());
  EXPECT_EQ(*drop, (Step{milliseconds(541'200), 49}));
  EXPECT_EQ(steps.back(), (Step{seconds(600), 0}));
  EXPECT_EQ(VusAt(steps, seconds(600) - Nanos(1)), 1);
}

TEST(TimelineTest, SpikeOfTheGuideReachesItsPeakAtTheStagesEnd) {
  const std::vector<Step> steps =
      PlannedSteps(Ramping(1, {{minutes(1), 10}, {seconds(30), 300}, {minutes(3), 300}}));
  EXPECT_EQ(VusAt(steps, seconds(90) - Nanos(1)), 299);
  EXPECT_EQ(VusAt(steps, seconds(90)), 300);
}

TEST(TimelineTest, StageWithoutDurationJumps) {
  EXPECT_EQ(PlannedSteps(
                Ramping(1, {{seconds(0), 5}, {seconds(2), 5}, {seconds(0), 2}, {seconds(1), 2}})),
            InSeconds({{0, 5}, {2, 2}, {3, 0}}));
}

TEST(TimelineTest, PlanThatReachesZeroEarlyEndsThere) {
  EXPECT_EQ(PlannedSteps(Ramping(0, {{seconds(1), 1}, {seconds(1), 0}, {seconds(10), 0}})),
            InSeconds({{0, 0}, {1, 1}, {2, 0}}));
}

TEST(TimelineTest, HugeStagesDoNotOverflow) {
  const Nanos day = std::chrono::hours(24);
  const std::vector<Step> steps = PlannedSteps(Ramping(0, {{day, 1'000'000}}));
  EXPECT_EQ(VusAt(steps, day / 2), 500'000);
  EXPECT_EQ(steps[1].at, day / 1'000'000);
}

TEST(TimelineTest, ConstantVusAndIterations) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kConstantVus;
  scenario.vus = 100;
  scenario.duration = minutes(5);
  EXPECT_EQ(PlannedSteps(scenario), InSeconds({{0, 100}, {300, 0}}));
  EXPECT_EQ(ReservedSteps(scenario), InSeconds({{0, 100}, {330, 0}}));
  scenario.executor = ExecutorKind::kSharedIterations;
  EXPECT_EQ(PlannedSteps(scenario), InSeconds({{0, 100}, {600, 0}}));
  scenario.executor = ExecutorKind::kPerVuIterations;
  EXPECT_EQ(ReservedSteps(scenario), InSeconds({{0, 100}, {630, 0}}));
}

TEST(TimelineTest, VusAtReadsSteps) {
  const std::vector<Step> steps = InSeconds({{0, 4}, {2, 6}, {5, 0}});
  EXPECT_EQ(VusAt(steps, Nanos(-1)), 0);
  EXPECT_EQ(VusAt(steps, Nanos(0)), 4);
  EXPECT_EQ(VusAt(steps, seconds(2) - Nanos(1)), 4);
  EXPECT_EQ(VusAt(steps, seconds(2)), 6);
  EXPECT_EQ(VusAt(steps, seconds(9)), 0);
  EXPECT_EQ(VusAt({}, seconds(9)), 0);
}

// Oracle: the definition of "kept for the graceful ramp-down", instant by instant.
TEST(TimelineProperty, ReservedIsTheMaximumOverTheGracefulRampDown) {
  std::mt19937 random(20240811);
  for (int round = 0; round < 100; ++round) {
    std::vector<Stage> stages;
    for (int i = 0; i < 5; ++i) stages.push_back({seconds(random() % 4), int64_t(random() % 6)});
    stages.push_back({seconds(1), 3});
    stages.push_back({seconds(1), 3});
    Scenario scenario = Ramping(random() % 4, stages);
    scenario.graceful_ramp_down = milliseconds(random() % 3000);
    scenario.graceful_stop = milliseconds(random() % 5000);
    const Nanos regular = RegularDuration(scenario);
    std::vector<Step> planned = PlannedSteps(scenario);
    planned.pop_back();  // the forced end: VUs are then kept for the graceful stop
    const std::vector<Step> reserved = ReservedSteps(scenario);
    for (Nanos at{0}; at < regular + seconds(6); at += milliseconds(7)) {
      int64_t want = VusAt(planned, at);
      for (size_t i = 0; i < planned.size(); ++i) {
        const bool last = i + 1 == planned.size();
        const bool begun = planned[i].at <= at;
        const bool kept = last || at < planned[i + 1].at + scenario.graceful_ramp_down;
        if (begun && kept) want = std::max(want, planned[i].vus);
      }
      if (at >= regular + scenario.graceful_stop) want = 0;
      ASSERT_EQ(VusAt(reserved, at), want) << "round " << round << " at " << at.count() << " ns";
    }
  }
}

TEST(TimelineProperty, StepsRiseAndDiffer) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Stage> stages;
    for (int i = 0; i < 6; ++i) stages.push_back({Nanos(random() % 50), int64_t(random() % 40)});
    const Scenario scenario = Ramping(random() % 40, stages);
    for (const std::vector<Step>& steps : {PlannedSteps(scenario), ReservedSteps(scenario)}) {
      ASSERT_FALSE(steps.empty());
      ASSERT_EQ(steps.front().at, Nanos(0));
      ASSERT_EQ(steps.back().vus, 0);
      for (size_t i = 1; i < steps.size(); ++i) {
        ASSERT_LT(steps[i - 1].at, steps[i].at);
        ASSERT_NE(steps[i - 1].vus, steps[i].vus);
      }
    }
  }
}

}  // namespace
}  // namespace kload
