// One `--out` that writes raw samples.
//
// Data path: SampleBatch (controller) -> SampleOutput -> TextFile.
// Thread:    the one that follows the run.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/metric/sample_batch.h"
#include "common/plan/plan.h"

namespace kload::kctl {

// What an output has to know of the run before its first sample.
struct OutputFacts {
  std::vector<std::string> system_tags = {};   // enabled ones
  std::vector<ThresholdSpec> thresholds = {};  // those that are evaluated
};

class SampleOutput {
 public:
  virtual ~SampleOutput() = default;
  // Once, before all else.
  virtual void Begin(const OutputFacts& facts) = 0;
  virtual void Add(const SampleBatch& batch) = 0;
  // How often to flush.
  virtual Nanos interval() const = 0;
  virtual void Flush() = 0;
  // The last call. Errors: Unavailable when not everything could be written.
  virtual absl::Status Finish() = 0;
};

// `vu` and `iter` are no tags of a sample for k6, but its metadata.
inline bool IsMetadata(std::string_view tag) { return tag == "vu" || tag == "iter"; }

}  // namespace kload::kctl
