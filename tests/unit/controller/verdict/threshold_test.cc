#include "controller/verdict/threshold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"

namespace kload::controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = Statistic::Kind;

Expression Parsed(std::string_view text) {
  const absl::StatusOr<Expression> parsed = ParseExpression(text);
  EXPECT_TRUE(parsed.ok()) << Message(parsed.status());
  return parsed.value_or(Expression{});
}

TEST(ParseExpression, ReadsEveryOperator) {
  const std::vector<std::pair<std::string, Comparison>> cases = {
      {"rate<0.01", Comparison::kLess},        {"rate <= 0.01", Comparison::kLessEqual},
      {" rate > 0.01 ", Comparison::kGreater}, {"rate>=0.01", Comparison::kGreaterEqual},
      {"rate==0.01", Comparison::kEqual},      {"rate === 0.01", Comparison::kEqual},
      {"rate != 1e-2", Comparison::kNotEqual}, {"rate<+.01", Comparison::kLess}};
  for (const auto& [text, comparison] : cases) {
    const Expression expression = Parsed(text);
    EXPECT_EQ(expression.comparison, comparison) << text;
    EXPECT_EQ(expression.statistic.kind, Kind::kRate) << text;
    EXPECT_EQ(expression.limit, 0.01) << text;
  }
}

TEST(ParseExpression, ReadsMethods) {
  EXPECT_EQ(Parsed("p(99.9)<200").statistic, (Statistic{Kind::kPercentile, 99.9, "p(99.9)"}));
  EXPECT_EQ(Parsed("p( 95 ) < 200").statistic.percentile, 95);
  EXPECT_EQ(Parsed("med<-3").limit, -3);
  EXPECT_EQ(Parsed("count>0").statistic.kind, Kind::kCount);
  EXPECT_EQ(Parsed("value>0").statistic.kind, Kind::kValue);
}

TEST(ParseExpression, ErrorsSayWhatWasExpectedAndWhere) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "expected an expression such as p(95)<200 at column 1"},
      {"p(95)200", "\"p(95)200\": expected an operator (<, <=, >, >=, ==, ===, !=) at column 6"},
      {"p(95", "at column 5"},
      {"<200", "expected a method such as p(95) or rate at column 1"},
      {"p(95)<200ms", "expected one number without a unit, such as 200 or 0.01, at column 7"},
      {"p(95)<", "expected one number without a unit, such as 200 or 0.01, at column 7"},
      {"rate < 1 && rate > 0", "at column 8"},
      {"rate<inf", "at column 6"},
      {" p95<200", "expected a method at column 2: \"p95\" is none of count, rate,"},
      {"p(101)<200", "\"p(101)\" is not a percentile such as p(95)"},
      {"p()<200", "is not a percentile"}};
  for (const auto& [text, message] : cases) {
    const absl::StatusOr<Expression> parsed = ParseExpression(text);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(Message(parsed.status()), HasSubstr(message)) << text;
  }
}

TEST(ParseSelector, ReadsTags) {
  EXPECT_EQ(*ParseSelector(" http_reqs "), (Selector{"http_reqs", {}}));
  EXPECT_EQ(*ParseSelector("a_b{z:1, name : 'log in' }"),
            (Selector{"a_b", {{"name", "log in"}, {"z", "1"}}}));
  EXPECT_EQ(*ParseSelector("m{url:http://h:80/x?a={b}}"),
            (Selector{"m", {{"url", "http://h:80/x?a={b}"}}}));
  EXPECT_EQ(*ParseSelector("m{name:\"a,b\",k:v}"), (Selector{"m", {{"k", "v"}, {"name", "a,b"}}}));
  EXPECT_EQ(*ParseSelector("m{name:it's,k:'v}"), (Selector{"m", {{"k", "v"}, {"name", "it's"}}}));
  EXPECT_EQ(*ParseSelector("m{group:::a::b}"), (Selector{"m", {{"group", "::a::b"}}}));
  EXPECT_EQ(*ParseSelector("m{group:}"), (Selector{"m", {{"group", ""}}}));
}

