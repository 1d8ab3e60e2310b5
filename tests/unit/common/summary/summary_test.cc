// What users see at the end: number formats, both layouts against golden files, the export's shape.
#include "common/summary/summary.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/summary/format.h"

namespace kload {
namespace {

TEST(FormatTime, ChoosesItsUnitAndTruncates) {
  EXPECT_EQ(FormatTime(0, ""), "0s");
  EXPECT_EQ(FormatTime(0.0005, ""), "500ns");
  EXPECT_EQ(FormatTime(0.5678, ""), "567.79µs");
  EXPECT_EQ(FormatTime(12, ""), "12ms");
  EXPECT_EQ(FormatTime(178.129, ""), "178.12ms");
  EXPECT_EQ(FormatTime(999.999, ""), "999.99ms");
  EXPECT_EQ(FormatTime(12345, ""), "12.34s");
  EXPECT_EQ(FormatTime(59999, ""), "59.99s");
  EXPECT_EQ(FormatTime(60001, ""), "1m0s");
  EXPECT_EQ(FormatTime(61999, ""), "1m1s");
  EXPECT_EQ(FormatTime(3600000, ""), "1h0m0s");
  EXPECT_EQ(FormatTime(3725000, ""), "1h2m5s");
}

TEST(FormatTime, RoundsInAFixedUnit) {
  EXPECT_EQ(FormatTime(1234.567, "s"), "1.23s");
  EXPECT_EQ(FormatTime(1234.567, "ms"), "1234.57ms");
  EXPECT_EQ(FormatTime(1234.567, "us"), "1234567.00µs");
}

TEST(FormatBytes, CountsInThousands) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(9.5), "9.5 B");
  EXPECT_EQ(FormatBytes(999), "999 B");
  EXPECT_EQ(FormatBytes(1000), "1.0 kB");
  EXPECT_EQ(FormatBytes(9999), "10 kB");
  EXPECT_EQ(FormatBytes(99949), "100 kB");
  EXPECT_EQ(FormatBytes(999999), "1000 kB");
  EXPECT_EQ(FormatBytes(4.5e7), "45 MB");
}

TEST(FormatRatio, TruncatesToTwoDecimals) {
  EXPECT_EQ(FormatRatio(0.99999), "99.99%");
  EXPECT_EQ(FormatRatio(0.57), "56.99%");  // as k6: the product's float error shows
  EXPECT_EQ(FormatRatio(1), "100.00%");
}

TEST(FormatNumber, KeepsSixDecimals) {
  EXPECT_EQ(FormatNumber(1.23456789), "1.234568");
  EXPECT_EQ(FormatNumber(1e-7), "0");
  EXPECT_EQ(FormatNumber(15000), "15000");
}

MetricSummary Trend(std::string name, ValueKind kind, std::vector<double> values) {
  static const char* const kStats[] = {"avg", "min", "med", "max", "p(90)", "p(95)"};
  MetricSummary metric{.name = std::move(name),
                       .parent = "",
                       .type = MetricType::kTrend,
                       .contains = kind,
                       .values = {},
                       .thresholds = {}};
  for (size_t i = 0; i < values.size(); ++i) metric.values[kStats[i]] = values[i];
  return metric;
}

MetricSummary Metric(std::string name, MetricType type, std::map<std::string, double> values,
                     ValueKind kind = ValueKind::kDefault) {
  return {.name = std::move(name),
          .parent = "",
          .type = type,
          .contains = kind,
          .values = std::move(values),
          .thresholds = {}};
}

RunSummary Sample() {
  RunSummary summary;
  summary.duration = std::chrono::seconds(300);
  summary.trend_stats = {"avg", "min", "med", "max", "p(90)", "p(95)"};
  summary.metrics.push_back(
      Trend("http_req_duration", ValueKind::kTime, {89.5, 12, 78, 450, 145, 178.129}));
  summary.metrics.back().thresholds = {{"p(95)<200", true, "p(95)", 178.129},
                                       {"p(99)<250", false, "p(99)", 300.5}};
  summary.metrics.push_back(Trend("http_req_duration{expected_response:true}", ValueKind::kTime,
                                  {89.5, 12, 78, 450, 145, 178.129}));
  summary.metrics.back().parent = "http_req_duration";
  summary.metrics.push_back(
      Metric("http_req_duration{name:login}", MetricType::kTrend, {}, ValueKind::kTime));
  summary.metrics.back().parent = "http_req_duration";
  summary.metrics.back().thresholds = {{"avg<100", true, "avg", 89.5}};
  summary.metrics.push_back(Metric("http_req_failed", MetricType::kRate,
                                   {{"rate", 19.0 / 15000}, {"passes", 19}, {"fails", 14981}}));
  summary.metrics.back().thresholds = {{"rate<0.01", true, "rate", 19.0 / 15000}};
  summary.metrics.push_back(
      Trend("dashboard_duration", ValueKind::kDefault, {89.5, 12, 78, 450, 145, 178.1234567}));
  summary.metrics.push_back(Metric("errors", MetricType::kRate,
                                   {{"rate", 18.0 / 15000}, {"passes", 18}, {"fails", 14982}}));
  summary.metrics.push_back(
      Trend("http_req_waiting", ValueKind::kTime, {89.2, 11, 77, 449, 144, 177}));
  summary.metrics.push_back(
      Metric("http_reqs", MetricType::kCounter, {{"count", 15000}, {"rate", 49.987654}}));
  summary.metrics.push_back(
      Trend("iteration_duration", ValueKind::kTime, {10200, 10100, 10190, 65000, 10300, 3725000}));
  summary.metrics.push_back(
      Metric("iterations", MetricType::kCounter, {{"count", 1500}, {"rate", 5}}));
  summary.metrics.push_back(
      Metric("vus", MetricType::kGauge, {{"value", 50}, {"min", 10}, {"max", 50}}));
  summary.metrics.push_back(
      Metric("vus_max", MetricType::kGauge, {{"value", 50}, {"min", 50}, {"max", 50}}));
  summary.metrics.push_back(Metric("data_received", MetricType::kCounter,
                                   {{"count", 4.5e7}, {"rate", 150000}}, ValueKind::kData));
  summary.metrics.push_back(Metric("data_sent", MetricType::kCounter,
                                   {{"count", 5.2e6}, {"rate", 17000}}, ValueKind::kData));
  summary.metrics.push_back(Metric("checks", MetricType::kRate,
                                   {{"rate", 14981.0 / 15000}, {"passes", 14981}, {"fails", 19}}));
  summary.root_group.checks = {{"health check status 200", "::health check status 200", 12000, 0},
                               {"controls under 200ms", "::controls under 200ms", 2981, 19}};
  return summary;
}

