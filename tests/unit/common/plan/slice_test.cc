#include "common/plan/slice.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ostream>
#include <random>
#include <set>

#include "common/plan/timeline.h"

namespace kload {

void PrintTo(const ActiveInterval& interval, std::ostream* out) {
  *out << "[" << interval.begin.count() << ", " << interval.end.count() << ") ns";
}

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Scenario Ramping(int64_t start_vus, std::vector<Stage> stages, int64_t first_vu = 0) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kRampingVus;
  scenario.start_vus = start_vus;
  scenario.stages = std::move(stages);
  scenario.first_vu = first_vu;
  return scenario;
}

Scenario WorkedExample(int64_t first_vu = 0) {
  return Ramping(4,
                 {{seconds(2), 6},
                  {seconds(5), 1},
                  {seconds(4), 5},
                  {seconds(4), 1},
                  {seconds(3), 4},
                  {seconds(2), 4},
                  {seconds(0), 1},
                  {seconds(3), 1}},
                 first_vu);
}

int64_t ActiveAt(const std::vector<VuSchedule>& schedules, Nanos at) {
  int64_t count = 0;
  for (const VuSchedule& schedule : schedules) {
    for (const ActiveInterval& interval : schedule.active) {
      count += interval.begin <= at && at < interval.end;
    }
  }
  return count;
}

TEST(SliceTest, SharesAddUpAndOneMoreVuChangesOneSlice) {
  for (uint32_t count : {1u, 2u, 3u, 7u, 100u}) {
    std::vector<int64_t> before(count, 0);
    for (int64_t total = 0; total < 250; ++total) {
      int64_t sum = 0;
      int changed = 0;
      for (uint32_t i = 0; i < count; ++i) {
        const int64_t share = ShareOf(total, {i, count});
        sum += share;
        changed += share != before[i];
        before[i] = share;
      }
      ASSERT_EQ(sum, total);
      ASSERT_EQ(changed, total == 0 ? 0 : 1);
    }
  }
}

TEST(SliceTest, OwnsEveryNthVu) {
  EXPECT_TRUE(Owns({1, 3}, 1));
  EXPECT_TRUE(Owns({1, 3}, 4));
  EXPECT_FALSE(Owns({1, 3}, 3));
}

