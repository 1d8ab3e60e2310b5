// What was due in a gap of an agent's load: what a result lacks because the agent was not there, at the most.
//
// Thread: pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/plan/part.h"
#include "common/plan/plan.h"

namespace kload::controller {

struct Shortfall {
  double vu_seconds = 0;   // of looping VUs
  int64_t iterations = 0;  // that arrival rates wanted to start
};

// Of the parts, between these run times. `controlled_vus`: of an externally controlled scenario at that time, by name;
// one that is not named has as many as it began with. A rate that was changed during the run counts as planned.
Shortfall ShortfallOf(const TestPlan& plan, const std::vector<Part>& parts, Nanos from, Nanos until,
                      const std::map<std::string, int64_t>& controlled_vus);

// Whether any VU starts iterations at `at` or later, as far as the plan says. Scenarios with a fixed number of iterations
// count until their maxDuration.
bool LoadIsDueAfter(const TestPlan& plan, Nanos at);
// The same without those: load that does not end before its time.
bool TimedLoadIsDueAfter(const TestPlan& plan, Nanos at);

}  // namespace kload::controller
