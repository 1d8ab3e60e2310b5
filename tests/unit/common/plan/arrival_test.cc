#include "common/plan/arrival.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

namespace kload {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Scenario Constant(int64_t rate, Nanos time_unit, Nanos duration) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kConstantArrivalRate;
  scenario.rate = rate;
  scenario.time_unit = time_unit;
  scenario.duration = duration;
  scenario.pre_allocated_vus = scenario.max_vus = 10;
  return scenario;
}

Scenario Ramping(int64_t start_rate, std::vector<Stage> stages, Nanos time_unit = seconds(1)) {
  Scenario scenario = Constant(start_rate, time_unit, Nanos(0));
  scenario.executor = ExecutorKind::kRampingArrivalRate;
  scenario.stages = std::move(stages);
  return scenario;
}

std::vector<Nanos> AllOf(const Scenario& scenario) {
  const ArrivalTimes times(scenario);
  std::vector<Nanos> all;
  for (int64_t k = 0; k < times.count(); ++k) all.push_back(times.At(k).value());
  EXPECT_EQ(times.At(times.count()), std::nullopt);
  EXPECT_EQ(times.At(-1), std::nullopt);
  return all;
}

TEST(ArrivalTimesTest, ConstantRateBeginsAtOnceAndEndsBeforeTheEnd) {
  const std::vector<Nanos> all = AllOf(Constant(10, seconds(1), seconds(2)));
  ASSERT_EQ(all.size(), 20u);
  for (size_t k = 0; k < all.size(); ++k) EXPECT_EQ(all[k], milliseconds(100) * k);
}

TEST(ArrivalTimesTest, ThePeriodIsCutToNanoseconds) {
  const std::vector<Nanos> all = AllOf(Constant(3, seconds(1), seconds(1)));
  // 3 x 333,333,333 ns are 1 ns short of a second: there is time for a fourth.
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[2], Nanos(666'666'666));
}

TEST(ArrivalTimesTest, APeriodLongerThanTheScenarioLeavesTheFirstOne) {
  EXPECT_EQ(AllOf(Constant(1, minutes(1), seconds(10))), std::vector<Nanos>{Nanos(0)});
}

TEST(ArrivalTimesTest, TheTimeUnitCounts) {
  const std::vector<Nanos> all = AllOf(Constant(30, minutes(1), seconds(9)));
  EXPECT_EQ(all, (std::vector<Nanos>{seconds(0), seconds(2), seconds(4), seconds(6), seconds(8)}));
}

TEST(ArrivalTimesTest, AFlatRampHasItsFirstAfterOnePeriod) {
  const std::vector<Nanos> all = AllOf(Ramping(4, {{seconds(1), 4}}));
  ASSERT_EQ(all.size(), 4u);
  for (size_t k = 0; k < 3; ++k) EXPECT_EQ(all[k], milliseconds(250) * (k + 1));
  EXPECT_EQ(all[3], seconds(1) - Nanos(1));
}

TEST(ArrivalTimesTest, ARampFollowsTheAreaBelowItsLine) {
  // From 0 to 10 a second in 2 s: the area at t is 2.5 t^2.
  const std::vector<Nanos> all = AllOf(Ramping(0, {{seconds(2), 10}}));
  ASSERT_EQ(all.size(), 10u);
  for (size_t k = 0; k < all.size(); ++k) {
    EXPECT_NEAR(double(all[k].count()), std::sqrt(double(k + 1) / 2.5) * 1e9, 2) << k;
  }
}

TEST(ArrivalTimesTest, FractionsCarryOverToTheNextStage) {
  // 1.5 iterations, a jump, then 1.5 at 3 a second: the second iteration is due 1/6 s into it.
  const std::vector<Nanos> all =
      AllOf(Ramping(1, {{milliseconds(1500), 1}, {Nanos(0), 3}, {milliseconds(500), 3}}));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0], seconds(1));
  EXPECT_NEAR(double(all[1].count()), 1.5e9 + 1e9 / 6, 2);
  EXPECT_EQ(all[2], seconds(2) - Nanos(1));
}

TEST(ArrivalTimesTest, ARateOfZeroHasNone) {
  EXPECT_TRUE(AllOf(Ramping(0, {{seconds(10), 0}})).empty());
  const std::vector<Nanos> all = AllOf(Ramping(
      2, {{seconds(1), 2}, {Nanos(0), 0}, {seconds(5), 0}, {Nanos(0), 2}, {seconds(1), 2}}));
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[1], seconds(1));
  EXPECT_EQ(all[2], milliseconds(6500));
}

class RandomRamps : public testing::TestWithParam<uint32_t> {};

TEST_P(RandomRamps, NeverFallAndFollowTheArea) {
  std::mt19937 random(GetParam());
  std::uniform_int_distribution<int64_t> rate(0, 300);
  std::uniform_int_distribution<int64_t> millis(0, 4000);
  std::vector<Stage> stages;
  for (int i = 0; i < 6; ++i) stages.push_back({milliseconds(millis(random)), rate(random)});
  const Scenario scenario = Ramping(rate(random), stages);
  const std::vector<Nanos> all = AllOf(scenario);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  // The slow oracle: the area at each time, summed up stage by stage.
  for (size_t k = 0; k < all.size(); k += 7) {
    long double area = 0;
    long double from = scenario.rate;
    Nanos left = all[k];
    for (const Stage& stage : stages) {
      const Nanos spent = std::min(left, stage.duration);
      if (stage.duration > Nanos(0)) {
        const long double part = (long double)spent.count() / stage.duration.count();
        const long double now = from + (stage.target - from) * part;
        area += (from + now) / 2 * spent.count() / 1e9L;
      }
      left -= spent;
      if (left == Nanos(0) && spent < stage.duration) break;
      from = stage.target;
    }
    EXPECT_NEAR(double(area), double(k + 1), 2e-5) << all[k].count();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomRamps, testing::Range(0u, 20u));

// Every worker's share, merged, is each iteration once.
class Shares : public testing::TestWithParam<std::tuple<int, int, int>> {};

TEST_P(Shares, AreTheWholeAndInTurn) {
  const auto [agents, workers, vus] = GetParam();
  const int64_t iterations = 5000;
  std::map<int64_t, int> owners;
  const int step = agents * workers;
  for (int first = 0; first < step; ++first) {
    ArrivalShare share(vus, first, step);
    if (share.empty()) {
      EXPECT_GE(first, vus);
      continue;
    }
    int64_t before = -1;
    for (; share.number() < iterations; share.Advance()) {
      ++owners[share.number()];
      EXPECT_GT(share.number(), before);
      // In turn: no owner waits for more than one round of the VUs.
      EXPECT_LE(share.number() - before, vus);
      before = share.number();
    }
  }
  ASSERT_EQ(owners.size(), size_t(iterations));
  for (const auto& [number, count] : owners) ASSERT_EQ(count, 1) << number;
}

INSTANTIATE_TEST_SUITE_P(Clusters, Shares,
                         testing::Combine(testing::Values(1, 2, 3, 7, 100), testing::Values(1, 2),
                                          testing::Values(1, 2, 5, 50, 333)));

}  // namespace
}  // namespace kload
