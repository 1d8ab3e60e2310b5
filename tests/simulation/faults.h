// What goes wrong in one trial, and from when to when the load may differ from the plan for it.
//
// Thread: plain values.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace kload::simulation {

enum class FaultKind {
  kAgentKilled,        // and started again after `lasts`, as another process of that name; 0: never
  kAgentLeaves,        // SIGTERM
  kAgentStopped,       // for `lasts`
  kPathCut,            // for `lasts`
  kPathSlow,           // for `lasts`
  kAllPathsCut,        // for `lasts`: it is the controller that is cut off
  kStreamBroken,       // at the agent; the controller notices after `lasts`
  kControllerKilled,   // another one is there after `lasts`; 0: never
  kControllerStopped,  // for `lasts`
  kScaled,             // the run is given all agents that are there, or one less
  kRunStopped,         // by `kctl stop`
};

struct Fault {
  FaultKind kind = FaultKind::kAgentKilled;
  Nanos at{0};  // run time
  Nanos lasts{0};
  uint32_t agent = 0;  // which one; not of the controller's
};

// Deterministic. At least one agent, number 0, is spared. `load` is the plan's length, `agents` at least 2.
std::vector<Fault> MakeFaults(std::mt19937_64& random, uint32_t agents, Nanos load);

// For people: `4.250s agent a2 killed, back after 3s`.
std::string Describe(const Fault& fault);

// A stretch of run time in which the load need not be the plan's.
struct Disturbance {
  Nanos from{0};
  Nanos to{0};
};
// By the promise: an agent's part is run by others within three heartbeats and what it takes to tell them, later when the
// controller is away.
std::vector<Disturbance> DisturbancesOf(const std::vector<Fault>& faults);
bool IsDisturbed(const std::vector<Disturbance>& disturbances, Nanos at);
// Whether any of the faults is of that kind.
bool Has(const std::vector<Fault>& faults, FaultKind kind);

}  // namespace kload::simulation
