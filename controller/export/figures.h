// What /metrics shows, as plain values: the agents and the runs of one moment.
//
// Data path: Roster, Run (core) -> ClusterFigures -> Exporter -> Prometheus.
// Thread:    plain values, made and read on the core thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controller/merge/cluster_series.h"

namespace kload::controller {

struct AgentFigures {
  std::string name;
  std::string state;  // idle, busy, away, lost
  bool up = false;    // connected and heard of lately
  double cpu_ratio = 0;
  uint64_t rss_bytes = 0;
  Nanos loop_lag{0};  // worst of the last interval
  Nanos heartbeat_age{0};
  int64_t vus_active = 0;
  int64_t vus_scheduled = 0;
  uint64_t deltas = 0;  // of this process of the agent
  uint64_t deltas_duplicate = 0;
};

struct RunFigures {
  std::string id;
  std::string script;
  std::string state;  // waiting, preparing, setup, running, teardown, finished
  Nanos started_unix{0};
  std::optional<int> exit_code;  // of a finished run
  std::string
      soundness;  // of what is measured so far: trustworthy, degraded, invalid; empty: not judged
  const ClusterSeries* series = nullptr;  // borrowed for the call; null: nothing measured
};

struct ClusterFigures {
  std::string version;
  Nanos started_unix{0};  // when the controller's process began
  std::vector<AgentFigures> agents;
  std::vector<RunFigures> runs;  // unfinished ones, and the last finished one
  uint64_t runs_started = 0;     // since the process began
};

}  // namespace kload::controller
