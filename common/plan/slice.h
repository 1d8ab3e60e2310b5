// Which VUs of the plan one agent runs, and when. VUs are dealt out in turn: agent i of N owns the
// cluster-wide VU indices i, i + N, i + 2N ..., so at every instant the sum over agents is the
// plan, and adding a VU to the plan moves no other.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/clock.h"
#include "common/plan/plan.h"

namespace kload {

struct Slice {
  uint32_t index = 0;  // < count
  uint32_t count = 1;  // > 0
};

// How many of the VU indices [0, total) the slice owns.
int64_t ShareOf(int64_t total, Slice slice);
// Whether the slice owns the cluster-wide 0-based VU index.
bool Owns(Slice slice, int64_t vu);

// A stretch of time in which a VU starts iterations, since the scenario's start: [begin, end).
struct ActiveInterval {
  Nanos begin{0};
  Nanos end{0};
  friend bool operator==(const ActiveInterval&, const ActiveInterval&) = default;
};

// One VU of a scenario: k6 starts the lowest-numbered and stops the highest-numbered one, so VU k
// (0-based in the scenario) is active exactly while the planned count exceeds k.
struct VuSchedule {
  int64_t vu = 0;                      // cluster-wide 0-based index; __VU is this + 1
  std::vector<ActiveInterval> active;  // rising, disjoint
};

// Schedules of the slice's VUs in the scenario, by rising index; VUs that are never active are left
// out.
std::vector<VuSchedule> SchedulesOf(const Scenario& scenario, Slice slice);

// The iterations that the VU with the given 0-based index in a shared-iterations scenario would get
// if they were dealt out in turn; agents pool their own VUs' budgets, so that each iteration runs
// once in the cluster.
int64_t IterationBudget(const Scenario& scenario, int64_t vu_in_scenario);

}  // namespace kload
