#include "agent/link/series_map.h"

#include <functional>
#include <string>
#include <utility>

namespace kload::agent {

size_t SeriesKeyHash::operator()(const SeriesKeyPtr& key) const {
  const std::hash<std::string> hash;
  size_t sum = hash(key->metric.name);
  for (const auto& [name, value] : key->tags) {
    sum = sum * 1099511628211u + hash(name);
    sum = sum * 1099511628211u + hash(value);
  }
  return sum;
}

void SeriesSum::Add(std::vector<SeriesDelta> series) {
  for (SeriesDelta& delta : series) {
    const auto [known, is_new] = positions_.emplace(delta.key, series_.size());
    if (is_new) {
      series_.push_back(std::move(delta));
    } else {
      MergeSink(series_[known->second].increment, delta.increment);
    }
  }
}

std::vector<SeriesDelta> SeriesSum::Take() {
  positions_.clear();
  return std::exchange(series_, {});
}

}  // namespace kload::agent
