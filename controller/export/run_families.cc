#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "common/metric/sink.h"
#include "controller/export/families.h"
#include "controller/export/help_text.h"
#include "controller/export/rows.h"

namespace kload::controller {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr int kEdgesPerOctave = 4;
constexpr int kEdgeFirst = -12 * kEdgesPerOctave;  // 2^-12 s = 0.24 ms
constexpr int kEdgeLast = 6 * kEdgesPerOctave;     // 2^6 s = 64 s
constexpr int kBucketsPerEdge = 512 / kEdgesPerOctave;
constexpr double kMillisPerSecond = 1000;

struct Stat {
  const char* suffix;
  const char* words;
  double p;  // below 0: not a percentile
};
constexpr std::array<Stat, 8> kStats = {{{"avg", "average", -1},
                                         {"min", "least value", -1},
                                         {"max", "greatest value", -1},
                                         {"med", "median", 0.5},
                                         {"p50", "50th percentile", 0.5},
                                         {"p90", "90th percentile", 0.9},
                                         {"p95", "95th percentile", 0.95},
                                         {"p99", "99th percentile", 0.99}}};

// Times within a request: their statistics are enough, buckets of each would only make the page longer.
bool HasHistogram(const MetricDef& metric) {
  if (metric.type != kload::MetricType::kTrend || metric.contains != ValueKind::kTime) return false;
  for (const char* part : {"http_req_blocked", "http_req_connecting", "http_req_tls_handshaking",
                           "http_req_sending", "http_req_receiving"}) {
    if (metric.name == part) return false;
  }
  return true;
}

double ValueOf(const Stat& stat, const TrendSink& trend, ValueKind kind) {
  const std::string_view suffix = stat.suffix;
  if (suffix == "avg") return InBaseUnit(trend.average(), kind);
  if (suffix == "min") return InBaseUnit(trend.min, kind);
  if (suffix == "max") return InBaseUnit(trend.max, kind);
  return InBaseUnit(trend.Quantile(stat.p, kind), kind);
}

ClientMetric::Histogram BucketsOf(const TrendSink& trend) {
  const std::vector<double>& edges = HistogramEdges();
  ClientMetric::Histogram histogram;
  histogram.sample_count = trend.count();
  histogram.sample_sum = trend.sum.value() / kMillisPerSecond;
  std::vector<uint64_t> counts(edges.size() + 1);
  counts[0] = trend.histogram.zero_count() + trend.histogram.negative().total();
  trend.histogram.positive().ForEach([&](int32_t index, uint64_t count) {
    // The first edge that is not below the bucket's own upper edge.
    int edge = index / kBucketsPerEdge + (index % kBucketsPerEdge > 0 ? 1 : 0);
    edge = std::min(std::max(edge, kEdgeFirst), kEdgeLast + 1);
    counts[size_t(edge - kEdgeFirst)] += count;
  });
  uint64_t sum = 0;
  for (size_t i = 0; i < edges.size(); ++i) {
    sum += counts[i];
    histogram.bucket.push_back({sum, edges[i]});
  }
  histogram.bucket.push_back({trend.count(), std::numeric_limits<double>::infinity()});
  return histogram;
}

size_t SamplesOf(const MetricDef& metric) {
  if (metric.type != kload::MetricType::kTrend) return 1;
  return kStats.size() + 2 + (HasHistogram(metric) ? HistogramEdges().size() + 3 : 0);
}

// Makes families out of rows, each family's name belonging to one metric.
class Builder {
 public:
  // False when the metric's names are another metric's: nothing is added then.
  bool Add(const Row& row) {
    const MetricDef& metric = *row.metric;
    const Sink& sink = row.value();
    const std::string base = "k6_" + metric.name;
    const std::string help = DescribeMetric(metric);
    switch (metric.type) {
      case kload::MetricType::kCounter: {
        MetricFamily* family = Claim(metric, base + "_total", MetricType::Counter, help, {});
        if (family == nullptr) return false;
        Line(*family, row.labels).counter.value = std::get<CounterSink>(sink).sum.value();
        return true;
      }
      case kload::MetricType::kGauge: {
        MetricFamily* family = Claim(metric, base, MetricType::Gauge, help, {});
        if (family == nullptr) return false;
        Line(*family, row.labels).gauge.value = std::get<GaugeSink>(sink).last;
        return true;
      }
      case kload::MetricType::kRate: {
        MetricFamily* family = Claim(metric, base + "_rate", MetricType::Gauge, help, {});
        if (family == nullptr) return false;
        Line(*family, row.labels).gauge.value = std::get<RateSink>(sink).rate();
        return true;
      }
      case kload::MetricType::kTrend:
        return AddTrend(row, std::get<TrendSink>(sink), base, help);
    }
    return false;
  }

