#include "controller/watch/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/base/status.h"

namespace kload::watch {
namespace {

using testing::HasSubstr;

bool All(std::string_view) { return true; }

std::vector<ExposedSample> Parsed(std::string_view page) {
  const auto samples = ParseExposition(page, All);
  EXPECT_TRUE(samples.ok()) << samples.status();
  return samples.ok() ? *samples : std::vector<ExposedSample>();
}

std::string ErrorOf(std::string_view page) { return Message(ParseExposition(page, All).status()); }

TEST(Exposition, TheFormatsOwnExample) {
  const auto samples = Parsed(
      "# HELP http_requests_total The total number of HTTP requests.\n"
      "# TYPE http_requests_total counter\n"
      "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
      "http_requests_total{method=\"post\",code=\"400\"}    3 1395066363000\n\n"
      "# Escaping in label values:\n"
      "msdos_file_access_time_seconds{path=\"C:\\\\DIR\\\\FILE.TXT\",error=\"Cannot find "
      "file:\\n\\\"FILE.TXT\\\"\"} 1.458255915e9\n"
      "metric_without_timestamp_and_labels 12.47\n"
      "something_weird{problem=\"division by zero\"} +Inf -3982045\n"
      "rpc_duration_seconds{quantile=\"0.01\"} 3102\n"
      "rpc_duration_seconds_sum 1.7560473e+07\n");
  ASSERT_EQ(samples.size(), 7u);
  EXPECT_EQ(samples[0].labels, (Labels{{"code", "200"}, {"method", "post"}}));
  EXPECT_EQ(samples[0].value, 1027);
  EXPECT_EQ(samples[1].value, 3);
  EXPECT_EQ(samples[2].labels.at("path"), "C:\\DIR\\FILE.TXT");
  EXPECT_EQ(samples[2].labels.at("error"), "Cannot find file:\n\"FILE.TXT\"");
  EXPECT_EQ(samples[3].name, "metric_without_timestamp_and_labels");
  EXPECT_DOUBLE_EQ(samples[3].value, 12.47);
  EXPECT_TRUE(std::isinf(samples[4].value));
  EXPECT_EQ(samples[5].labels.at("quantile"), "0.01");
  EXPECT_EQ(samples[6].value, 1.7560473e7);
}

TEST(Exposition, OpenMetricsEndsAtEofAndMayHaveExemplars) {
  const auto samples = Parsed(
      "foo_bucket{le=\"0.1\"} 8 # {trace_id=\"a b\"} 0.054\r\n"
      "foo_bucket{le=\"+Inf\"} 17 1520879607.789 # {} 9.8 1520879607.789\n"
      "nan_one NaN\n"
      "# EOF\n"
      "this is not read\n");
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[1].value, 17);
  EXPECT_TRUE(std::isnan(samples[2].value));
}

TEST(Exposition, BlanksAndTrailingCommas) {
  const auto samples = Parsed("  a { x = \"1\" , y=\"\", }\t-0.5  \nb{} 1\nc:d_e\t2");
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[0].labels, (Labels{{"x", "1"}, {"y", ""}}));
  EXPECT_EQ(samples[0].value, -0.5);
  EXPECT_EQ(samples[2].name, "c:d_e");
}

TEST(Exposition, ErrorsNameTheLineAndWhatWasExpected) {
  EXPECT_EQ(ErrorOf("a 1\n<!DOCTYPE html>\n"),
            "line 2: expected the name of a metric, found \"<!DOCTYPE html>\"");
  EXPECT_EQ(ErrorOf("{\"status\":\"ok\"}"),
            "line 1: expected the name of a metric, found \"{\"status\":\"ok\"}\"");
  EXPECT_EQ(ErrorOf("ok"),
            "line 1: expected a number after the metric's name and labels, found the line's end");
  EXPECT_THAT(ErrorOf("a b"), HasSubstr("expected a number"));
  EXPECT_THAT(ErrorOf("a 1 x"), HasSubstr("expected a timestamp, found \"x\""));
  EXPECT_THAT(ErrorOf("a 1 2 3"), HasSubstr("expected the line's end"));
  EXPECT_THAT(ErrorOf("a{b} 1"), HasSubstr("expected = after a label's name"));
  EXPECT_THAT(ErrorOf("a{b=c} 1"), HasSubstr("in double quotes"));
  EXPECT_THAT(ErrorOf("a{b=\"c} 1"), HasSubstr("closing quote"));
  EXPECT_THAT(ErrorOf("a{b=\"\\x\"} 1"), HasSubstr("after a backslash"));
  EXPECT_THAT(ErrorOf("a{b=\"1\",b=\"2\"} 1"), HasSubstr("once only"));
  EXPECT_THAT(ErrorOf("a{b=\"1\" c=\"2\"} 1"), HasSubstr(", or }"));
  EXPECT_THAT(ErrorOf("a 0x10"), HasSubstr("expected a number"));
  EXPECT_THAT(ErrorOf("a +-1"), HasSubstr("expected a number"));
}

TEST(Exposition, WhatIsNotWantedIsCheckedButNotKept) {
  const auto wanted = [](std::string_view name) { return name == "b"; };
  const auto samples = ParseExposition("a 1\nb 2\nab 3\n", wanted);
  ASSERT_TRUE(samples.ok());
  ASSERT_EQ(samples->size(), 1u);
  EXPECT_EQ(samples->front().value, 2);
  EXPECT_FALSE(ParseExposition("a one\nb 2\n", wanted).ok());
}

TEST(Exposition, PagesAreBounded) {
  std::string page;
  for (size_t i = 0; i < kSamplesMax; ++i) page += "a 1\n";
  const auto none = [](std::string_view) { return false; };
  EXPECT_TRUE(ParseExposition(page, none).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ParseExposition(page, All).status()));
  page += "a 1\n";
  EXPECT_TRUE(absl::IsResourceExhausted(ParseExposition(page, none).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(
      ParseExposition(std::string(kPageBytesMax + 1, '\n'), none).status()));
}

TEST(Exposition, FloatsBeyondADouble) {
  double value = 0;
  EXPECT_TRUE(ParseFloat("1e999", value));
  EXPECT_EQ(value, HUGE_VAL);
  EXPECT_TRUE(ParseFloat("-1e999", value));
  EXPECT_EQ(value, -HUGE_VAL);
  EXPECT_TRUE(ParseFloat("1e-999", value));
  EXPECT_EQ(value, 0);
  EXPECT_FALSE(ParseFloat("", value));
  EXPECT_FALSE(ParseFloat("1.5s", value));
}

}  // namespace
}  // namespace kload::watch
