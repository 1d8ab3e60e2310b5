#include "kctl/artillery_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kload::kctl {
namespace {

using Json = nlohmann::json;

MetricSummary Counter(const std::string& name, const std::string& parent, double count) {
  return {.name = name,
          .parent = parent,
          .type = MetricType::kCounter,
          .contains = ValueKind::kDefault,
          .values = {{"count", count}, {"rate", count / 10}},
          .thresholds = {}};
}

MetricSummary Trend(const std::string& name, const std::string& parent) {
  return {
      .name = name,
      .parent = parent,
      .type = MetricType::kTrend,
      .contains = ValueKind::kTime,
      .values = {{"min", 1}, {"max", 9.26}, {"avg", 4}, {"med", 3}, {"p(95)", 8}, {"count", 20}},
      .thresholds = {}};
}

RunSummary SomeSummary() {
  RunSummary summary;
  summary.duration = std::chrono::seconds(10);
  summary.started_unix = std::chrono::seconds(1'000'000);
  summary.metrics = {
      Counter("vusers_created", "", 10),
      Counter("http_reqs", "", 20),
      Counter("http_reqs{name:/a,status:200}", "http_reqs", 12),
      Counter("http_reqs{name:/b/{{ id }},status:200}", "http_reqs", 7),
      Counter("http_reqs{name:/b/{{ id }},status:0}", "http_reqs", 1),
      Counter("artillery_counter{metric:errors.ECONNREFUSED}", "artillery_counter", 1),
      Counter("artillery_rate{metric:orders}", "artillery_rate", 52),
      Trend("http_req_duration", ""),
      Trend("http_req_duration{name:/a}", "http_req_duration"),
      Trend("artillery_histogram{metric:checkout}", "artillery_histogram")};
  return summary;
}

TEST(ArtilleryReportTest, AggregateHasArtillerysNames) {
  const Json report = Json::parse(ArtilleryReportJson(SomeSummary(), {}));
  const Json& aggregate = report["aggregate"];
  EXPECT_EQ(aggregate["counters"],
            Json::parse(R"({"vusers.created": 10, "http.requests": 20, "http.responses": 19,
                            "http.codes.200": 19, "errors.ECONNREFUSED": 1,
                            "plugins.metrics-by-endpoint./a.codes.200": 12,
                            "plugins.metrics-by-endpoint./b/{{ id }}.codes.200": 7})"));
  EXPECT_EQ(aggregate["rates"], Json::parse(R"({"http.request_rate": 2, "orders": 5})"));
  EXPECT_EQ(aggregate["summaries"]["http.response_time"],
            Json::parse(R"({"min": 1.0, "max": 9.3, "count": 20, "mean": 4.0, "p50": 3.0,
                            "median": 3.0, "p95": 8.0})"));
  EXPECT_TRUE(aggregate["summaries"].contains("checkout"));
  EXPECT_TRUE(aggregate["summaries"].contains("plugins.metrics-by-endpoint.response_time./a"));
  EXPECT_EQ(aggregate["histograms"], aggregate["summaries"]);
  EXPECT_EQ(aggregate["firstMetricAt"], 1'000'000'000);
  EXPECT_EQ(aggregate["lastMetricAt"], 1'000'010'000);
  EXPECT_EQ(report["intermediate"], Json::array());
}

TEST(ArtilleryReportTest, EachSecondIsAPeriod) {
  RunSummary summary = SomeSummary();
  summary.notes.push_back({.at = std::chrono::seconds(2),
                           .unix_time = std::chrono::seconds(1'000'005),
                           .kind = "phase",
                           .agent = "",
                           .text = ""});
  v1::GetRunResponse history;
  for (int second = 1; second <= 2; ++second) {
    v1::SeriesPoint& point = *history.add_points();
    point.set_at_ns(second * 1'000'000'000LL);
    point.set_length_ns(1'000'000'000);
    point.set_requests(second == 1 ? 30 : 0);
    point.set_p95_ms(12.5);
  }
  const Json report = Json::parse(ArtilleryReportJson(summary, history));
  ASSERT_EQ(report["intermediate"].size(), 2U);
  const Json& first = report["intermediate"][0];
  EXPECT_EQ(first["counters"]["http.requests"], 30);
  EXPECT_EQ(first["rates"]["http.request_rate"], 30);
  EXPECT_EQ(first["summaries"]["http.response_time"]["p95"], 12.5);
  EXPECT_EQ(first["firstCounterAt"], 1'000'003'000);
  EXPECT_EQ(first["period"], 1'000'003'000);
  EXPECT_EQ(report["intermediate"][1]["summaries"], Json::object());
  EXPECT_EQ(report["aggregate"]["lastCounterAt"], 1'000'005'000);
}

}  // namespace
}  // namespace kload::kctl
