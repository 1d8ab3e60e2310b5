#include "agent/link/delta_merger.h"

#include <algorithm>
#include <utility>

namespace kload::agent {
namespace {

constexpr Nanos kSecond = std::chrono::seconds(1);

// The whole second at or after `at`.
Nanos SecondOf(Nanos at) { return std::chrono::ceil<std::chrono::seconds>(at); }

void AddHealth(AgentHealth& sum, const AgentHealth& part) {
  sum.loop_lag_max = std::max(sum.loop_lag_max, part.loop_lag_max);
  sum.series += part.series;
  sum.samples_overflowed += part.samples_overflowed;
  sum.vus_scheduled += part.vus_scheduled;
  sum.vus_active += part.vus_active;
  sum.vus_initialized += part.vus_initialized;
  sum.iterations_late += part.iterations_late;
  sum.iterations_dropped += part.iterations_dropped;
  sum.generator_errors += part.generator_errors;
}

void AddProgress(std::vector<ScenarioProgress>& sum, const std::vector<ScenarioProgress>& part) {
  if (sum.size() < part.size()) sum.resize(part.size());
  for (size_t i = 0; i < part.size(); ++i) {
    sum[i].name = part[i].name;
    sum[i].vus_active += part[i].vus_active;
    sum[i].iterations_complete += part[i].iterations_complete;
    sum[i].iterations_interrupted += part[i].iterations_interrupted;
  }
}

}  // namespace

std::vector<Delta> DeltaMerger::Add(uint32_t worker, WorkerDelta part) {
  Worker& from = workers_[worker];
  from.reached = std::max(from.reached, part.interval_end);
  // Not if it did not know yet what is to come.
  from.ended = part.ended && part.parts_adopted == parts_adopted_;
  // What comes after its second was closed, and the rest of a worker that has ended, counts for the next second.
  const Nanos second = std::max(SecondOf(part.interval_end), closed_end_ + kSecond);
  Interval& interval = open_[second];
  interval.series.Add(std::move(part.series));
  interval.states[worker] = {part.health, std::move(part.scenarios)};

  std::vector<Delta> complete;
  const Nanos up_to = CompleteUpTo();
  while (!open_.empty() && open_.begin()->first <= up_to) {
    auto first = open_.extract(open_.begin());
    complete.push_back(Close(first.key(), std::move(first.mapped())));
  }
  if (!complete.empty() && open_.empty() &&
      std::all_of(workers_.begin(), workers_.end(), [](const Worker& w) { return w.ended; })) {
    Delta& last = complete.back();
    Nanos end = last.interval_start;
    for (const Worker& each : workers_) end = std::max(end, each.reached);
    last.interval_end = std::min(last.interval_end, end);
    last.final = true;
    closed_end_ = last.interval_end;
    ended_ = true;
  }
  return complete;
}

void DeltaMerger::Reopen(size_t parts) {
  parts_adopted_ += parts;
  ended_ = false;
  for (Worker& worker : workers_) worker.ended = false;
}

Delta DeltaMerger::OfPhase(std::vector<SeriesDelta> series) const {
  Delta delta;
  delta.run_id = run_id_;
  delta.interval_start = closed_end_;
  delta.interval_end = closed_end_;
  delta.series = std::move(series);
  for (const Worker& worker : workers_) {
    AddHealth(delta.health, worker.state.health);
    AddProgress(delta.scenarios, worker.state.scenarios);
  }
  return delta;
}

// Ended workers hold nobody up.
Nanos DeltaMerger::CompleteUpTo() const {
  Nanos slowest = Nanos::max();
  Nanos fastest{0};
  for (const Worker& worker : workers_) {
    fastest = std::max(fastest, worker.reached);
    if (!worker.ended) slowest = std::min(slowest, worker.reached);
  }
  return std::max(slowest, fastest - kPatience);
}

Delta DeltaMerger::Close(Nanos interval_end, Interval interval) {
  Delta delta;
  delta.run_id = run_id_;
  delta.interval_start = closed_end_;
  delta.interval_end = interval_end;
  closed_end_ = interval_end;
  delta.series = interval.series.Take();
  for (size_t i = 0; i < workers_.size(); ++i) {
    const auto here = interval.states.find(static_cast<uint32_t>(i));
    Worker& worker = workers_[i];
    if (here != interval.states.end()) {
      worker.state = std::move(here->second);
    } else {
      worker.state.health.loop_lag_max = Nanos::zero();
    }
    AddHealth(delta.health, worker.state.health);
    AddProgress(delta.scenarios, worker.state.scenarios);
  }
  return delta;
}

}  // namespace kload::agent
