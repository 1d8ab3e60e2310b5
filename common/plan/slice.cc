#include "common/plan/slice.h"

#include <limits>

#include "common/base/check.h"
#include "common/plan/timeline.h"

namespace kload {

int64_t ShareOf(int64_t total, Slice slice) {
  KLOAD_CHECK(slice.index < slice.count, "a slice's index is below its count");
  return total / slice.count + (slice.index < total % slice.count ? 1 : 0);
}

bool Owns(Slice slice, int64_t vu) { return vu % slice.count == slice.index; }

std::vector<VuSchedule> SchedulesOf(const Scenario& scenario, Slice slice) {
  KLOAD_CHECK(slice.index < slice.count, "a slice's index is below its count");
  std::vector<VuSchedule> schedules;
  // The scenario's VUs that the slice owns are first, first + count, first + 2 count ...
  const int64_t count = slice.count;
  const int64_t first = ((slice.index - scenario.first_vu) % count + count) % count;
  const auto own_below = [&](int64_t vus) {
    return vus <= first ? 0 : (vus - first + count - 1) / count;
  };
  int64_t active = 0;  // own VUs that run: the first ones, as stopping takes the highest
  for (const Step& step : PlannedSteps(scenario)) {
    const int64_t wanted = own_below(step.vus);
    for (; active < wanted; ++active) {
      if (active == static_cast<int64_t>(schedules.size())) {
        schedules.push_back({scenario.first_vu + first + active * count, {}});
      }
      schedules[active].active.push_back({step.at, step.at});
    }
    for (; active > wanted; --active) schedules[active - 1].active.back().end = step.at;
  }
  return schedules;
}

int64_t IterationBudget(const Scenario& scenario, int64_t vu_in_scenario) {
  switch (scenario.executor) {
    case ExecutorKind::kPerVuIterations:
      return scenario.iterations;
    case ExecutorKind::kSharedIterations:
      return scenario.iterations / scenario.vus +
             (vu_in_scenario < scenario.iterations % scenario.vus ? 1 : 0);
    case ExecutorKind::kConstantVus:
    case ExecutorKind::kRampingVus:
    case ExecutorKind::kConstantArrivalRate:
    case ExecutorKind::kRampingArrivalRate:
    case ExecutorKind::kExternallyControlled:
      break;
  }
  return std::numeric_limits<int64_t>::max();
}

}  // namespace kload
