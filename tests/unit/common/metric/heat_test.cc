#include "common/metric/heat.h"

#include <gtest/gtest.h>

#include <numeric>

namespace kload {
namespace {

TEST(Heat, AnEdgeBelongsToTheBucketThatItEnds) {
  for (size_t i = 0; i < kHeatBuckets; ++i) {
    EXPECT_EQ(HeatBucket(HeatUpperEdge(i)), i);
    EXPECT_EQ(HeatBucket(HeatUpperEdge(i) * 1.001), std::min(i + 1, kHeatBuckets - 1));
  }
  EXPECT_EQ(HeatBucket(0), 0U);
  EXPECT_EQ(HeatBucket(1e12), kHeatBuckets - 1);
}

TEST(Heat, EverySampleIsInOneBucket) {
  TrendSink times;
  for (int i = 0; i < 1000; ++i) times.Add(i * i * 0.05, ValueKind::kTime);
  const std::vector<uint64_t> heat = HeatOf(times);
  EXPECT_EQ(std::accumulate(heat.begin(), heat.end(), uint64_t{0}), 1000U);
  EXPECT_GT(heat.back(), 0U);
  EXPECT_TRUE(HeatOf({}).empty());
}

}  // namespace
}  // namespace kload
