#include "common/plan/timeline.h"

#include <algorithm>
#include <deque>

namespace kload {
namespace {

__extension__ typedef __int128 Int128;

// Collects steps so that times rise strictly and neighbours differ: of steps at one time the last
// counts.
class StepList {
 public:
  void Add(Nanos at, int64_t vus) {
    if (!steps_.empty() && steps_.back().at == at) {
      steps_.pop_back();
    }
    if (steps_.empty() || steps_.back().vus != vus) steps_.push_back({at, vus});
  }
  std::vector<Step> Take() { return std::move(steps_); }

 private:
  std::vector<Step> steps_;
};

// `duration` * `part` / `whole`: the product first, then a truncating division.
Nanos Fraction(Nanos duration, int64_t part, int64_t whole) {
  return Nanos(static_cast<int64_t>(Int128{duration.count()} * part / whole));
}

// Steps of a stage from `from` VUs that ends at `end`. Each count is reached when the straight line
// does.
void AddStage(StepList& steps, const Stage& stage, int64_t from, Nanos end) {
  const int64_t to = stage.target;
  if (from == to) return;
  if (stage.duration == Nanos::zero()) return steps.Add(end, to);
  if (from < to) {
    for (int64_t n = from + 1; n <= to; ++n) {
      steps.Add(end - Fraction(stage.duration, to - n, to - from), n);
    }
  } else {
    for (int64_t n = from - 1; n >= to; --n) {
      steps.Add(end - Fraction(stage.duration, n - to, from - to), n);
    }
  }
}

// The plan without the forced end: the last count goes on.
StepList OpenSteps(const Scenario& scenario) {
  StepList steps;
  if (scenario.executor != ExecutorKind::kRampingVus) {
    steps.Add(Nanos::zero(), MaxVus(scenario));
    return steps;
  }
  steps.Add(Nanos::zero(), scenario.start_vus);
  int64_t vus = scenario.start_vus;
  Nanos end{0};
  for (const Stage& stage : scenario.stages) {
    end += stage.duration;
    AddStage(steps, stage, vus, end);
    vus = stage.target;
  }
  return steps;
}

// A count that is kept until `until` because it was planned until `until` - grace.
struct Kept {
  int64_t vus = 0;
  Nanos until{0};
};

// Each count is kept for `grace` after the plan left it, the largest kept one counts: a sliding
// maximum.
StepList KeepFor(const std::vector<Step>& planned, Nanos grace) {
  StepList steps;
  std::deque<Kept> kept;  // vus falls, until rises: the front counts
  const auto expire = [&](Nanos now) {
    while (!kept.empty() && kept.front().until <= now) {
      const Nanos at = kept.front().until;
      kept.pop_front();
      steps.Add(at, kept.empty() ? 0 : kept.front().vus);
    }
  };
  for (size_t i = 0; i < planned.size(); ++i) {
    const bool last = i + 1 == planned.size();
    expire(planned[i].at);
    while (!kept.empty() && kept.back().vus <= planned[i].vus) kept.pop_back();
    kept.push_back({planned[i].vus, last ? Nanos::max() : planned[i + 1].at + grace});
    steps.Add(planned[i].at, kept.front().vus);
  }
  while (kept.size() > 1) expire(kept.front().until);
  return steps;
}

}  // namespace

std::vector<Step> PlannedSteps(const Scenario& scenario) {
  StepList steps = OpenSteps(scenario);
  steps.Add(RegularDuration(scenario), 0);
  return steps.Take();
}

std::vector<Step> ReservedSteps(const Scenario& scenario) {
  const bool ramps = scenario.executor == ExecutorKind::kRampingVus;
  const std::vector<Step> kept =
      KeepFor(OpenSteps(scenario).Take(), ramps ? scenario.graceful_ramp_down : Nanos::zero())
          .Take();
  const Nanos end = RegularDuration(scenario) + scenario.graceful_stop;
  StepList steps;
  for (const Step& step : kept) {
    if (step.at < end) steps.Add(step.at, step.vus);
  }
  steps.Add(end, 0);
  return steps.Take();
}

int64_t VusAt(const std::vector<Step>& steps, Nanos at) {
  const auto after = std::upper_bound(steps.begin(), steps.end(), at,
                                      [](Nanos time, const Step& step) { return time < step.at; });
  return after == steps.begin() ? 0 : std::prev(after)->vus;
}

}  // namespace kload