void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = std::string(KLOAD_GOLDEN_DIR) + "/" + name;
  if (std::getenv("KLOAD_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream file(path);
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(text, expected.str()) << "differs from " << path
                                  << "; KLOAD_UPDATE_GOLDEN=1 rewrites it";
}

TEST(RenderSummary, Compact) {
  ExpectGolden("compact.txt", RenderSummary(Sample(), SummaryMode::kCompact, false));
}
TEST(RenderSummary, Full) {
  ExpectGolden("full.txt", RenderSummary(Sample(), SummaryMode::kFull, false));
}

TEST(RenderSummary, FullShowsGroupsAndScenarios) {
  RunSummary summary = Sample();
  summary.metrics.clear();
  summary.root_group.checks.clear();
  const auto requests = [](double count) {
    return std::vector<MetricSummary>{
        Metric("group_duration", MetricType::kTrend, {{"avg", 1}}, ValueKind::kTime),
        Trend("http_req_waiting", ValueKind::kTime, {89.2, 11, 77, 449, 144, 177}),
        Metric("http_reqs", MetricType::kCounter, {{"count", count}, {"rate", count / 300}})};
  };
  GroupSummary setup{.name = "setup", .path = "::setup", .groups = {}, .checks = {}};
  setup.metrics = requests(1);
  GroupSummary shop{.name = "shop",
                    .path = "::shop",
                    .groups = {},
                    .checks = {{"in stock", "::shop::in stock", 5, 1}}};
  shop.metrics = requests(600);
  GroupSummary cart{.name = "cart", .path = "::shop::cart", .groups = {}, .checks = {}};
  cart.metrics = requests(300);
  shop.groups = {cart};
  summary.root_group.groups = {setup, shop};
  GroupSummary buy{.name = "buy", .path = "", .groups = {shop}, .checks = {}};
  buy.metrics = requests(900);
  GroupSummary usual = buy;
  usual.name = "default";
  summary.scenarios = {buy, usual};
  ExpectGolden("full_parts.txt", RenderSummary(summary, SummaryMode::kFull, false));
  EXPECT_EQ(RenderSummary(summary, SummaryMode::kCompact, false).find("GROUP"), std::string::npos);
}

TEST(RenderSummary, Legacy) {
  ExpectGolden("legacy.txt", RenderSummary(Sample(), SummaryMode::kLegacy, false));
}

TEST(RenderSummary, ClusterComesLast) {
  RunSummary summary = Sample();
  summary.agents = {{.name = "a1",
                     .deltas = 300,
                     .requests = 7500,
                     .cpu_ratio_max = 0.21,
                     .loop_lag_max = std::chrono::microseconds(1200)},
                    {.name = "a2",
                     .lost = true,
                     .lost_at = std::chrono::seconds(41),
                     .deltas = 41,
                     .requests = 900}};
  summary.warnings = {"agent a2 was lost at 41s: its share of the load is missing from then on"};
  const std::string alone = RenderSummary(Sample(), SummaryMode::kCompact, false);
  const std::string text = RenderSummary(summary, SummaryMode::kCompact, false);
  ASSERT_TRUE(text.starts_with(alone));
  ExpectGolden("cluster.txt", text.substr(alone.size()));
}

TEST(RenderSummary, DisabledIsEmpty) {
  EXPECT_EQ(RenderSummary(Sample(), SummaryMode::kDisabled, false), "");
}

TEST(SummaryExport, HasK6Shape) {
  const auto json = nlohmann::json::parse(SummaryExportJson(Sample()));
  EXPECT_EQ(json["root_group"]["id"], "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(json["root_group"]["checks"]["controls under 200ms"]["fails"], 19);
  EXPECT_EQ(json["metrics"]["http_reqs"]["count"], 15000);
  EXPECT_DOUBLE_EQ(json["metrics"]["http_req_failed"]["value"], 19.0 / 15000);
  EXPECT_EQ(json["metrics"]["http_req_duration"]["thresholds"]["p(95)<200"], false);
  EXPECT_EQ(json["metrics"]["http_req_duration"]["thresholds"]["p(99)<250"], true);
}

}  // namespace
}  // namespace kload
