// Series by content: what makes the same series of several workers one.
#pragma once

#include <unordered_map>
#include <vector>

#include "common/metric/delta.h"

namespace kload::agent {

struct SeriesKeyHash {
  size_t operator()(const SeriesKeyPtr& key) const;
};
struct SeriesKeyEqual {
  bool operator()(const SeriesKeyPtr& a, const SeriesKeyPtr& b) const { return a == b || *a == *b; }
};

// Increments that are merged as they come, in the order in which the series first came.
// Thread: a plain value.
class SeriesSum {
 public:
  void Add(std::vector<SeriesDelta> series);
  std::vector<SeriesDelta> Take();

 private:
  std::vector<SeriesDelta> series_;
  std::unordered_map<SeriesKeyPtr, size_t, SeriesKeyHash, SeriesKeyEqual> positions_;
};

}  // namespace kload::agent
