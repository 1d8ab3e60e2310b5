#include "common/metric/sample_batch.h"

#include <gtest/gtest.h>

namespace kload {
namespace {

const MetricDef kReqs{"http_reqs", MetricType::kCounter, ValueKind::kDefault};
const MetricDef kDuration{"http_req_duration", MetricType::kTrend, ValueKind::kTime};

TEST(SampleBatchBuilder, NamesEachMetricAndSetOfTagsOnce) {
  SampleBatchBuilder builder;
  const Tags a = {{"status", "200"}, {"url", "http://a/"}};
  const Tags b = {{"status", "404"}};
  builder.Add(kReqs, 1, a, Nanos(5));
  builder.Add(kDuration, 2.5, a, Nanos(5));
  builder.Add(kReqs, 1, b, Nanos(7));
  builder.Add(kReqs, 1, a, Nanos(9));
  const SampleBatch batch = builder.Take();
  EXPECT_EQ(batch.metrics, (std::vector<MetricDef>{kReqs, kDuration}));
  EXPECT_EQ(batch.tag_sets, (std::vector<Tags>{a, b}));
  EXPECT_EQ(
      batch.points,
      (std::vector<SamplePoint>{
          {0, 0, Nanos(5), 1}, {1, 0, Nanos(5), 2.5}, {0, 1, Nanos(7), 1}, {0, 0, Nanos(9), 1}}));
}

TEST(SampleBatchBuilder, BatchesAreIndependent) {
  SampleBatchBuilder builder;
  builder.Add(kDuration, 1, {{"a", "1"}}, Nanos(1));
  EXPECT_FALSE(builder.empty());
  builder.Take();
  EXPECT_TRUE(builder.empty());
  builder.Add(kReqs, 1, {{"b", "2"}}, Nanos(2));
  const SampleBatch batch = builder.Take();
  EXPECT_EQ(batch.metrics, (std::vector<MetricDef>{kReqs}));
  EXPECT_EQ(batch.tag_sets, (std::vector<Tags>{{{"b", "2"}}}));
  EXPECT_EQ(batch.points, (std::vector<SamplePoint>{{0, 0, Nanos(2), 1}}));
}

TEST(SampleBatchBuilder, IsFullByPointsOrByBytesOfTags) {
  SampleBatchBuilder by_points;
  for (size_t i = 0; i < SampleBatchBuilder::kPointsMax; ++i) {
    EXPECT_FALSE(by_points.full());
    by_points.Add(kReqs, 1, {}, Nanos(1));
  }
  EXPECT_TRUE(by_points.full());
  SampleBatchBuilder by_bytes;
  by_bytes.Add(kReqs, 1, {{"url", std::string(SampleBatchBuilder::kTagBytesMax, 'x')}}, Nanos(1));
  EXPECT_TRUE(by_bytes.full());
  by_bytes.Take();
  EXPECT_FALSE(by_bytes.full());
}

}  // namespace
}  // namespace kload
