#include "common/analysis/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace kload::analysis {
namespace {

TEST(Statistics, QuantilesOfTheNormalAndStudentsDistribution) {
  // Tables of the distributions.
  EXPECT_NEAR(NormalQuantile(0.975), 1.959963985, 1e-7);
  EXPECT_NEAR(NormalQuantile(0.995), 2.575829304, 1e-7);
  EXPECT_NEAR(NormalQuantile(0.01), -2.326347874, 1e-7);
  EXPECT_NEAR(NormalQuantile(0.5), 0, 1e-9);
  EXPECT_NEAR(StudentQuantile(0.975, 8), 2.306, 0.006);
  EXPECT_NEAR(StudentQuantile(0.995, 23), 2.807, 0.006);
  EXPECT_NEAR(StudentQuantile(0.975, 1000), 1.9623, 0.001);
}

// A 95 % interval holds the truth in 95 % of all cases.
TEST(Statistics, IntervalsOfQuantilesHoldTheTruth) {
  std::mt19937_64 random(7);
  std::exponential_distribution<double> times(1.0 / 50);
  const double truth = 50 * std::log(20.0);
  int held = 0;
  constexpr int kTrials = 1000;
  for (int trial = 0; trial < kTrials; ++trial) {
    TrendSink samples;
    for (int i = 0; i < 400; ++i) samples.Add(times(random), ValueKind::kTime);
    const Estimate p95 = QuantileEstimate(samples, ValueKind::kTime, 0.95, 1.96, 1);
    held += p95.interval.low <= truth && truth <= p95.interval.high;
  }
  EXPECT_GE(held, 930);
  EXPECT_LE(held, 990);
}

TEST(Statistics, TooFewSamplesHaveNoUpperBound) {
  TrendSink samples;
  for (int i = 1; i <= 50; ++i) samples.Add(i, ValueKind::kTime);
  const Estimate p99 = QuantileEstimate(samples, ValueKind::kTime, 0.99, 1.96, 1);
  EXPECT_TRUE(std::isinf(p99.interval.high));
  EXPECT_TRUE(std::isinf(QuantileEstimate({}, ValueKind::kTime, 0.5, 1.96, 1).interval.low));
}

TEST(Statistics, SharesNeverLeaveTheirBounds) {
  const Estimate none = ShareEstimate(0, 500, 1.96, 1);
  EXPECT_EQ(none.interval.low, 0);
  // "Rule of three": 3 / n.
  EXPECT_NEAR(none.interval.high, 3.84 / 503.84, 1e-4);
  EXPECT_GT(ShareEstimate(5, 500, 1.96, 4).interval.high,
            ShareEstimate(5, 500, 1.96, 1).interval.high);
}

TEST(Statistics, MedianAndMean) {
  EXPECT_EQ(Median({}), 0);
  EXPECT_EQ(Median({3, 1, 2}), 2);
  EXPECT_EQ(Median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(Mean({1, 2, 6}), 3);
}

}  // namespace
}  // namespace kload::analysis
