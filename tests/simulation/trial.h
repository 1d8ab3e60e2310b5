// One test on a simulated cluster, with faults: everything in it follows from its seed.
//
// Thread: one; trials share nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace kload::simulation {

struct TrialOptions {
  uint64_t seed = 1;
  std::string folder;  // for stores and spools; must exist
};

struct TrialResult {
  std::vector<std::string> broken;  // promises, a sentence each
  std::vector<std::string> story;   // what was planned, what went wrong, what the result says
  Nanos simulated{0};
  uint64_t iterations = 0;
  size_t faults = 0;
  bool exact = false;  // which deltas are in the result was known without room
};

TrialResult RunTrial(const TrialOptions& options);

}  // namespace kload::simulation
