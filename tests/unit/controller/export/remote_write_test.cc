#include "controller/export/remote_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <snappy.h>

#include <bit>
#include <cmath>
#include <map>

#include "common/base/status.h"
#include "kload/remote_write/write.pb.h"
#include "tests/unit/controller/export/series.h"

namespace kload::controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr Nanos kNow = std::chrono::milliseconds(1'785'578'400'123);

remote_write::WriteRequest Read(const RenderedWrite& write) {
  std::string message;
  EXPECT_TRUE(snappy::Uncompress(write.body.data(), write.body.size(), &message));
  remote_write::WriteRequest request;
  EXPECT_TRUE(request.ParseFromString(message));
  return request;
}

// `name{label="value",...}` -> value of each series' only sample.
std::map<std::string, double> Values(const remote_write::WriteRequest& request) {
  std::map<std::string, double> values;
  for (const auto& series : request.timeseries()) {
    EXPECT_EQ(series.labels(0).name(), "__name__");
    std::string key = series.labels(0).value() + "{";
    for (int i = 1; i < series.labels_size(); ++i) {
      EXPECT_LT(series.labels(i - 1).name(), series.labels(i).name()) << "labels are sorted";
      key += (i > 1 ? "," : "") + series.labels(i).name() + "=" + series.labels(i).value();
    }
    EXPECT_EQ(series.samples_size(), 1);
    values[key + "}"] = series.samples(0).value();
  }
  return values;
}

RemoteWriteSettings With(const std::vector<std::string>& stats) {
  RemoteWriteSettings settings;
  for (const std::string& stat : stats) settings.trend_stats.push_back(*ParseTrendStat(stat));
  return settings;
}

TEST(RenderWrite, NamesAndValuesAreK6s) {
  GaugeSink vus;
  vus.Add(7, Nanos(0));
  RateSink failed{.total = 4, .nonzero = 1};
  const ClusterSeries series =
      Merged({Counter("http_reqs", {{"group", ""}, {"status", "200"}}, 42),
              Series({"stock", MetricType::kGauge, ValueKind::kDefault}, {{"testid", "mine"}}, vus),
              Series({"http_req_failed", MetricType::kRate, ValueKind::kDefault}, {}, failed),
              Trend("http_req_duration", ValueKind::kTime, {{"name", "a"}}, {100, 200, 300}),
              Trend("basket", ValueKind::kDefault, {}, {5})});
  const RenderedWrite write =
      RenderWrite(FiguresWith(series), With({"avg", "count", "sum", "min", "max", "p(99.9)"}), kNow,
                  WriteKind::kValues);
  EXPECT_EQ(write.left_out, 0u);
  const auto values = Values(Read(write));
  EXPECT_EQ(values.at("k6_http_reqs_total{status=200,testid=r1}"), 42);
  EXPECT_EQ(values.at("k6_stock{testid=mine}"), 7);
  EXPECT_EQ(values.at("k6_http_req_failed_rate{testid=r1}"), 0.25);
  EXPECT_DOUBLE_EQ(values.at("k6_http_req_duration_avg{name=a,testid=r1}"), 0.2);
  EXPECT_EQ(values.at("k6_http_req_duration_count{name=a,testid=r1}"), 3);
  EXPECT_DOUBLE_EQ(values.at("k6_http_req_duration_sum{name=a,testid=r1}"), 0.6);
  EXPECT_DOUBLE_EQ(values.at("k6_http_req_duration_min{name=a,testid=r1}"), 0.1);
  EXPECT_DOUBLE_EQ(values.at("k6_http_req_duration_max{name=a,testid=r1}"), 0.3);
  EXPECT_NEAR(values.at("k6_http_req_duration_p999{name=a,testid=r1}"), 0.3, 0.001);
  EXPECT_EQ(values.at("k6_basket_avg{testid=r1}"), 5) << "a plain number keeps its unit";
  EXPECT_EQ(values.size(), 3u + 2 * 6);
}

TEST(RenderWrite, SamplesHaveTheTimeOfThePush) {
  const ClusterSeries series = Merged({Counter("http_reqs", {}, 1)});
  const auto request = Read(RenderWrite(FiguresWith(series), With({}), kNow, WriteKind::kValues));
  EXPECT_EQ(request.timeseries(0).samples(0).timestamp(), 1'785'578'400'123);
}

TEST(RenderWrite, StaleMarkersEndTheSameSeries) {
  const ClusterSeries series = Merged(
      {Counter("http_reqs", {}, 1), Trend("http_req_duration", ValueKind::kTime, {}, {100})});
  const auto values = Values(
      Read(RenderWrite(FiguresWith(series), With({"p(95)"}), kNow, WriteKind::kStaleMarkers)));
  EXPECT_EQ(values.size(), 2u);
  for (const auto& [name, value] : values) {
    EXPECT_EQ(std::bit_cast<uint64_t>(value), 0x7ff0000000000002u) << name;
  }
}

TEST(RenderWrite, NativeHistogramsReplaceTheStats) {
  const ClusterSeries series =
      Merged({Trend("http_req_duration", ValueKind::kTime, {}, {100, 200}),
              Trend("body", ValueKind::kData, {}, {5}), Trend("x1", ValueKind::kDefault, {}, {5})});
  RemoteWriteSettings settings = With({"p(95)"});
  settings.native_histograms = true;
  const auto request = Read(RenderWrite(FiguresWith(series), settings, kNow, WriteKind::kValues));
  std::vector<std::string> names;
  for (const auto& each : request.timeseries()) names.push_back(each.labels(0).value());
  EXPECT_THAT(names, ElementsAre("k6_http_req_duration_seconds", "k6_body_bytes", "k6_x1"));
  EXPECT_EQ(request.timeseries(0).samples_size(), 0);
  const auto& histogram = request.timeseries(0).histograms(0);
  EXPECT_EQ(histogram.count_int(), 2u);
  EXPECT_DOUBLE_EQ(histogram.sum(), 0.3);
  EXPECT_EQ(histogram.timestamp(), 1'785'578'400'123);
}

TEST(RenderWrite, ANameBelongsToOneMetric) {
  GaugeSink gauge;
  gauge.Add(3, Nanos(0));
  const ClusterSeries series =
      Merged({Counter("shop", {}, 1),
              Series({"shop_total", MetricType::kGauge, ValueKind::kDefault}, {}, gauge)});
  const RenderedWrite write = RenderWrite(FiguresWith(series), With({}), kNow, WriteKind::kValues);
  EXPECT_EQ(write.left_out, 1u);
  EXPECT_THAT(Values(Read(write)), ElementsAre(Pair("k6_shop_total{testid=r1}", 1)));
}

TEST(RenderWrite, WithoutSeriesThereIsNothingToSend) {
  const ClusterSeries series;
  EXPECT_THAT(RenderWrite(FiguresWith(series), With({}), kNow, WriteKind::kValues).body, IsEmpty());
}

TEST(ParseTrendStat, KnowsK6s) {
  EXPECT_EQ(ParseTrendStat("p(99.9)")->suffix, "p999");
  EXPECT_EQ(ParseTrendStat("p(95)")->suffix, "p95");
  EXPECT_DOUBLE_EQ(ParseTrendStat("p(95)")->p, 0.95);
  EXPECT_EQ(ParseTrendStat("med")->kind, TrendStat::Kind::kMed);
  for (const char* text : {"", "p95", "p()", "p(101)", "p(-1)", "p(1.2.3)", "median", "p(9"}) {
    EXPECT_THAT(Message(ParseTrendStat(text).status()), HasSubstr("none of sum, count")) << text;
  }
}

}  // namespace
}  // namespace kload::controller
