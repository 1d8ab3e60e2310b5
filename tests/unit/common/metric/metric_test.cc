#include "common/metric/metric.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"
#include "common/metric/delta.h"

namespace kload {
namespace {

using testing::HasSubstr;

TEST(MetricTable, BuiltinsAreAtTheirIds) {
  const MetricTable table;
  EXPECT_EQ(table.all().size(), Builtin::kCount);
  EXPECT_EQ(table.Get(Builtin::kVus).name, "vus");
  EXPECT_EQ(table.Get(Builtin::kIterationDuration).name, "iteration_duration");
  EXPECT_EQ(table.Get(Builtin::kChecks).type, MetricType::kRate);
  EXPECT_EQ(table.Get(Builtin::kHttpReqDuration),
            (MetricDef{"http_req_duration", MetricType::kTrend, ValueKind::kTime}));
  EXPECT_EQ(table.Get(Builtin::kHttpReqReceiving).name, "http_req_receiving");
  EXPECT_EQ(table.Get(Builtin::kDataReceived).contains, ValueKind::kData);
  EXPECT_EQ(table.Get(Builtin::kHttpReqsInterrupted).name, "http_reqs_interrupted");
}

TEST(MetricTable, DeclaringTheSameAgainGivesTheSameId) {
  MetricTable table;
  const MetricDef def{"errors", MetricType::kRate, ValueKind::kDefault};
  const absl::StatusOr<MetricId> id = table.Declare(def);
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(*id, MetricId{Builtin::kCount});
  EXPECT_EQ(*table.Declare(def), *id);
  EXPECT_EQ(*table.Declare({"http_reqs", MetricType::kCounter, ValueKind::kDefault}),
            MetricId{Builtin::kHttpReqs});
  EXPECT_EQ(table.Find("errors"), &table.Get(*id));
  EXPECT_EQ(table.Find("error"), nullptr);
}

TEST(MetricTable, RefusesAnotherTypeOfTheSameName) {
  MetricTable table;
  const auto declared = table.Declare({"http_reqs", MetricType::kTrend, ValueKind::kTime});
  EXPECT_EQ(declared.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Message(declared.status()), HasSubstr("\"http_reqs\" is a counter"));
}

TEST(MetricTable, RefusesBadNames) {
  MetricTable table;
  for (const std::string& name : {std::string(), std::string("a"), std::string("1a"),
                                  std::string("a-b"), std::string("a b"), std::string(130, 'a')}) {
    EXPECT_EQ(table.Declare({name, MetricType::kRate, ValueKind::kDefault}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
  EXPECT_TRUE(table.Declare({std::string(129, 'a'), MetricType::kRate, {}}).ok());
  EXPECT_TRUE(table.Declare({"_1", MetricType::kRate, {}}).ok());
}

TEST(FindTag, FindsByName) {
  const Tags tags = {{"group", ""}, {"name", "login"}, {"status", "200"}};
  ASSERT_NE(FindTag(tags, "name"), nullptr);
  EXPECT_EQ(*FindTag(tags, "name"), "login");
  EXPECT_EQ(*FindTag(tags, "group"), "");
  EXPECT_EQ(FindTag(tags, "nam"), nullptr);
  EXPECT_EQ(FindTag(tags, "z"), nullptr);
  EXPECT_EQ(FindTag({}, "a"), nullptr);
}

}  // namespace
}  // namespace kload
