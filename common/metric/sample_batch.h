// Raw samples, for outputs that want each of them: a few thousand at a time, with every metric and set of tags named once.
//
// Data path: Recorder -> SampleBatchBuilder -> SampleBatch (worker) -> wire -> controller -> kctl -> a file.
// Thread:    plain values, owned by whoever holds them.
// Cost:      nothing unless a run was started with such an output.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/metric/delta.h"
#include "common/metric/metric.h"

namespace kload {

struct SamplePoint {
  uint32_t metric = 0;  // index into the batch's metrics
  uint32_t tags = 0;    // index into the batch's tag sets
  Nanos at{
      0};  // the agent's steady time; nanoseconds since 1970 UTC once the controller has translated it
  double value = 0;  // in the metric's unit at the script edge
  friend bool operator==(const SamplePoint&, const SamplePoint&) = default;
};

// Stands alone: it refers to no other batch.
struct SampleBatch {
  std::vector<MetricDef> metrics;
  std::vector<Tags> tag_sets;
  std::vector<SamplePoint> points;
};

// Gathers points until there are enough for a batch.
class SampleBatchBuilder {
 public:
  // A batch with this many points, or bytes of tags, is worth sending.
  static constexpr size_t kPointsMax = 4000;
  static constexpr size_t kTagBytesMax = 512 * 1024;

  void Add(const MetricDef& metric, double value, const Tags& tags, Nanos at);
  bool full() const { return batch_.points.size() >= kPointsMax || tag_bytes_ >= kTagBytesMax; }
  bool empty() const { return batch_.points.empty(); }
  // What was added since the last call.
  SampleBatch Take();

 private:
  uint32_t IndexOf(const MetricDef& metric);
  uint32_t IndexOf(const Tags& tags);

  SampleBatch batch_;
  absl::flat_hash_map<std::string, uint32_t> metrics_;
  absl::flat_hash_map<Tags, uint32_t> tag_sets_;
  size_t tag_bytes_ = 0;
};

}  // namespace kload
