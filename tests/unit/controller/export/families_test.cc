// What Prometheus sees: names, units, labels and buckets, against a golden page.
#include "controller/export/families.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace kload::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const MetricDef kReqs{"http_reqs", MetricType::kCounter, ValueKind::kDefault};
const MetricDef kDuration{"http_req_duration", MetricType::kTrend, ValueKind::kTime};
const MetricDef kBlocked{"http_req_blocked", MetricType::kTrend, ValueKind::kTime};
const MetricDef kFailed{"http_req_failed", MetricType::kRate, ValueKind::kDefault};
const MetricDef kBasket{"basket_size", MetricType::kTrend, ValueKind::kDefault};
const MetricDef kVus{"vus", MetricType::kGauge, ValueKind::kDefault};

SeriesDelta Counted(const MetricDef& def, Tags tags, double value) {
  CounterSink sink;
  sink.Add(value);
  return {std::make_shared<const SeriesKey>(SeriesKey{def, std::move(tags)}), sink};
}

SeriesDelta Trend(const MetricDef& def, Tags tags, const std::vector<double>& values) {
  TrendSink sink;
  for (const double value : values) sink.Add(value, def.contains);
  return {std::make_shared<const SeriesKey>(SeriesKey{def, std::move(tags)}), std::move(sink)};
}

SeriesDelta Rate(const MetricDef& def, Tags tags, uint64_t total, uint64_t nonzero) {
  RateSink sink;
  sink.total = total;
  sink.nonzero = nonzero;
  return {std::make_shared<const SeriesKey>(SeriesKey{def, std::move(tags)}), sink};
}

ClusterSeries SeriesOf(std::vector<SeriesDelta> series) {
  ClusterSeries merged;
  Delta delta;
  delta.series = std::move(series);
  EXPECT_TRUE(merged.Add(delta).ok());
  return merged;
}

std::string Text(const Families& families) {
  return prometheus::TextSerializer().Serialize(families);
}

RunFigures R1(const ClusterSeries& series) {
  RunFigures run;
  run.id = "r1";
  run.series = &series;
  return run;
}

std::string RunText(const ClusterSeries& series, size_t samples_max = kExportedSamplesMax) {
  return Text(CollectRunFamilies({R1(series)}, samples_max).families);
}

