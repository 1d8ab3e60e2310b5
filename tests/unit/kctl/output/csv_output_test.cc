#include "kctl/output/csv_output.h"

#include <gtest/gtest.h>

#include "tests/unit/kctl/output/fixture.h"

namespace kload::kctl {
namespace {

class CsvOutputTest : public OutputTest {};

TEST_F(CsvOutputTest, ColumnsAreK6s) {
  CsvOutput output(Open("out.csv"), TimeFormat::kUnix, std::chrono::seconds(1));
  output.Begin({.system_tags = {"status", "method", "name", "group", "vu", "error"}});
  output.Add(Example());
  EXPECT_TRUE(output.Finish().ok());
  EXPECT_EQ(
      Read("out.csv"),
      "metric_name,timestamp,metric_value,error,group,method,name,status,extra_tags,metadata\n"
      "http_reqs,1785578400,1.000000,,,GET,\"http://a,b\",200,\"mine=a\"\"b\",vu=7\n"
      "http_req_duration,1785578400,12.345679,,,GET,\"http://a,b\",200,\"mine=a\"\"b\",vu=7\n"
      "vus,1785578401,20.000000,,,,,,,\n");
}

TEST_F(CsvOutputTest, TheHeaderIsWrittenWithoutSamples) {
  CsvOutput output(Open("out.csv"), TimeFormat::kUnix, std::chrono::seconds(1));
  output.Begin({.system_tags = {"status"}});
  EXPECT_TRUE(output.Finish().ok());
  EXPECT_EQ(Read("out.csv"), "metric_name,timestamp,metric_value,status,extra_tags,metadata\n");
}

TEST_F(CsvOutputTest, SeveralExtraTagsAreJoined) {
  SampleBatchBuilder builder;
  builder.Add({"n", MetricType::kCounter, ValueKind::kDefault}, 2, {{"a", "1"}, {"b", "2"}}, kAt);
  CsvOutput output(Open("out.csv"), TimeFormat::kRfc3339, std::chrono::seconds(1));
  output.Begin({});
  output.Add(builder.Take());
  EXPECT_TRUE(output.Finish().ok());
  EXPECT_TRUE(Read("out.csv").ends_with("n,2026-08-01T10:00:00Z,2.000000,a=1&b=2,\n"));
}

TEST(CsvField, IsQuotedOnlyWhereItMustBe) {
  EXPECT_EQ(CsvField("plain text"), "plain text");
  EXPECT_EQ(CsvField(""), "");
  EXPECT_EQ(CsvField(" x"), "\" x\"");
  EXPECT_EQ(CsvField("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvField("a\nb"), "\"a\nb\"");
  EXPECT_EQ(CsvField("say \"a\""), "\"say \"\"a\"\"\"");
}

}  // namespace
}  // namespace kload::kctl
