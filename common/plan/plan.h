// A test as it will run: validated scenarios, thresholds and options.
//
// Data path: script options (controller/script) -> TestPlan -> Slice per agent -> VuSchedule (agent).
// Thread:    plain values.
// Units:     Nanos; VU counts are cluster-wide totals.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/net/network_options.h"

namespace kload {

// The longest time in a plan, also of all stages together: sums of a few of them fit into Nanos.
inline constexpr Nanos kTimeMax = std::chrono::hours(24 * 366);
// The most VUs of a scenario, and of all scenarios together (k6's bound).
inline constexpr int64_t kVusMax = 100'000'000;

// The highest rate of arrivals, in iterations per time unit.
inline constexpr int64_t kRateMax = 1'000'000'000;

enum class ExecutorKind {
  kConstantVus,
  kRampingVus,
  kPerVuIterations,
  kSharedIterations,
  kConstantArrivalRate,
  kRampingArrivalRate,
  kExternallyControlled,
};

// k6's name, `ramping-vus`.
std::string_view ExecutorName(ExecutorKind kind);

struct Stage {
  Nanos duration{0};
  int64_t target =
      0;  // at the stage's end: VUs, or iterations per time unit (ramping-arrival-rate)
};

struct Scenario {
  std::string name = "default";
  ExecutorKind executor = ExecutorKind::kPerVuIterations;
  Nanos start_time{0};
  Nanos graceful_stop = std::chrono::seconds(30);
  std::string exec = "default";  // exported function that an iteration calls
  std::map<std::string, std::string> env;
  std::map<std::string, std::string> tags;

  int64_t vus =
      1;  // constant-vus, per-vu-iterations, shared-iterations; externally-controlled: at first
  Nanos duration{0};      // constant-vus, constant-arrival-rate, externally-controlled (0: no end)
  int64_t start_vus = 1;  // ramping-vus
  std::vector<Stage> stages;                            // ramping-vus, ramping-arrival-rate
  Nanos graceful_ramp_down = std::chrono::seconds(30);  // ramping-vus
  int64_t iterations = 1;  // per-vu-iterations: of each VU; shared-iterations: of all
  Nanos max_duration = std::chrono::minutes(10);  // *-iterations
  int64_t rate = 0;  // *-arrival-rate: iterations per time unit, of a ramp at its start
  Nanos time_unit = std::chrono::seconds(1);  // *-arrival-rate, > 0
  int64_t pre_allocated_vus = 0;              // *-arrival-rate: made before the test starts
  int64_t max_vus = 0;  // *-arrival-rate: >= pre_allocated_vus; externally-controlled

  // Cluster-wide 0-based index of this scenario's VU 0: scenarios hold consecutive ranges.
  int64_t first_vu = 0;
};

// Whether iterations start by the clock, whatever the VUs are doing.
bool IsArrivalRate(const Scenario& scenario);
// Whether `kctl scale` says how many VUs there are.
inline bool IsControlled(const Scenario& scenario) {
  return scenario.executor == ExecutorKind::kExternallyControlled;
}
// Iterations per second of a rate of the scenario, which is in iterations per time unit.
double PerSecond(int64_t rate, const Scenario& scenario);
// The most VUs that the scenario ever has at once.
int64_t MaxVus(const Scenario& scenario);
// Time from the scenario's start to when no new iteration starts; graceful periods are not part of
// it.
Nanos RegularDuration(const Scenario& scenario);
// k6's words: `Up to 50 looping VUs for 10m0s over 4 stages (gracefulRampDown: 30s, gracefulStop:
// 30s)`.
std::string Describe(const Scenario& scenario);

struct ThresholdSpec {
  std::string selector;    // metric, or metric{tag:value,...}
  std::string expression;  // p(95)<200
  bool abort_on_fail = false;
  Nanos delay_abort_eval{0};
};

// Bound of requests that one VU has under way at a time.
inline constexpr int64_t kParallelMax = 1000;

// Options that the whole run shares, with k6's defaults.
struct RunOptions {
  std::string user_agent;
  int64_t max_redirects = 10;
  bool throw_on_error = false;
  bool insecure_skip_tls_verify = false;
  bool no_connection_reuse = false;
  bool no_vu_connection_reuse = false;
  bool discard_response_bodies = false;
  bool no_cookies_reset = false;
  int64_t batch = 20;          // requests of one http.batch() at a time
  int64_t batch_per_host = 6;  // of these to one host
  Nanos handle_summary_timeout = std::chrono::seconds(120);
  NetworkOptions network;
  Nanos setup_timeout = std::chrono::seconds(60);
  Nanos teardown_timeout = std::chrono::seconds(60);
  Nanos min_iteration_duration{0};
  bool no_setup = false;
  bool no_teardown = false;
  std::map<std::string, std::string> tags;
  std::vector<std::string> system_tags;
  // Tags that a threshold selects by although they are off on series (url).
  std::vector<std::string> series_tags;
  std::vector<std::string> summary_trend_stats = {"avg", "min", "med", "max", "p(90)", "p(95)"};
  std::string summary_time_unit;  // "", s, ms or us
  // All options as they came out of their layers, a JSON object in k6's shape and order; what scripts
  // see of them. Times are as written, not scaled.
  std::string consolidated_options_json;
  // Multiplies sleep() in scripts. The plan's own times are already multiplied (see ScaleTime).
  double time_scale = 1;
};

struct TestPlan {
  std::vector<Scenario> scenarios;
  std::vector<ThresholdSpec> thresholds;
  RunOptions options;
};

// VUs of all scenarios together: the cluster-wide indices are [0, TotalVus).
int64_t TotalVus(const TestPlan& plan);
// Largest start + regular duration + graceful stop over the scenarios.
Nanos MaxDuration(const TestPlan& plan);
// Multiplies every stage, duration and start time, the minimum iteration duration and thresholds'
// delay_abort_eval (not the graceful periods nor timeouts) and sets options.time_scale. factor > 0.
void ScaleTime(TestPlan& plan, double factor);

}  // namespace kload