TEST(SliceTest, BaselineOnTwoAgents) {
  const Scenario baseline =
      Ramping(1, {{minutes(2), 10}, {minutes(5), 50}, {minutes(2), 50}, {minutes(1), 0}});
  const std::vector<VuSchedule> first = SchedulesOf(baseline, {0, 2});
  const std::vector<VuSchedule> second = SchedulesOf(baseline, {1, 2});
  ASSERT_EQ(first.size(), 25u);
  ASSERT_EQ(second.size(), 25u);
  EXPECT_EQ(first[0].vu, 0);
  EXPECT_EQ(first[0].active, (std::vector<ActiveInterval>{{seconds(0), seconds(600)}}));
  EXPECT_EQ(first[1].vu, 2);
  EXPECT_EQ(first[1].active[0].begin, Nanos(26'666'666'667));
  EXPECT_EQ(second[0].active[0].begin, Nanos(13'333'333'334));
  EXPECT_EQ(second[1].active[0].begin, seconds(40));
  // VU 50 is the last to come and the first to go.
  EXPECT_EQ(second[24].vu, 49);
  EXPECT_EQ(second[24].active,
            (std::vector<ActiveInterval>{{seconds(420), milliseconds(541'200)}}));
}

TEST(SliceTest, ThirdsOfTheWorkedExample) {
  const auto changes = [](uint32_t index, std::vector<int> times) {
    std::vector<int64_t> counts;
    const std::vector<VuSchedule> schedules = SchedulesOf(WorkedExample(), {index, 3});
    for (int at : times) counts.push_back(ActiveAt(schedules, seconds(at)));
    return counts;
  };
  EXPECT_EQ(changes(0, {0, 4, 5, 9, 10, 12, 13}), (std::vector<int64_t>{2, 2, 1, 1, 2, 2, 1}));
  EXPECT_EQ(changes(1, {0, 1, 3, 4, 6, 7, 8}), (std::vector<int64_t>{1, 2, 2, 1, 1, 0, 1}));
  EXPECT_EQ(changes(2, {0, 2, 3, 5, 6, 8, 9}), (std::vector<int64_t>{1, 2, 1, 1, 0, 0, 1}));
}

TEST(SliceTest, VuComesBackWhenThePlanRisesAgain) {
  const std::vector<VuSchedule> schedules = SchedulesOf(WorkedExample(), {0, 1});
  ASSERT_EQ(schedules.size(), 6u);
  EXPECT_EQ(schedules[5].active, (std::vector<ActiveInterval>{{seconds(2), seconds(3)}}));
  EXPECT_EQ(schedules[4].active,
            (std::vector<ActiveInterval>{{seconds(1), seconds(4)}, {seconds(11), seconds(12)}}));
  EXPECT_EQ(schedules[0].active, (std::vector<ActiveInterval>{{seconds(0), seconds(23)}}));
}

TEST(SliceTest, VuThatNeverRunsIsLeftOut) {
  // VU 10 would start at the very end.
  EXPECT_EQ(SchedulesOf(Ramping(1, {{seconds(9), 10}}), {0, 1}).size(), 9u);
}

TEST(SliceTest, MoreAgentsThanVus) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kConstantVus;
  scenario.vus = 2;
  scenario.duration = seconds(1);
  EXPECT_EQ(SchedulesOf(scenario, {1, 100}).size(), 1u);
  EXPECT_TRUE(SchedulesOf(scenario, {2, 100}).empty());
}

// At every instant at which anything can change, and just before, the slices add up to the plan.
TEST(SliceProperty, SlicesAddUpToThePlanAtEveryInstant) {
  std::mt19937 random(42);
  for (int round = 0; round < 40; ++round) {
    std::vector<Stage> stages;
    for (int i = 0; i < 5; ++i) {
      stages.push_back({milliseconds(random() % 3000), int64_t(random() % 40)});
    }
    const Scenario scenario =
        round == 0 ? WorkedExample(5) : Ramping(random() % 20, stages, random() % 50);
    const std::vector<Step> steps = PlannedSteps(scenario);
    for (uint32_t count : {1u, 2u, 3u, 7u, 100u}) {
      std::vector<VuSchedule> all;
      std::set<int64_t> seen;
      for (uint32_t index = 0; index < count; ++index) {
        for (VuSchedule& schedule : SchedulesOf(scenario, {index, count})) {
          ASSERT_TRUE(Owns({index, count}, schedule.vu));
          ASSERT_TRUE(seen.insert(schedule.vu).second);
          ASSERT_FALSE(schedule.active.empty());
          for (size_t i = 0; i < schedule.active.size(); ++i) {
            ASSERT_LT(schedule.active[i].begin, schedule.active[i].end);
            if (i == 0) continue;
            ASSERT_LT(schedule.active[i - 1].end, schedule.active[i].begin);
          }
          all.push_back(std::move(schedule));
        }
      }
      for (const Step& step : steps) {
        ASSERT_EQ(ActiveAt(all, step.at), step.vus);
        ASSERT_EQ(ActiveAt(all, step.at - Nanos(1)), VusAt(steps, step.at - Nanos(1)));
      }
    }
  }
}

TEST(SliceTest, IterationBudgets) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kSharedIterations;
  scenario.vus = 7;
  scenario.iterations = 100;
  int64_t sum = 0;
  for (int64_t vu = 0; vu < scenario.vus; ++vu) sum += IterationBudget(scenario, vu);
  EXPECT_EQ(sum, 100);
  EXPECT_EQ(IterationBudget(scenario, 0), 15);
  EXPECT_EQ(IterationBudget(scenario, 6), 14);
  scenario.executor = ExecutorKind::kPerVuIterations;
  EXPECT_EQ(IterationBudget(scenario, 6), 100);
}

}  // namespace
}  // namespace kload
