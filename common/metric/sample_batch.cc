#include "common/metric/sample_batch.h"

#include <utility>

namespace kload {

uint32_t SampleBatchBuilder::IndexOf(const MetricDef& metric) {
  const auto [known, is_new] =
      metrics_.emplace(metric.name, static_cast<uint32_t>(batch_.metrics.size()));
  if (is_new) batch_.metrics.push_back(metric);
  return known->second;
}

uint32_t SampleBatchBuilder::IndexOf(const Tags& tags) {
  // The samples of one request come one after the other, with the same tags.
  if (!batch_.points.empty()) {
    const uint32_t last = batch_.points.back().tags;
    if (batch_.tag_sets[last] == tags) return last;
  }
  const auto [known, is_new] =
      tag_sets_.emplace(tags, static_cast<uint32_t>(batch_.tag_sets.size()));
  if (!is_new) return known->second;
  batch_.tag_sets.push_back(tags);
  for (const auto& [name, value] : tags) tag_bytes_ += name.size() + value.size();
  return known->second;
}

void SampleBatchBuilder::Add(const MetricDef& metric, double value, const Tags& tags, Nanos at) {
  const uint32_t tag_set = IndexOf(tags);
  batch_.points.push_back({IndexOf(metric), tag_set, at, value});
}

SampleBatch SampleBatchBuilder::Take() {
  metrics_.clear();
  tag_sets_.clear();
  tag_bytes_ = 0;
  return std::exchange(batch_, {});
}

}  // namespace kload
