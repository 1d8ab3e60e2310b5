#include "agent/record/series_table.h"

#include <algorithm>
#include <memory>

#include "agent/record/tag_rules.h"

namespace kload::agent {

void KeyBuffer::Grow(size_t bytes) { bytes_.resize(2 * (size_ + bytes)); }

KeyBuffer& KeyBuffer::Add(const Tags& tags) {
  Add(static_cast<uint32_t>(tags.size()));
  for (const auto& [name, value] : tags) Add(name).Add(value);
  return *this;
}

Series* SeriesTable::Find(const MetricDef& metric, const Tags& tags) {
  Series** found = by_key_.Find(key_.Clear().Add(metric.name).Add(tags));
  return found == nullptr ? nullptr : *found;
}

Series* SeriesTable::Intern(const MetricDef& metric, const Tags& tags) {
  if (Series* found = Find(metric, tags)) return found;
  if (!HasRoom(1)) return nullptr;
  Series& series = Make(metric, tags);
  by_key_.Insert(key_, &series);  // Find() has left the key there
  return &series;
}

Series& SeriesTable::Overflow(const MetricDef& metric) {
  Series*& series = overflow_[metric.name];
  if (series == nullptr) series = &Make(metric, {{std::string(kOverflowTag), "true"}});
  return *series;
}

Series& SeriesTable::Make(const MetricDef& metric, const Tags& tags) {
  return series_.emplace_back(
      Series{.key = std::make_shared<const SeriesKey>(SeriesKey{metric, tags}),
             .sink = MakeSink(metric.type),
             .order = series_.size()});
}

std::vector<SeriesDelta> SeriesTable::TakeDelta() {
  std::sort(dirty_.begin(), dirty_.end(),
            [](const Series* a, const Series* b) { return a->order < b->order; });
  std::vector<SeriesDelta> deltas;
  deltas.reserve(dirty_.size());
  for (Series* series : dirty_) {
    // A copy, so that the series keeps its buckets' memory for the next second.
    deltas.push_back({series->key, series->sink});
    ClearSink(series->sink);
    series->dirty = false;
  }
  dirty_.clear();
  return deltas;
}

}  // namespace kload::agent
