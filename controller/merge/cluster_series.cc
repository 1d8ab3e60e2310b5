#include "controller/merge/cluster_series.h"

#include <fmt/format.h>

#include <string>
#include <unordered_map>
#include <utility>

#include "common/base/check.h"

namespace kload::controller {
namespace {

// One metric's sink of a watched selector.
struct Watched {
  Selector selector;
  Sink sink;
  bool any = false;  // a series matches
};

// Where everything of a metric is.
struct MetricIndex {
  ClusterSeries::Metric* metric = nullptr;  // null until the first series
  std::deque<Watched> watched;              // never move: series point at them
  std::vector<size_t> series;               // positions in the list of all series
};

struct KeyHash {
  size_t operator()(const SeriesKey* key) const {
    const std::hash<std::string_view> hash;
    size_t result = hash(key->metric.name);
    // Boost's way of mixing, so that a name and its value do not cancel out.
    const auto mix = [&](std::string_view text) {
      result ^= hash(text) + 0x9e3779b97f4a7c15 + (result << 6) + (result >> 2);
    };
    for (const auto& [name, value] : key->tags) {
      mix(name);
      mix(value);
    }
    return result;
  }
};

struct KeyEqual {
  bool operator()(const SeriesKey* a, const SeriesKey* b) const { return a == b || *a == *b; }
};

// Where a series' increments go.
struct Targets {
  ClusterSeries::Series* series = nullptr;
  Sink* total = nullptr;
  std::vector<Sink*> watched;
};

bool IsClusterGauge(const MetricDef& metric) {
  return metric.name == "vus" || metric.name == "vus_max";
}

}  // namespace

struct ClusterSeries::Impl {
  std::deque<Series> series;
  std::deque<Metric> metrics;
  std::unordered_map<std::string, MetricIndex> index;
  // Keys are those of `series`, whose shared pointers keep them alive.
  std::unordered_map<const SeriesKey*, Targets, KeyHash, KeyEqual> targets;