  Families Take() {
    Families families;
    families.reserve(families_.size());
    for (Owned& owned : families_) families.push_back(std::move(owned.family));
    return families;
  }

 private:
  struct Owned {
    std::string metric;
    MetricFamily family;
  };

  bool AddTrend(const Row& row, const TrendSink& trend, const std::string& base,
                const std::string& help) {
    const MetricDef& metric = *row.metric;
    const std::string unit = metric.contains == ValueKind::kTime   ? ", in seconds"
                             : metric.contains == ValueKind::kData ? ", in bytes"
                                                                   : "";
    MetricFamily* family =
        Claim(metric, base, MetricType::Summary, help + unit, {base + "_sum", base + "_count"});
    if (family == nullptr) return false;
    ClientMetric& total = Line(*family, row.labels);
    total.summary.sample_count = trend.count();
    total.summary.sample_sum = InBaseUnit(trend.sum.value(), metric.contains);
    for (const Stat& stat : kStats) {
      family = Claim(metric, fmt::format("{}_{}", base, stat.suffix), MetricType::Gauge,
                     fmt::format("{}: {} since the run's start{}", help, stat.words, unit), {});
      // A script's own gauge may be named like this: then it keeps the name.
      if (family == nullptr) continue;
      Line(*family, row.labels).gauge.value = ValueOf(stat, trend, metric.contains);
    }
    if (!HasHistogram(metric)) return true;
    const std::string name = base + "_seconds";
    family = Claim(metric, name, MetricType::Histogram, help,
                   {name + "_sum", name + "_count", name + "_bucket"});
    if (family != nullptr) Line(*family, row.labels).histogram = BucketsOf(trend);
    return true;
  }

  // The family of that name, made at first; null when another metric has it or one of `more`.
  MetricFamily* Claim(const MetricDef& metric, const std::string& name, MetricType type,
                      const std::string& help, const std::vector<std::string>& more) {
    const auto known = positions_.find(name);
    if (known != positions_.end()) {
      Owned& owned = families_[known->second];
      // What is only reserved (`more` of another family) is nobody's family.
      const bool ours =
          owned.metric == metric.name && owned.family.name == name && owned.family.type == type;
      return ours ? &owned.family : nullptr;
    }
    for (const std::string& each : more) {
      if (positions_.contains(each)) return nullptr;
    }
    families_.push_back({metric.name, MetricFamily{name, help, type, {}}});
    positions_[name] = families_.size() - 1;
    for (const std::string& each : more) positions_[each] = families_.size() - 1;
    return &families_.back().family;
  }

  static ClientMetric& Line(MetricFamily& family, const Labels& labels) {
    ClientMetric& line = family.metric.emplace_back();
    line.label = labels;
    return line;
  }

  std::deque<Owned> families_;
  std::unordered_map<std::string, size_t> positions_;  // also of reserved names
};

}  // namespace

const std::vector<double>& HistogramEdges() {
  static const std::vector<double> edges = [] {
    std::vector<double> made;
    for (int edge = kEdgeFirst; edge <= kEdgeLast; ++edge) {
      made.push_back(BucketUpperEdge(edge * kBucketsPerEdge));
    }
    return made;
  }();
  return edges;
}

std::string LabelName(std::string_view tag) {
  std::string name;
  for (const char c : tag) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    name += letter || digit ? c : '_';
  }
  const bool reserved = name.empty() || (name[0] >= '0' && name[0] <= '9') ||
                        name.starts_with("__") || name == "le" || name == "quantile";
  return reserved ? "tag_" + name : name;
}

RunFamilies CollectRunFamilies(const std::vector<RunFigures>& runs, size_t samples_max) {
  RunFamilies result;
  Builder builder;
  for (const Row& row : RowsOf(runs, samples_max, SamplesOf, result.left_out)) {
    if (!builder.Add(row)) ++result.left_out;
  }
  result.families = builder.Take();
  return result;
}

}  // namespace kload::controller
