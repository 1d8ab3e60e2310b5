#include "common/metric/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace kload {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr double kMaxDouble = std::numeric_limits<double>::max();
constexpr double kMinNormal = std::numeric_limits<double>::min();
constexpr double kMinSubnormal = std::numeric_limits<double>::denorm_min();

std::vector<std::pair<int32_t, uint64_t>> Buckets(const BucketArray& array) {
  std::vector<std::pair<int32_t, uint64_t>> buckets;
  array.ForEach([&](int32_t index, uint64_t count) { buckets.emplace_back(index, count); });
  return buckets;
}

TEST(BucketIndex, PowersOfTwoAreUpperEdges) {
  for (int exponent = -1074; exponent <= 1023; ++exponent) {
    const double edge = std::ldexp(1.0, exponent);
    EXPECT_EQ(BucketIndex(edge), exponent * 512) << exponent;
    EXPECT_EQ(BucketUpperEdge(exponent * 512), edge) << exponent;
    if (exponent < -1021) continue;  // neighbours of subnormal numbers are far away
    EXPECT_EQ(BucketIndex(std::nextafter(edge, kMaxDouble)), exponent * 512 + 1) << exponent;
    EXPECT_EQ(BucketIndex(std::nextafter(edge, 0)), exponent * 512) << exponent;
  }
}

TEST(BucketIndex, EveryEdgeIsInclusive) {
  for (int32_t index = -20 * 512; index <= 20 * 512; ++index) {
    const double edge = BucketUpperEdge(index);
    EXPECT_EQ(BucketIndex(edge), index);
    EXPECT_EQ(BucketIndex(std::nextafter(edge, kMaxDouble)), index + 1);
    EXPECT_NEAR(std::log2(edge) * 512, index, 1e-9);
  }
}

TEST(BucketIndex, CoversAllFiniteNumbers) {
  EXPECT_EQ(BucketIndex(kMaxDouble), kBucketIndexMax);
  EXPECT_EQ(BucketUpperEdge(kBucketIndexMax), kMaxDouble);
  EXPECT_EQ(BucketIndex(kMinNormal), -1022 * 512);
  EXPECT_EQ(BucketIndex(kMinSubnormal), kBucketIndexMin);
  EXPECT_EQ(BucketIndex(3 * kMinSubnormal), -1074 * 512 + BucketIndex(3));
}

TEST(BucketIndex, FollowsTheLogarithmForRandomNumbers) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> exponent(-1021, 1023);
  for (int i = 0; i < 200'000; ++i) {
    const double value = std::exp2(exponent(random));
    const int32_t index = BucketIndex(value);
    ASSERT_LE(value, BucketUpperEdge(index));
    ASSERT_GT(value, BucketUpperEdge(index - 1));
  }
}

TEST(BucketArray, KeepsRisingOrder) {
  BucketArray array;
  for (const int32_t index : {700, -3, 64, 63, -64, -65, 700}) array.Add(index, 2);
  EXPECT_THAT(Buckets(array), ElementsAre(Pair(-65, 2), Pair(-64, 2), Pair(-3, 2), Pair(63, 2),
                                          Pair(64, 2), Pair(700, 4)));
  EXPECT_EQ(array.total(), 14u);
}

TEST(BucketArray, ClearForgetsCountsAndCanBeUsedAgain) {
  BucketArray array;
  array.Add(5, 1);
  array.Add(500, 1);
  array.Clear();
  EXPECT_TRUE(array.empty());
  EXPECT_THAT(Buckets(array), ElementsAre());
  array.Add(500, 3);
  EXPECT_THAT(Buckets(array), ElementsAre(Pair(500, 3)));
}

TEST(BucketArray, MovedFromIsEmpty) {
  BucketArray array;
  array.Add(5, 1);
  const BucketArray other = std::move(array);
  EXPECT_THAT(Buckets(other), ElementsAre(Pair(5, 1)));
  array = BucketArray();
  array.Add(6, 1);
  EXPECT_THAT(Buckets(array), ElementsAre(Pair(6, 1)));
}

