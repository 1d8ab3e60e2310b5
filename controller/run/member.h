// One agent of a run, and what it has told so far.
//
// Thread: a plain value of one run.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "common/base/clock.h"
#include "common/metric/delta.h"
#include "common/plan/slice.h"
#include "controller/run/run_event.h"

namespace kload::controller {

struct Member {
  AgentId id;
  Slice slice;
  bool prepared = false;
  bool final = false;  // its last delta of the load is here
  bool lost = false;
  Nanos lost_at{0};  // run time

  uint64_t deltas = 0;
  uint64_t requests = 0;
  uint64_t interrupted_requests = 0;
  double cpu_ratio_max = 0;
  Nanos loop_lag_max{0};
  uint64_t samples_overflowed = 0;
  int64_t vus_active = 0;
  int64_t vus_initialized = 0;
  std::map<std::string, ScenarioProgress> scenarios;  // by name

  // Adds what the delta says about the agent itself.
  void Take(const Delta& delta);
};

}  // namespace kload::controller
