// What one agent measured since its last delta.
//
// Data path: Recorder (agent) -> Delta -> wire -> ClusterSeries (controller).
// Thread:    a plain value, moved from thread to thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/metric/metric.h"
#include "common/metric/sink.h"

namespace kload {

// Tag names and values, sorted by name, each name once.
using Tags = std::vector<std::pair<std::string, std::string>>;

// One time series: immutable and shared, so that threads may hand it around.
struct SeriesKey {
  MetricDef metric;
  Tags tags;
  friend bool operator==(const SeriesKey&, const SeriesKey&) = default;
};
using SeriesKeyPtr = std::shared_ptr<const SeriesKey>;

// Value of the tag, or null.
const std::string* FindTag(const Tags& tags, std::string_view name);

struct SeriesDelta {
  SeriesKeyPtr key;
  Sink increment;
};

struct AgentHealth {
  double cpu_ratio = 0;   // CPU seconds per second of the whole process
  Nanos loop_lag_max{0};  // worst lateness of a worker's timer within the interval
  uint64_t rss_bytes = 0;
  uint64_t series = 0;
  uint64_t samples_overflowed = 0;
  int64_t vus_scheduled = 0;  // what the plan wants of this agent at interval_end
  int64_t vus_active = 0;     // running, those that finish an iteration after ramp-down included
  int64_t vus_initialized = 0;
  double cores = 0;                 // CPUs that the process may use; 0: not known
  uint64_t iterations_late = 0;     // begun too late after they were due, since the run's start
  uint64_t iterations_dropped = 0;  // since the run's start
  uint64_t generator_errors = 0;   // requests that failed for a lack of the agent's own, since then
  Nanos stalled{0};                // longest time within the interval without running at all
  double cpu_throttled_ratio = 0;  // share of the interval that the cgroup's limit took
};

struct ScenarioProgress {
  std::string name;
  int64_t vus_active = 0;
  uint64_t iterations_complete = 0;  // since the run's start
  uint64_t iterations_interrupted = 0;
};

struct Delta {
  std::string run_id;
  uint64_t sequence = 0;    // from 1; per agent incarnation and run
  Nanos interval_start{0};  // run time
  Nanos interval_end{0};
  std::vector<SeriesDelta> series;  // changed ones only
  AgentHealth health;
  std::vector<ScenarioProgress> scenarios;
  bool final = false;  // all VUs of the run have ended
};

}  // namespace kload
