#include "common/wire/sample_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <ostream>

#include "common/base/status.h"

namespace kload::wire {
namespace {

SampleBatch Example() {
  SampleBatchBuilder builder;
  const Tags tags = {{"method", "GET"}, {"name", "GET"}, {"status", "200"}};
  builder.Add({"http_reqs", MetricType::kCounter, ValueKind::kDefault}, 1, tags, Nanos(1'000));
  builder.Add({"http_req_duration", MetricType::kTrend, ValueKind::kTime}, 12.25, tags,
              Nanos(1'000));
  builder.Add({"checks", MetricType::kRate, ValueKind::kDefault}, 0, {}, Nanos(900));
  return builder.Take();
}

TEST(SampleWire, ComesBackAsItWas) {
  const SampleBatch batch = Example();
  const absl::StatusOr<SampleBatch> decoded = DecodeSamples(EncodeSamples(batch));
  ASSERT_TRUE(decoded.ok()) << Message(decoded.status());
  EXPECT_EQ(decoded->metrics, batch.metrics);
  EXPECT_EQ(decoded->tag_sets, batch.tag_sets);
  EXPECT_EQ(decoded->points, batch.points);
}

TEST(SampleWire, TextsAreSentOnceAndTimesAsDifferences) {
  const v1::SampleBatch message = EncodeSamples(Example());
  EXPECT_THAT(message.texts(), testing::ElementsAre("method", "GET", "name", "status", "200"));
  EXPECT_EQ(message.base_ns(), 1'000);
  EXPECT_THAT(message.at_ns(), testing::ElementsAre(0, 0, -100));
}

TEST(SampleWire, AnotherBaseMovesAllPoints) {
  v1::SampleBatch message = EncodeSamples(Example());
  message.set_base_ns(message.base_ns() + 1'000'000);
  const absl::StatusOr<SampleBatch> decoded = DecodeSamples(message);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->points[0].at, Nanos(1'001'000));
  EXPECT_EQ(decoded->points[2].at, Nanos(1'000'900));
}

TEST(SampleWire, AnEmptyBatchIsFine) {
  const absl::StatusOr<SampleBatch> decoded = DecodeSamples(EncodeSamples({}));
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(decoded->points.empty());
}

struct Refused {
  const char* name;
  void (*spoil)(v1::SampleBatch&);
  const char* word;
};
// How the test is listed.
void PrintTo(const Refused& each, std::ostream* out) { *out << each.name; }

class SampleWireRefuses : public testing::TestWithParam<Refused> {};

TEST_P(SampleWireRefuses, WhatReadersRelyOn) {
  v1::SampleBatch message = EncodeSamples(Example());
  GetParam().spoil(message);
  const absl::Status status = DecodeSamples(message).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(Message(status), testing::HasSubstr(GetParam().word));
}

INSTANTIATE_TEST_SUITE_P(
    All, SampleWireRefuses,
    testing::Values(
        Refused{"Metric", [](v1::SampleBatch& m) { m.set_metric(0, 3); }, "metric 3 of 3"},
        Refused{"Tags", [](v1::SampleBatch& m) { m.set_tags(0, 2); }, "tags 2 of 2"},
        Refused{"Text", [](v1::SampleBatch& m) { m.mutable_tag_sets(0)->set_texts(0, 9); },
                "text 9 of 5"},
        Refused{"HalfATag", [](v1::SampleBatch& m) { m.mutable_tag_sets(0)->add_texts(0); },
                "without a value"},
        Refused{"Unsorted", [](v1::SampleBatch& m) { m.mutable_tag_sets(0)->set_texts(0, 3); },
                "not sorted"},
        Refused{"Columns", [](v1::SampleBatch& m) { m.add_value(1); }, "4 values with 3 metrics"},
        Refused{"Infinite",
                [](v1::SampleBatch& m) { m.set_value(1, std::numeric_limits<double>::infinity()); },
                "not finite"},
        Refused{"NoName", [](v1::SampleBatch& m) { m.mutable_metrics(0)->set_name(""); },
                "without a name"},
        Refused{
            "Type",
            [](v1::SampleBatch& m) { m.mutable_metrics(0)->set_type(v1::METRIC_TYPE_UNSPECIFIED); },
            "type"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace kload::wire
