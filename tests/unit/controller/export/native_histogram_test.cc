#include "controller/export/native_histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

namespace kload::controller {
namespace {

using testing::ElementsAre;

// Index -> count, read as Prometheus does.
std::map<int32_t, int64_t> Buckets(
    const google::protobuf::RepeatedPtrField<remote_write::BucketSpan>& spans,
    const google::protobuf::RepeatedField<int64_t>& deltas) {
  std::map<int32_t, int64_t> buckets;
  int32_t index = 0;
  int next = 0;
  int64_t count = 0;
  for (const auto& span : spans) {
    index += span.offset();
    for (uint32_t i = 0; i < span.length(); ++i) {
      count += deltas.Get(next++);
      buckets[index++] = count;
    }
  }
  EXPECT_EQ(next, deltas.size());
  return buckets;
}

remote_write::Histogram Fill(const std::vector<double>& values, ValueKind kind) {
  TrendSink trend;
  for (const double value : values) trend.Add(value, kind);
  remote_write::Histogram histogram;
  FillNativeHistogram(trend, kind, histogram);
  return histogram;
}

TEST(NativeHistogram, SpansAreRunsOfNeighbours) {
  // Buckets of schema 3 end at 2^(i/8): 1 is in bucket 0, 1.05 in 1, 1.15 in 2, 4 in 16.
  const auto histogram = Fill({1, 1, 1, 1.05, 1.15, 1.15, 4, 0}, ValueKind::kDefault);
  EXPECT_EQ(histogram.schema(), 3);
  EXPECT_EQ(histogram.count_int(), 8u);
  EXPECT_EQ(histogram.zero_count_int(), 1u);
  ASSERT_EQ(histogram.positive_spans_size(), 2);
  EXPECT_EQ(histogram.positive_spans(0).offset(), 0);
  EXPECT_EQ(histogram.positive_spans(0).length(), 3u);
  EXPECT_EQ(histogram.positive_spans(1).offset(), 13);
  EXPECT_EQ(histogram.positive_spans(1).length(), 1u);
  EXPECT_THAT(histogram.positive_deltas(), ElementsAre(3, -2, 1, -1));
  EXPECT_EQ(histogram.negative_spans_size(), 0);
}

TEST(NativeHistogram, TimesAreSeconds) {
  const auto histogram = Fill({500, 2000}, ValueKind::kTime);
  EXPECT_DOUBLE_EQ(histogram.sum(), 2.5);
  const auto buckets = Buckets(histogram.positive_spans(), histogram.positive_deltas());
  EXPECT_THAT(buckets, ElementsAre(testing::Pair(-8, 1), testing::Pair(8, 1)));
}

TEST(NativeHistogram, EverySampleIsInItsBucket) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> values(0, 4);
  std::vector<double> samples;
  std::map<int32_t, int64_t> positive;
  std::map<int32_t, int64_t> negative;
  for (int i = 0; i < 5000; ++i) {
    const double value = values(random);
    const auto index = static_cast<int32_t>(std::ceil(std::log2(value) * 8));
    samples.push_back(i % 3 == 0 ? -value : value);
    ++(i % 3 == 0 ? negative : positive)[index];
  }
  const auto histogram = Fill(samples, ValueKind::kDefault);
  EXPECT_EQ(Buckets(histogram.positive_spans(), histogram.positive_deltas()), positive);
  EXPECT_EQ(Buckets(histogram.negative_spans(), histogram.negative_deltas()), negative);
}

}  // namespace
}  // namespace kload::controller