TEST(Histogram, OrdersNegativeZeroAndPositive) {
  Histogram histogram;
  for (const double value : {4.0, -4.0, 0.0, -1.0, 1.0, -0.0}) EXPECT_TRUE(histogram.Add(value));
  EXPECT_EQ(histogram.count(), 6u);
  EXPECT_EQ(histogram.zero_count(), 2u);
  const std::vector<double> expected = {-4, -1, 0, 0, 1, 4};
  for (uint64_t rank = 0; rank < 6; ++rank) {
    EXPECT_NEAR(histogram.ValueAtRank(rank), expected[rank], std::abs(expected[rank]) * 0.00068);
  }
}

TEST(Histogram, RefusesWhatIsNotFinite) {
  Histogram histogram;
  EXPECT_FALSE(histogram.Add(std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(histogram.Add(-std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(histogram.Add(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_EQ(histogram.count(), 0u);
}

TEST(Histogram, HoldsTheExtremesOfDouble) {
  Histogram histogram;
  histogram.Add(kMaxDouble);
  histogram.Add(kMinSubnormal);
  EXPECT_NEAR(histogram.ValueAtRank(1) / kMaxDouble, 1, 0.00068);
  EXPECT_EQ(histogram.ValueAtRank(0), kMinSubnormal);
}

TEST(Histogram, DecodesWhatForEachGave) {
  Histogram histogram;
  for (int i = -50; i < 50; ++i) histogram.Add(i * 0.37);
  Histogram copy;
  histogram.positive().ForEach([&](int32_t i, uint64_t n) { copy.AddBucket(i, n, false); });
  histogram.negative().ForEach([&](int32_t i, uint64_t n) { copy.AddBucket(i, n, true); });
  copy.AddZero(histogram.zero_count());
  ASSERT_EQ(copy.count(), histogram.count());
  for (uint64_t rank = 0; rank < copy.count(); ++rank) {
    EXPECT_EQ(copy.ValueAtRank(rank), histogram.ValueAtRank(rank));
  }
}

class HistogramProperty : public testing::TestWithParam<unsigned> {};

TEST_P(HistogramProperty, EveryRankIsWithinTheStatedError) {
  std::mt19937_64 random(GetParam());
  std::lognormal_distribution<double> size(0, 0.1 + GetParam() % 7);
  std::vector<double> values(1 + random() % 3000);
  Histogram histogram;
  for (double& value : values) {
    value = size(random) * (random() % 3 == 0 ? -1 : 1);
    histogram.Add(value);
  }
  std::sort(values.begin(), values.end());
  for (uint64_t rank = 0; rank < values.size(); ++rank) {
    ASSERT_NEAR(histogram.ValueAtRank(rank), values[rank], std::abs(values[rank]) * 0.00068);
  }
}

TEST_P(HistogramProperty, MergingDoesNotDependOnOrderOrSplit) {
  std::mt19937_64 random(GetParam());
  std::lognormal_distribution<double> size(0, 3);
  std::vector<Histogram> parts(2 + random() % 7);
  Histogram whole;
  for (int i = 0; i < 3000; ++i) {
    const double value = random() % 20 == 0 ? 0 : size(random) * (random() % 5 == 0 ? -1 : 1);
    whole.Add(value);
    parts[random() % parts.size()].Add(value);
  }
  Histogram left_to_right;
  for (const Histogram& part : parts) left_to_right.Merge(part);
  std::shuffle(parts.begin(), parts.end(), random);
  while (parts.size() > 1) {  // pairs, from the right: another grouping
    parts[random() % (parts.size() - 1)].Merge(parts.back());
    parts.pop_back();
  }
  for (const Histogram* merged : {&left_to_right, &parts[0]}) {
    EXPECT_EQ(merged->count(), whole.count());
    EXPECT_EQ(merged->zero_count(), whole.zero_count());
    EXPECT_EQ(Buckets(merged->positive()), Buckets(whole.positive()));
    EXPECT_EQ(Buckets(merged->negative()), Buckets(whole.negative()));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, HistogramProperty, testing::Range(1u, 25u));

}  // namespace
}  // namespace kload
