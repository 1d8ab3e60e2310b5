#include "common/metric/sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace kload {
namespace {

using std::chrono::seconds;

// k6's own rule on the raw samples.
double ExactQuantile(const std::vector<double>& sorted, double p) {
  if (sorted.empty()) return 0;
  const double r = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(r);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (sorted[below + 1] - sorted[below]) * (r - static_cast<double>(below));
}

TEST(TrendSink, WithoutSamplesEverythingIsZero) {
  const TrendSink sink;
  EXPECT_EQ(sink.Quantile(0.95, ValueKind::kTime), 0);
  EXPECT_EQ(sink.average(), 0);
  EXPECT_TRUE(IsEmpty(sink));
}

TEST(TrendSink, OneSampleIsEveryQuantile) {
  TrendSink sink;
  sink.Add(123.456, ValueKind::kTime);
  for (const double p : {0.0, 0.5, 0.95, 1.0}) {
    EXPECT_EQ(sink.Quantile(p, ValueKind::kTime), 123.456);
  }
}

TEST(TrendSink, ExtremesAreExact) {
  TrendSink sink;
  for (const double value : {3.3, 1.1, 2.2, 7.7, 5.5}) sink.Add(value, ValueKind::kDefault);
  EXPECT_EQ(sink.Quantile(0, ValueKind::kDefault), 1.1);
  EXPECT_EQ(sink.Quantile(1, ValueKind::kDefault), 7.7);
  EXPECT_NEAR(sink.average(), 3.96, 1e-9);
}

TEST(TrendSink, TimeIsHeldInSeconds) {
  TrendSink sink;
  sink.Add(1000, ValueKind::kTime);
  sink.histogram.positive().ForEach([](int32_t index, uint64_t) { EXPECT_EQ(index, 0); });
}

TEST(TrendSink, IgnoresWhatIsNotFinite) {
  TrendSink sink;
  sink.Add(std::numeric_limits<double>::quiet_NaN(), ValueKind::kTime);
  sink.Add(std::numeric_limits<double>::infinity(), ValueKind::kTime);
  EXPECT_TRUE(IsEmpty(sink));
  EXPECT_EQ(sink.sum, FixedSum());
}

class TrendProperty : public testing::TestWithParam<unsigned> {};

TEST_P(TrendProperty, QuantilesAreWithinTheStatedError) {
  std::mt19937_64 random(GetParam());
  std::lognormal_distribution<double> size(3, 0.2 + GetParam() % 5);
  const ValueKind kind = GetParam() % 2 == 0 ? ValueKind::kTime : ValueKind::kDefault;
  std::vector<double> values(1 + random() % 2000);
  TrendSink sink;
  for (double& value : values) {
    value = random() % 50 == 0 ? 0 : size(random);
    sink.Add(value, kind);
  }
  std::sort(values.begin(), values.end());
  for (double p = 0; p <= 1; p += 0.001) {
    const double exact = ExactQuantile(values, p);
    ASSERT_NEAR(sink.Quantile(p, kind), exact, exact * 0.00068) << "p = " << p;
  }
}

TEST_P(TrendProperty, MergingPartsEqualsAddingAll) {
  std::mt19937_64 random(GetParam());
  std::lognormal_distribution<double> size(3, 2);
  std::vector<TrendSink> parts(2 + random() % 5);
  TrendSink whole;
  for (int i = 0; i < 1000; ++i) {
    const double value = size(random);
    whole.Add(value, ValueKind::kTime);
    parts[random() % parts.size()].Add(value, ValueKind::kTime);
  }
  TrendSink merged;
  for (const TrendSink& part : parts) merged.Merge(part);
  EXPECT_EQ(merged.count(), whole.count());
  EXPECT_EQ(merged.sum, whole.sum);
  EXPECT_EQ(merged.min, whole.min);
  EXPECT_EQ(merged.max, whole.max);
  for (const double p : {0.01, 0.5, 0.9, 0.999}) {
    EXPECT_EQ(merged.Quantile(p, ValueKind::kTime), whole.Quantile(p, ValueKind::kTime));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TrendProperty, testing::Range(1u, 25u));

TEST(GaugeSink, TheLatestTimeIsTheLastValue) {
  GaugeSink a;
  a.Add(5, seconds(1));
  a.Add(2, seconds(3));
  GaugeSink b;
  b.Add(9, seconds(2));
  for (const auto& [first, second] : {std::pair(a, b), std::pair(b, a)}) {
    GaugeSink merged = first;
    merged.Merge(second);
    EXPECT_EQ(merged.last, 2);
    EXPECT_EQ(merged.min, 2);
    EXPECT_EQ(merged.max, 9);
  }
}

TEST(GaugeSink, SetupSamplesBeforeTheStartCount) {
  GaugeSink sink;
  sink.Add(4, -seconds(2));
  EXPECT_FALSE(IsEmpty(sink));
  EXPECT_EQ(sink.last, 4);
}

TEST(GaugeSink, MergingAnEmptyOneChangesNothing) {
  GaugeSink sink;
  sink.Add(-4, seconds(2));
  sink.Merge(GaugeSink{});
  EXPECT_EQ(sink.last, -4);
  GaugeSink empty;
  empty.Merge(sink);
  EXPECT_EQ(empty.last, -4);
}

TEST(RateSink, CountsNonZeroValues) {
  RateSink sink;
  EXPECT_EQ(sink.rate(), 0);
  for (const double value : {0.0, 1.0, 2.0, 0.0}) sink.Add(value);
  EXPECT_EQ(sink.total, 4u);
  EXPECT_EQ(sink.nonzero, 2u);
  EXPECT_EQ(sink.rate(), 0.5);
}

TEST(Sink, TypesSurviveMakingMergingAndClearing) {
  for (const MetricType type :
       {MetricType::kCounter, MetricType::kGauge, MetricType::kRate, MetricType::kTrend}) {
    Sink sink = MakeSink(type);
    EXPECT_EQ(TypeOf(sink), type);
    EXPECT_TRUE(IsEmpty(sink));
    Sink one = MakeSink(type);
    if (auto* counter = std::get_if<CounterSink>(&one)) counter->Add(0);
    if (auto* gauge = std::get_if<GaugeSink>(&one)) gauge->Add(0, seconds(1));
    if (auto* rate = std::get_if<RateSink>(&one)) rate->Add(0);
    if (auto* trend = std::get_if<TrendSink>(&one)) trend->Add(0, ValueKind::kDefault);
    MergeSink(sink, one);
    EXPECT_FALSE(IsEmpty(sink));
    ClearSink(sink);
    EXPECT_EQ(TypeOf(sink), type);
    EXPECT_TRUE(IsEmpty(sink));
  }
}

}  // namespace
}  // namespace kload
