#include "controller/run/shortfall.h"

#include <algorithm>

#include "common/plan/arrival.h"
#include "common/plan/timeline.h"
#include "controller/run/deal.h"

namespace kload::controller {
namespace {

double Seconds(Nanos time) { return std::chrono::duration<double>(time).count(); }

// Iterations with lower numbers that the slice owns: number k belongs to VU k mod MaxVus().
int64_t OwnedBelow(const Scenario& scenario, Slice slice, int64_t number) {
  const int64_t vus = MaxVus(scenario);
  return number / vus * ShareOfScenario(scenario.first_vu, vus, slice) +
         ShareOfScenario(scenario.first_vu, number % vus, slice);
}

double VuSeconds(const Scenario& scenario, Slice slice, Nanos from, Nanos until) {
  const std::vector<Step> steps = PlannedSteps(scenario);
  double sum = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    const Nanos begin = std::max(steps[i].at, from);
    const Nanos end = i + 1 < steps.size() ? std::min(steps[i + 1].at, until) : until;
    if (begin >= end) continue;
    sum += Seconds(end - begin) * double(ShareOfScenario(scenario.first_vu, steps[i].vus, slice));
  }
  return sum;
}

double ControlledVuSeconds(const Scenario& scenario, int64_t vus, Slice slice, Nanos from,
                           Nanos until) {
  const Nanos end = std::min(until, RegularDuration(scenario));
  if (from >= end) return 0;
  return Seconds(end - from) * double(ShareOfScenario(scenario.first_vu, vus, slice));
}

}  // namespace

Shortfall ShortfallOf(const TestPlan& plan, const std::vector<Part>& parts, Nanos from, Nanos until,
                      const std::map<std::string, int64_t>& controlled_vus) {
  Shortfall missing;
  for (const Scenario& scenario : plan.scenarios) {
    for (const Part& part : parts) {
      const Nanos begin = std::max({from, part.from, scenario.start_time}) - scenario.start_time;
      const Nanos end = until - scenario.start_time;
      if (begin >= end) continue;
      if (IsArrivalRate(scenario)) {
        if (MaxVus(scenario) == 0) continue;
        const ArrivalTimes arrivals(scenario);
        missing.iterations += OwnedBelow(scenario, part.slice, arrivals.FirstFrom(end)) -
                              OwnedBelow(scenario, part.slice, arrivals.FirstFrom(begin));
      } else if (IsControlled(scenario)) {
        const auto scaled = controlled_vus.find(scenario.name);
        const int64_t vus = scaled == controlled_vus.end() ? scenario.vus : scaled->second;
        missing.vu_seconds += ControlledVuSeconds(scenario, vus, part.slice, begin, end);
      } else if (scenario.executor == ExecutorKind::kConstantVus ||
                 scenario.executor == ExecutorKind::kRampingVus) {
        missing.vu_seconds += VuSeconds(scenario, part.slice, begin, end);
      }
    }
  }
  return missing;
}

bool LoadIsDueAfter(const TestPlan& plan, Nanos at) {
  return std::any_of(plan.scenarios.begin(), plan.scenarios.end(), [&](const Scenario& scenario) {
    return scenario.start_time + RegularDuration(scenario) > at;
  });
}

bool TimedLoadIsDueAfter(const TestPlan& plan, Nanos at) {
  return std::any_of(plan.scenarios.begin(), plan.scenarios.end(), [&](const Scenario& scenario) {
    return !HasFixedIterations(scenario) && scenario.start_time + RegularDuration(scenario) > at;
  });
}

}  // namespace kload::controller
