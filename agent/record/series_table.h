// Every series that one worker has seen, each once, with what was added since the last delta.
//
// Thread: one worker's. A Series never moves and lives as long as the table.
// Bound:  series_max series and one overflow series per metric.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "common/metric/delta.h"

namespace kload::agent {

// A look-up key in one reused buffer: numbers and length-prefixed texts one after the other, so
// that different pieces never give the same bytes. Allocates only while it grows.
class KeyBuffer {
 public:
  KeyBuffer& Clear() {
    size_ = 0;
    return *this;
  }
  KeyBuffer& Add(uint32_t number) {
    std::memcpy(Room(sizeof(number)), &number, sizeof(number));
    return *this;
  }
  KeyBuffer& Add(std::string_view text) {
    Add(static_cast<uint32_t>(text.size()));
    std::memcpy(Room(text.size()), text.data(), text.size());
    return *this;
  }
  KeyBuffer& Add(const Tags& tags);
  // Whether Add() of these tags, and of nothing else, made it.
  bool IsOf(const Tags& tags) const;
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  void Grow(size_t bytes);
  // Where the next `bytes` go.
  char* Room(size_t bytes) {
    if (bytes > bytes_.size() - size_) [[unlikely]]
      Grow(bytes);
    char* const place = bytes_.data() + size_;
    size_ += bytes;
    return place;
  }

  std::string bytes_ = std::string(256, '\0');  // of which size_ are in use
  size_t size_ = 0;
};

// Map from a KeyBuffer's bytes; finding does not allocate.
template <typename Value>
class KeyMap {
 public:
  Value* Find(const KeyBuffer& key) {
    const auto found = map_.find(View(key));
    return found == map_.end() ? nullptr : &found->second;
  }
  void Insert(const KeyBuffer& key, Value value) { map_.emplace(View(key), std::move(value)); }
  size_t size() const { return map_.size(); }

 private:
  static absl::string_view View(const KeyBuffer& key) {
    return {key.view().data(), key.view().size()};
  }
  absl::flat_hash_map<std::string, Value> map_;
};

struct Series {
  SeriesKeyPtr key;
  Sink sink;
  size_t order = 0;    // by first appearance
  bool dirty = false;  // has samples that no delta has taken yet
};

class SeriesTable {
 public:
  explicit SeriesTable(size_t series_max) : series_max_(series_max) {}

  // Null when there is no such series.
  Series* Find(const MetricDef& metric, const Tags& tags);
  // Makes the series when there is none; null when the table is full.
  Series* Intern(const MetricDef& metric, const Tags& tags);
  // Whether `more` new series fit.
  bool HasRoom(size_t more) const { return by_key_.size() + more <= series_max_; }
  // The metric's series for what does not fit.
  Series& Overflow(const MetricDef& metric);

  // To be called with every sample that is added to the series' sink.
  void Touch(Series& series) {
    if (series.dirty) return;
    series.dirty = true;
    dirty_.push_back(&series);
  }
  // The touched series in the order of their first appearance, their sinks emptied.
  std::vector<SeriesDelta> TakeDelta();
  // Overflow series included.
  size_t size() const { return series_.size(); }

 private:
  Series& Make(const MetricDef& metric, const Tags& tags);

  const size_t series_max_;
  std::deque<Series> series_;
  KeyMap<Series*> by_key_;
  absl::flat_hash_map<std::string, Series*> overflow_;  // by metric
  std::vector<Series*> dirty_;
  KeyBuffer key_;
};

}  // namespace kload::agent
