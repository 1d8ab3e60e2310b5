// How long the target needs after a spike.
//
// Thread: pure functions.
#pragma once

#include <optional>
#include <vector>

#include "common/analysis/window.h"

namespace kload::analysis {

struct Recovery {
  double base_vus = 0;
  double peak_vus = 0;
  double base_p95 = 0;  // ms, median before the spike
  double peak_p95 = 0;  // the highest of a window
  Nanos load_back{0};   // run time at which the load was back at its base
  // Until p95 was near its base again, for good; nothing: not within the run.
  std::optional<Nanos> took = {};
};

// Nothing: the load has no spike, which is at least three times what it stays at for some windows afterwards and was at before.
// "Near" is within a quarter of the base and 1 ms, with at most one percent more failures than before.
std::optional<Recovery> FindRecovery(const std::vector<Window>& windows);

}  // namespace kload::analysis
