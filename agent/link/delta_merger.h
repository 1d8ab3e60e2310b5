// Makes one delta a second out of the workers' parts.
//
// Data path: WorkerDelta (workers) -> DeltaMerger -> Delta -> Outbox.
// Thread:    the link's; a plain value.
// Rule:      the delta of second k waits for every worker's tick k, but not longer than until another worker is kPatience
//            ahead; what a late worker brings then goes into the next delta. Nothing is lost, nothing counted twice.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/link/series_map.h"
#include "agent/worker/messages.h"
#include "common/metric/delta.h"

namespace kload::agent {

class DeltaMerger {
 public:
  static constexpr Nanos kPatience = std::chrono::seconds(3);

  DeltaMerger(std::string run_id, uint32_t workers)
      : run_id_(std::move(run_id)), workers_(workers) {}

  // The deltas that are complete now, by rising interval_end; the last one is final. Sequence, CPU and memory are left out.
  std::vector<Delta> Add(uint32_t worker, WorkerDelta part);
  // What setup() or teardown() measured, as a delta of no length at the current end.
  Delta OfPhase(std::vector<SeriesDelta> series) const;
  // Whether the final delta was given, and nothing came to the load since.
  bool ended() const { return ended_; }
  // The workers are given further parts: each of them ends once more, after it has heard of them. Another final delta follows.
  void Reopen(size_t parts);

 private:
  struct State {
    AgentHealth health;
    std::vector<ScenarioProgress> scenarios;
  };
  struct Worker {
    State state;  // as of its latest part that went into a delta
    Nanos reached{0};
    bool ended = false;
  };
  struct Interval {
    SeriesSum series;
    std::map<uint32_t, State> states;  // by worker
  };

  Nanos CompleteUpTo() const;
  Delta Close(Nanos interval_end, Interval interval);

  const std::string run_id_;
  std::vector<Worker> workers_;
  std::map<Nanos, Interval> open_;  // by interval_end
  Nanos closed_end_{0};
  size_t parts_adopted_ = 0;
  bool ended_ = false;
};

}  // namespace kload::agent
