#include "controller/export/remote_write.h"

#include <fmt/format.h>
#include <snappy.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <unordered_map>
#include <utility>

#include "controller/export/families.h"
#include "controller/export/native_histogram.h"
#include "controller/export/rows.h"
#include "kload/remote_write/write.pb.h"

namespace kload::controller {
namespace {

namespace rw = remote_write;

// Prometheus' own: a NaN that says that the series has ended.
const double kStaleMarker = std::bit_cast<double>(uint64_t{0x7ff0000000000002});

double ValueOf(const TrendStat& stat, const TrendSink& trend, ValueKind kind) {
  switch (stat.kind) {
    case TrendStat::Kind::kSum:
      return InBaseUnit(trend.sum.value(), kind);
    case TrendStat::Kind::kCount:
      return static_cast<double>(trend.count());
    case TrendStat::Kind::kAvg:
      return InBaseUnit(trend.average(), kind);
    case TrendStat::Kind::kMin:
      return InBaseUnit(trend.min, kind);
    case TrendStat::Kind::kMed:
      return InBaseUnit(trend.Quantile(0.5, kind), kind);
    case TrendStat::Kind::kMax:
      return InBaseUnit(trend.max, kind);
    case TrendStat::Kind::kPercentile:
      return InBaseUnit(trend.Quantile(stat.p, kind), kind);
  }
  return 0;
}

// Adds rows to a request, each series' name belonging to one metric.
class Writer {
 public:
  Writer(const RemoteWriteSettings& settings, Nanos unix_now, WriteKind kind)
      : settings_(settings),
        at_ms_(std::chrono::floor<std::chrono::milliseconds>(unix_now).count()),
        stale_(kind == WriteKind::kStaleMarkers) {}

  void Add(const Row& row) {
    const MetricDef& metric = *row.metric;
    const std::string base = "k6_" + metric.name;
    switch (metric.type) {
      case MetricType::kCounter:
        return AddSample(row, base + "_total", std::get<CounterSink>(row.value()).sum.value());
      case MetricType::kGauge:
        return AddSample(row, base, std::get<GaugeSink>(row.value()).last);
      case MetricType::kRate:
        return AddSample(row, base + "_rate", std::get<RateSink>(row.value()).rate());
      case MetricType::kTrend:
        return AddTrend(row, base, std::get<TrendSink>(row.value()));
    }
  }

  RenderedWrite Take() {
    RenderedWrite result;
    result.left_out = left_out_;
    if (request_.timeseries_size() == 0) return result;
    const std::string message = request_.SerializeAsString();
    snappy::Compress(message.data(), message.size(), &result.body);
    return result;
  }

 private:
  void AddTrend(const Row& row, const std::string& base, const TrendSink& trend) {
    const ValueKind kind = row.metric->contains;
    if (settings_.native_histograms) {
      const char* const unit = kind == ValueKind::kTime   ? "_seconds"
                               : kind == ValueKind::kData ? "_bytes"
                                                          : "";
      return AddHistogram(row, base + unit, trend);
    }
    for (const TrendStat& stat : settings_.trend_stats) {
      AddSample(row, base + "_" + stat.suffix, ValueOf(stat, trend, kind));
    }
  }

  void AddSample(const Row& row, const std::string& name, double value) {
    rw::TimeSeries* series = Claim(row, name);
    if (series == nullptr) return;
    rw::Sample* sample = series->add_samples();
    sample->set_value(stale_ ? kStaleMarker : value);
    sample->set_timestamp(at_ms_);
  }

  void AddHistogram(const Row& row, const std::string& name, const TrendSink& trend) {
    rw::TimeSeries* series = Claim(row, name);
    if (series == nullptr) return;
    rw::Histogram* histogram = series->add_histograms();
    if (stale_) {
      histogram->set_sum(kStaleMarker);
    } else {
      FillNativeHistogram(trend, row.metric->contains, *histogram);
    }
    histogram->set_timestamp(at_ms_);
  }

  // The series of that name, with the row's labels; null when another metric has the name.
  rw::TimeSeries* Claim(const Row& row, const std::string& name) {
    const auto owner = owners_.emplace(name, row.metric->name).first;
    if (owner->second != row.metric->name) {
      ++left_out_;
      return nullptr;
    }
    std::vector<std::pair<std::string, std::string>> labels = {{"__name__", name}};
    for (const auto& label : row.labels) labels.emplace_back(label.name, label.value);
    std::sort(labels.begin(), labels.end());
    rw::TimeSeries* series = request_.add_timeseries();
    for (auto& [label, value] : labels) {
      rw::Label* added = series->add_labels();
      added->set_name(std::move(label));
      added->set_value(std::move(value));
    }
    return series;
  }

  const RemoteWriteSettings& settings_;
  const int64_t at_ms_;
  const bool stale_;
  rw::WriteRequest request_;
  std::unordered_map<std::string, std::string> owners_;  // metric by name of a series
  uint64_t left_out_ = 0;
};

}  // namespace

absl::StatusOr<TrendStat> ParseTrendStat(const std::string& text) {
  using Kind = TrendStat::Kind;
  static constexpr std::pair<const char*, Kind> kNamed[] = {
      {"sum", Kind::kSum}, {"count", Kind::kCount}, {"avg", Kind::kAvg},
      {"min", Kind::kMin}, {"med", Kind::kMed},     {"max", Kind::kMax}};
  for (const auto& [name, kind] : kNamed) {
    if (text == name) return TrendStat{kind, 0, text};
  }
  const auto wrong = [&] {
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\" is none of sum, count, avg, min, med, max and p(N) with N from 0 to 100", text));
  };
  if (!text.starts_with("p(") || !text.ends_with(")")) return wrong();
  std::string number = text.substr(2, text.size() - 3);
  if (number.empty() || number.find_first_not_of("0123456789.") != std::string::npos) {
    return wrong();
  }
  char* end = nullptr;
  const double percent = std::strtod(number.c_str(), &end);
  if (*end != '\0' || percent > 100) return wrong();
  std::erase(number, '.');
  return TrendStat{Kind::kPercentile, percent / 100, "p" + number};
}

RenderedWrite RenderWrite(const RunFigures& run, const RemoteWriteSettings& settings,
                          Nanos unix_now, WriteKind kind) {
  const auto samples_of = [&](const MetricDef& metric) -> size_t {
    const bool stats = metric.type == MetricType::kTrend && !settings.native_histograms;
    return stats ? settings.trend_stats.size() : 1;
  };
  uint64_t no_room = 0;
  Writer writer(settings, unix_now, kind);
  for (const Row& row : RowsOf({run}, kExportedSamplesMax, samples_of, no_room)) writer.Add(row);
  RenderedWrite result = writer.Take();
  result.left_out += no_room;
  return result;
}

}  // namespace kload::controller