TEST(ParseSelector, ErrorsSayWhatWasExpectedAndWhere) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "\"\": expected a metric's name at column 1"},
      {"{a:b}", "expected a metric's name at column 1"},
      {"m{}", "expected tag:value between { and } at column 3"},
      {"m{a:b", "expected a } at the end at column 6"},
      {"m}", "expected a { before the } at column 2"},
      {"m{a:b} x", "expected a } at the end at column 9"},
      {"m{ab}", "expected tag:value at column 3"},
      {"m{a:b,c}", "expected tag:value at column 7"},
      {"m{a:b,}", "expected tag:value at column 7"},
      {"m{ab,c:d}", "expected tag:value at column 3"},
      {"m{:b}", "expected a tag's name before the colon at column 3"},
      {"m{a:b,a:c}", "expected tag \"a\" only once at column 7"}};
  for (const auto& [text, message] : cases) {
    const absl::StatusOr<Selector> parsed = ParseSelector(text);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(Message(parsed.status()), HasSubstr(message)) << text;
  }
}

std::string ErrorOf(const std::string& selector, const std::string& expression) {
  return Message(ParseThresholds({{selector, expression}}, MetricTable()).status());
}

TEST(ParseThresholds, ChecksMetricAndMethod) {
  EXPECT_EQ(ErrorOf("http_req_duration{name:login}", "p(95)<200"), "");
  EXPECT_EQ(ErrorOf("http_reqs", "rate>50"), "");
  EXPECT_EQ(ErrorOf("vus", "value<9"), "");
  EXPECT_EQ(ErrorOf("http_req_failed", "p(95)<200"),
            "thresholds[\"http_req_failed\"]: \"p(95)<200\": a rate has no p(95); its methods are "
            "rate");
  EXPECT_THAT(ErrorOf("http_req_duration", "count>3"),
              HasSubstr("its methods are avg, min, max, med, p(N)"));
  EXPECT_THAT(ErrorOf("http_req_duration", "sum>3"), HasSubstr("a trend has no sum"));
  EXPECT_THAT(ErrorOf("errors", "rate<0.1"), HasSubstr("there is no metric \"errors\""));
  EXPECT_THAT(ErrorOf("http_reqs{", "rate<0.1"), HasSubstr("thresholds[\"http_reqs{\"]: "));
  EXPECT_THAT(ErrorOf("http_reqs", "rate<0.1s"), HasSubstr("without a unit"));
}

TEST(SelectedTags, ListsEachOnceAndSkipsWhatDoesNotParse) {
  EXPECT_THAT(SelectedTags({{"a{url:x,name:y}", ""}, {"b{url:z}", ""}, {"c{", ""}, {"d", ""}}),
              ElementsAre("name", "url"));
  EXPECT_THAT(SelectedTags({}), IsEmpty());
}

TEST(Compute, AnswersZeroWithoutSamples) {
  using std::chrono::seconds;
  for (const MetricType type :
       {MetricType::kCounter, MetricType::kGauge, MetricType::kRate, MetricType::kTrend}) {
    for (const char* word : {"count", "rate", "value", "avg", "min", "max", "med", "sum", "p(9)"}) {
      EXPECT_EQ(Compute(*ParseStatistic(word), MakeSink(type), ValueKind::kTime, seconds(3)), 0);
    }
  }
}

TEST(Compute, ACountersRateIsPerSecond) {
  using std::chrono::milliseconds;
  CounterSink counter;
  counter.Add(30);
  const Statistic rate = *ParseStatistic("rate");
  EXPECT_EQ(Compute(rate, counter, ValueKind::kDefault, milliseconds(1500)), 20);
  EXPECT_EQ(Compute(rate, counter, ValueKind::kDefault, Nanos(0)), 0);
}

}  // namespace
}  // namespace kload::controller
