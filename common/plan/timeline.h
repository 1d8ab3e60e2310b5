// When a scenario has how many VUs: k6's schedule, computed in advance, in integer nanoseconds.
//
// Source: the algorithm of k6's ramping-vus executor as its documentation and behaviour show it
// (README.md).
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/clock.h"
#include "common/plan/plan.h"

namespace kload {

struct Step {
  Nanos at{0};      // since the scenario's start
  int64_t vus = 0;  // from `at` on
  friend bool operator==(const Step&, const Step&) = default;
};

// The planned number of looping VUs. The first step is at 0, times rise strictly, neighbours differ
// in `vus`; the last step is to 0 VUs, at RegularDuration() or, when the plan reaches 0 for good
// before, then.
std::vector<Step> PlannedSteps(const Scenario& scenario);

// VUs that must be kept for the scenario, graceful ramp-downs and graceful stop included; the last
// step is to 0 VUs, at RegularDuration() + graceful_stop at the latest.
std::vector<Step> ReservedSteps(const Scenario& scenario);

// Value of a step function at `at`; 0 before the first step.
int64_t VusAt(const std::vector<Step>& steps, Nanos at);

}  // namespace kload
