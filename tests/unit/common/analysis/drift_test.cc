#include "common/analysis/drift.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/unit/common/analysis/made_result.h"

namespace kload::analysis {
namespace {

TEST(Drift, TheSlopeOfALineIsExact) {
  std::vector<double> hours;
  std::vector<double> values;
  for (int i = 0; i < 20; ++i) {
    hours.push_back(i * 0.1);
    values.push_back(100 + 30 * i * 0.1);
  }
  const auto slope = TheilSen(hours, values, 0.95);
  ASSERT_TRUE(slope);
  EXPECT_NEAR(slope->per_hour, 30, 1e-9);
  EXPECT_FALSE(TheilSen({1, 2, 3}, {1, 2, 3}, 0.95));
}

// One wild value in ten moves the median of slopes little.
TEST(Drift, OutliersDoNotMakeASlope) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  std::vector<double> hours;
  std::vector<double> values;
  for (int i = 0; i < 40; ++i) {
    hours.push_back(i * 0.05);
    values.push_back(100 + normal(random) + (i > 35 ? 500 : 0));
  }
  const auto slope = TheilSen(hours, values, 0.99);
  ASSERT_TRUE(slope);
  EXPECT_LT(slope->interval.low, 0.0);
}

TEST(Drift, NoiseIsNoDrift) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const Result result =
        MakeResult({.seed = seed, .seconds = 300, .requests_per_second = 20, .moment = 0.1});
    for (const Drift& drift : FindDrifts(result)) found += drift.found;
  }
  EXPECT_LE(found, 4);
}

TEST(Drift, AGradualIncreaseIsFound) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Result result =
        MakeResult({.seed = seed, .seconds = 300, .requests_per_second = 20, .moment = 0.05});
    for (ResultPoint& point : result.points) {
      point.p95 *= 1 + 0.4 * std::chrono::duration<double>(point.at).count() / 300;
    }
    const std::vector<Drift> drifts = FindDrifts(result);
    ASSERT_FALSE(drifts.empty());
    EXPECT_EQ(drifts[0].subject, "p95");
    EXPECT_TRUE(drifts[0].found) << seed;
    EXPECT_NEAR(drifts[0].change, 0.33, 0.15);
  }
}

TEST(Drift, TheTargetsMemoryIsWatched) {
  Result result = MakeResult({.seconds = 200, .requests_per_second = 20});
  WatchedSeries memory{.name = "memory_bytes",
                       .expression = "process_resident_memory_bytes",
                       .points = {},
                       .problem = ""};
  for (int i = 1; i <= 200; ++i) memory.points.push_back({std::chrono::seconds(i), 1e8 + 2e5 * i});
  result.watched.push_back(memory);
  const std::vector<Drift> drifts = FindDrifts(result);
  ASSERT_EQ(drifts.size(), 3U);
  EXPECT_TRUE(drifts[2].found);
  EXPECT_NEAR(drifts[2].slope.per_hour, 7.2e8, 1e6);
}

TEST(Drift, ARampHasNoSteadyPart) {
  Result result = MakeResult({.seconds = 100, .requests_per_second = 5});
  for (size_t i = 0; i < result.points.size(); ++i)
    result.points[i].vus = static_cast<int64_t>(i * 10);
  EXPECT_FALSE(FindSteadyPart(result.points));
  EXPECT_TRUE(FindDrifts(result).empty());
}

TEST(Drift, TheSteadyPartLiesBetweenTheRamps) {
  Result result = MakeResult({.seconds = 100, .requests_per_second = 5});
  for (size_t i = 0; i < 10; ++i) {
    result.points[i].vus = static_cast<int64_t>(i * 5);
    result.points[99 - i].vus = static_cast<int64_t>(i * 5);
  }
  const auto part = FindSteadyPart(result.points);
  ASSERT_TRUE(part);
  EXPECT_NEAR(std::chrono::duration<double>(part->from).count(), 11, 1);
  EXPECT_NEAR(std::chrono::duration<double>(part->to).count(), 90, 1);
}

}  // namespace
}  // namespace kload::analysis
