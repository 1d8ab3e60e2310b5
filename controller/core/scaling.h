// From what `kctl scale` asks to what happens to the run: what can be wrong with it is found before.
//
// Thread: pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "controller/core/runs.h"
#include "controller/run/run.h"
#include "controller/run/run_event.h"

namespace kload::controller {

struct Scaling {
  std::vector<RunInput> events;
  std::string text;  // a sentence for people
};

// `idle`: agents that could join, by name. The run's load goes on. Errors as for Runs::Scale().
absl::StatusOr<Scaling> PlanScaling(const Run& run, const ScaleOrder& order,
                                    std::vector<AgentId> idle);

}  // namespace kload::controller
