// A run's result from what its agents kept, when no controller can give it any more.
//
// Data path: spools of agents -> ClusterSeries, Verdict -> RunSummary.
// Thread:    pure function.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "common/spool/spool.h"
#include "common/summary/summary.h"

namespace kload::controller {

struct RecoveredRun {
  RunSummary summary;  // its warnings say what it was made of
  int exit_code = 0;   // 0, or 99 when a threshold failed
  std::string message;
};

// `spools` are of one run, not empty; of several of one agent's process the one with the most deltas counts.
// Errors: DataLoss when the plan or the thresholds in them cannot be read.
absl::StatusOr<RecoveredRun> RecoverRun(const std::vector<Spool>& spools);

}  // namespace kload::controller