  absl::Status Check(const std::vector<SeriesDelta>& deltas) const;
  Targets& TargetsOf(const SeriesKeyPtr& key);
  MetricIndex& IndexOf(const MetricDef& def);
  const MetricIndex* Find(std::string_view metric) const {
    const auto found = index.find(std::string(metric));
    return found == index.end() ? nullptr : &found->second;
  }
  const Watched* FindWatched(const Selector& selector) const;
};

absl::Status ClusterSeries::Impl::Check(const std::vector<SeriesDelta>& deltas) const {
  std::unordered_map<std::string_view, const MetricDef*> fresh;  // metrics that come first here
  for (const SeriesDelta& delta : deltas) {
    if (delta.key == nullptr) return absl::InvalidArgumentError("a series without a key");
    const MetricDef& def = delta.key->metric;
    if (TypeOf(delta.increment) != def.type) {
      return absl::InvalidArgumentError(
          fmt::format("metric \"{}\" is a {} but came with a {}'s value", def.name,
                      TypeName(def.type), TypeName(TypeOf(delta.increment))));
    }
    const MetricIndex* known = Find(def.name);
    const MetricDef* before = known != nullptr && known->metric != nullptr
                                  ? &known->metric->def
                                  : fresh.emplace(def.name, &def).first->second;
    if (*before == def) continue;
    return absl::InvalidArgumentError(
        fmt::format("metric \"{}\" came as a {} of {} values and was a {} of {} values before",
                    def.name, TypeName(def.type), ContainsName(def.contains),
                    TypeName(before->type), ContainsName(before->contains)));
  }
  return absl::OkStatus();
}

MetricIndex& ClusterSeries::Impl::IndexOf(const MetricDef& def) {
  MetricIndex& entry = index[def.name];
  if (entry.metric != nullptr) return entry;
  entry.metric = &metrics.emplace_back(Metric{def, MakeSink(def.type)});
  // Selectors may be watched before their metric's type is known.
  for (Watched& watched : entry.watched) watched.sink = MakeSink(def.type);
  return entry;
}

Targets& ClusterSeries::Impl::TargetsOf(const SeriesKeyPtr& key) {
  if (const auto known = targets.find(key.get()); known != targets.end()) return known->second;
  MetricIndex& metric = IndexOf(key->metric);
  metric.series.push_back(series.size());
  Targets found;
  found.series = &series.emplace_back(Series{key, MakeSink(key->metric.type)});
  found.total = &metric.metric->total;
  for (Watched& watched : metric.watched) {
    if (!Matches(watched.selector, key->tags)) continue;
    watched.any = true;
    found.watched.push_back(&watched.sink);
  }
  return targets.emplace(key.get(), std::move(found)).first->second;
}

const Watched* ClusterSeries::Impl::FindWatched(const Selector& selector) const {
  const MetricIndex* metric = Find(selector.metric);
  if (metric == nullptr) return nullptr;
  for (const Watched& watched : metric->watched) {
    if (watched.selector == selector) return &watched;
  }
  return nullptr;
}

ClusterSeries::ClusterSeries() : impl_(std::make_unique<Impl>()) {}
ClusterSeries::~ClusterSeries() = default;
ClusterSeries::ClusterSeries(ClusterSeries&&) noexcept = default;
ClusterSeries& ClusterSeries::operator=(ClusterSeries&&) noexcept = default;

void ClusterSeries::Watch(const Selector& selector) {
  if (selector.tags.empty() || impl_->FindWatched(selector) != nullptr) return;
  MetricIndex& metric = impl_->index[selector.metric];
  Watched& watched = metric.watched.emplace_back(Watched{selector, CounterSink{}, false});
  if (metric.metric == nullptr) return;
  watched.sink = MakeSink(metric.metric->def.type);
  for (const size_t position : metric.series) {
    const Series& series = impl_->series[position];
    if (!Matches(selector, series.key->tags)) continue;
    watched.any = true;
    MergeSink(watched.sink, series.sink);
    impl_->targets.at(series.key.get()).watched.push_back(&watched.sink);
  }
}

absl::Status ClusterSeries::Add(const Delta& delta) {
  if (absl::Status checked = impl_->Check(delta.series); !checked.ok()) return checked;
  for (const SeriesDelta& series : delta.series) {
    if (IsClusterGauge(series.key->metric) || IsEmpty(series.increment)) continue;
    Targets& targets = impl_->TargetsOf(series.key);
    MergeSink(targets.series->sink, series.increment);
    MergeSink(*targets.total, series.increment);
    for (Sink* watched : targets.watched) MergeSink(*watched, series.increment);
  }
  return absl::OkStatus();
}

void ClusterSeries::AddClusterGauge(const MetricDef& metric, double value, Nanos at) {
  KLOAD_CHECK(metric.type == MetricType::kGauge, "a cluster gauge is a gauge");
  const auto key = std::make_shared<const SeriesKey>(SeriesKey{metric, {}});
  Targets& targets = impl_->TargetsOf(key);
  std::get<GaugeSink>(targets.series->sink).Add(value, at);
  std::get<GaugeSink>(*targets.total).Add(value, at);
}

const Sink* ClusterSeries::Find(const Selector& selector) const {
  if (selector.tags.empty()) return Total(selector.metric);
  const Watched* watched = impl_->FindWatched(selector);
  return watched != nullptr && watched->any ? &watched->sink : nullptr;
}

const Sink* ClusterSeries::Total(std::string_view metric) const {
  const MetricIndex* found = impl_->Find(metric);
  return found == nullptr || found->metric == nullptr ? nullptr : &found->metric->total;
}

Sink ClusterSeries::Aggregate(const Selector& selector) const {
  if (const Sink* kept = Find(selector)) return *kept;
  const MetricIndex* metric = impl_->Find(selector.metric);
  if (metric == nullptr || metric->metric == nullptr) return CounterSink{};
  Sink sum = MakeSink(metric->metric->def.type);
  for (const size_t position : metric->series) {
    const Series& series = impl_->series[position];
    if (Matches(selector, series.key->tags)) MergeSink(sum, series.sink);
  }
  return sum;
}

const std::deque<ClusterSeries::Series>& ClusterSeries::series() const { return impl_->series; }
const std::deque<ClusterSeries::Metric>& ClusterSeries::metrics() const { return impl_->metrics; }

}  // namespace kload::controller