// The file's content; with UPDATE_GOLDEN set in the environment it is written anew.
std::string Golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(KLOAD_GOLDEN_DIR) + "/" + name;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << actual;
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Families, PageIsAsInTheGoldenFile) {
  ClusterSeries series = SeriesOf({
      Counted(kReqs, {{"method", "GET"}, {"name", "login"}, {"status", "200"}}, 41),
      Counted(kReqs, {{"method", "GET"}, {"name", "login"}, {"status", "500"}}, 1),
      Trend(kDuration, {{"name", "login"}}, {120, 120.1, 150, 150, 0}),
      Trend(kBlocked, {{"name", "login"}}, {0.5}),
      Rate(kFailed, {{"name", "login"}}, 42, 1),
      Trend(kBasket, {}, {1, 2, 3}),
  });
  series.AddClusterGauge(kVus, 7, seconds(3));
  ClusterFigures figures;
  figures.version = "1.2.3";
  figures.started_unix = seconds(1'780'000'000);
  figures.agents = {{.name = "a1",
                     .state = "busy",
                     .up = true,
                     .cpu_ratio = 0.5,
                     .rss_bytes = 1000,
                     .loop_lag = milliseconds(3),
                     .heartbeat_age = milliseconds(250),
                     .vus_active = 7,
                     .vus_scheduled = 8,
                     .deltas = 3,
                     .deltas_duplicate = 1},
                    {.name = "a2", .state = "lost"}};
  figures.runs = {{.id = "20260131-083000-1",
                   .script = "baseline.js",
                   .state = "finished",
                   .started_unix = seconds(1'780'000'100),
                   .exit_code = 99,
                   .soundness = "degraded",
                   .series = &series}};
  figures.runs_started = 1;
  const std::string page = Text(CollectFamilies(figures));
  EXPECT_EQ(page, Golden("metrics.txt", page));
}

TEST(Families, EmptyTagsAreNoLabels) {
  const std::string text = RunText(SeriesOf({Counted(kReqs, {{"group", ""}, {"name", "a"}}, 2)}));
  EXPECT_THAT(text, testing::HasSubstr("k6_http_reqs_total{name=\"a\",testid=\"r1\"} 2\n"));
}

TEST(Families, TestidOfTheScriptStays) {
  const std::string text = RunText(SeriesOf({Counted(kReqs, {{"testid", "mine"}}, 2)}));
  EXPECT_THAT(text, testing::HasSubstr("k6_http_reqs_total{testid=\"mine\"} 2\n"));
}

TEST(Families, SeriesThatBecomeTheSameAreAddedUp) {
  // Prometheus refuses a whole page that has one series twice.
  const std::string text =
      RunText(SeriesOf({Counted(kReqs, {{"a-b", "x"}}, 2), Counted(kReqs, {{"a.b", "x"}}, 3),
                        Counted(kReqs, {}, 10), Counted(kReqs, {{"group", ""}}, 1)}));
  EXPECT_THAT(text, testing::HasSubstr("k6_http_reqs_total{a_b=\"x\",testid=\"r1\"} 5\n"));
  EXPECT_THAT(text, testing::HasSubstr("k6_http_reqs_total{testid=\"r1\"} 11\n"));
}

TEST(Families, AMetricCannotTakeAnothersName) {
  const MetricDef gauge{"http_req_duration_count", MetricType::kGauge, ValueKind::kDefault};
  ClusterSeries series = SeriesOf({Trend(kDuration, {}, {5})});
  series.AddClusterGauge(gauge, 7, seconds(1));
  const RunFamilies result = CollectRunFamilies({R1(series)}, kExportedSamplesMax);
  EXPECT_EQ(result.left_out, 1U);
  const std::string text = Text(result.families);
  EXPECT_EQ(text.find("gauge\nk6_http_req_duration_count"), std::string::npos);
}

TEST(Families, WhatFindsNoRoomIsCounted) {
  std::vector<SeriesDelta> many;
  for (int i = 0; i < 10; ++i) many.push_back(Counted(kReqs, {{"name", std::to_string(i)}}, 1));
  const ClusterSeries series = SeriesOf(std::move(many));
  const RunFamilies result = CollectRunFamilies({R1(series)}, 7);
  ASSERT_EQ(result.families.size(), 1U);
  EXPECT_EQ(result.families[0].metric.size(), 7U);
  EXPECT_EQ(result.left_out, 3U);
}

TEST(LabelName, IsWhatPrometheusAllows) {
  EXPECT_EQ(LabelName("name"), "name");
  EXPECT_EQ(LabelName("my-tag.x"), "my_tag_x");
  EXPECT_EQ(LabelName("2nd"), "tag_2nd");
  EXPECT_EQ(LabelName("le"), "tag_le");
  EXPECT_EQ(LabelName("__name__"), "tag___name__");
  EXPECT_EQ(LabelName(""), "tag_");
}

TEST(Histogram, CountsAreExactAtTheEdges) {
  // 1/16 s and 1/8 s are edges: upper edges belong to their bucket.
  const ClusterSeries series =
      SeriesOf({Trend(kDuration, {}, {62.5, 125, 125.001, 100'000, 0.001})});
  const RunFamilies result = CollectRunFamilies({R1(series)}, kExportedSamplesMax);
  const auto family =
      std::find_if(result.families.begin(), result.families.end(),
                   [](const auto& each) { return each.name == "k6_http_req_duration_seconds"; });
  ASSERT_NE(family, result.families.end());
  const auto& histogram = family->metric[0].histogram;
  const auto at = [&](double edge) {
    for (const auto& bucket : histogram.bucket) {
      if (bucket.upper_bound == edge) return bucket.cumulative_count;
    }
    ADD_FAILURE() << edge << " is no edge";
    return uint64_t{0};
  };
  EXPECT_EQ(at(HistogramEdges().front()), 1U);
  EXPECT_EQ(at(0.0625), 2U);
  EXPECT_EQ(at(0.125), 3U);
  EXPECT_EQ(at(64), 4U);
  EXPECT_EQ(histogram.sample_count, 5U);
}

}  // namespace
}  // namespace kload::controller
