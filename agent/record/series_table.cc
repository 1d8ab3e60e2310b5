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

bool KeyBuffer::IsOf(const Tags& tags) const {
  std::string_view rest = view();
  const auto take = [&rest](const void* bytes, size_t size) {
    if (rest.size() < size || std::memcmp(rest.data(), bytes, size) != 0) return false;
    rest.remove_prefix(size);
    return true;
  };
  const auto take_number = [&take](size_t size) {
    const auto number = static_cast<uint32_t>(size);
    return take(&number, sizeof(number));
  };
  const auto take_text = [&](const std::string& text) {
    return take_number(text.size()) && take(text.data(), text.size());
  };
  if (!take_number(tags.size())) return false;
  for (const auto& [name, value] : tags) {
    if (!take_text(name) || !take_text(value)) return false;
  }
  return rest.empty();
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
