// The result of a run as plain values: what the controller computed and every export prints.
//
// Data path: ClusterSeries + Verdict (controller) -> RunSummary -> text, JSON (here) -> kctl.
// Units:     metric values are in the metric's unit at the script edge: ms for time, bytes for
// data.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/metric/metric.h"

namespace kload {

struct ThresholdResult {
  std::string expression;  // as written
  bool ok = true;
  std::string method;  // left side: p(95)
  double observed = 0;
  bool abort_on_fail = false;
};

struct MetricSummary {
  std::string name;    // http_req_duration or http_req_duration{name:login}
  std::string parent;  // the metric of a sub-metric, else empty
  MetricType type = MetricType::kCounter;
  ValueKind contains = ValueKind::kDefault;
  // k6's keys. counter: count, rate; gauge: value, min, max; rate: rate, passes (non-zero), fails;
  // trend: the trend_stats.
  std::map<std::string, double> values;
  std::vector<ThresholdResult> thresholds;
};

struct CheckSummary {
  std::string name;
  std::string path;  // "::group::name"
  uint64_t passes = 0;
  uint64_t fails = 0;
};

struct GroupSummary {
  std::string name;
  std::string path;
  std::vector<GroupSummary> groups;
  std::vector<CheckSummary> checks;  // first-seen order
  // Of samples in this very group, inner groups left out; only in a full summary.
  std::vector<MetricSummary> metrics = {};
};

struct AgentSummary {
  std::string name;
  bool lost = false;
  Nanos lost_at{0};  // run time
  uint64_t deltas = 0;
  uint64_t requests = 0;
  double cpu_ratio_max = 0;
  Nanos loop_lag_max{0};
  Nanos lost_until{0};        // run time at which its part went on elsewhere; 0: it did not
  std::string lost_why = {};  // no heartbeat for 3s
  Nanos joined_at{0};         // run time; 0: from the start
  uint64_t iterations = 0;
  uint64_t iterations_late = 0;
  uint64_t iterations_dropped = 0;
  uint64_t generator_errors = 0;
  uint64_t deltas_duplicate = 0;
  double cores = 0;
};

// Whether a result can be believed.
enum class SoundnessLabel {
  kNotJudged,
  kTrustworthy,
  kDegraded,  // right in what it counts, but some load or precision is missing
  kInvalid,   // must not be used to judge the target
};

// trustworthy, degraded, invalid; empty when it was not judged.
std::string_view SoundnessName(SoundnessLabel label);

struct Finding {
  SoundnessLabel label = SoundnessLabel::kDegraded;
  std::string reason;  // a sentence
  std::string agent;   // empty: the cluster
  Nanos from{0};       // run time
  Nanos to{0};
};

struct Soundness {
  SoundnessLabel label = SoundnessLabel::kNotJudged;
  std::vector<Finding> findings;  // by severity, then time
};

// Something that happened to a run.
struct RunNote {
  Nanos at{0};  // run time; negative: before the load began
  Nanos unix_time{0};
  std::string kind;   // phase, agent-lost, agent-joined, re-dealt, scaled, stopped, warning, ...
  std::string agent;  // empty: none in particular
  std::string text;   // a sentence
};

struct RunSummary {
  std::string run_id;
  std::string script;
  Nanos duration{0};
  Nanos started_unix{0};
  std::vector<std::string> trend_stats;  // column order
  std::vector<MetricSummary> metrics;    // only those with samples or thresholds
  GroupSummary root_group;
  // Each scenario's part, by name; its groups hold checks only. Only in a full summary.
  std::vector<GroupSummary> scenarios;
  std::vector<AgentSummary> agents;
  std::vector<std::string> warnings;
  Soundness soundness;
  std::vector<RunNote> notes;     // by time
  std::string summary_time_unit;  // "", s, ms, us
  bool no_thresholds = false;
};

enum class SummaryMode { kCompact, kFull, kLegacy, kDisabled };

// End-of-test summary in k6's current layout (compact, full) or in that of the legacy text summary.
// `color`: ANSI colours, for a terminal only.
std::string RenderSummary(const RunSummary& summary, SummaryMode mode, bool color);

// What the surroundings of a handleSummary() call are like.
struct SummarySurroundings {
  bool no_color = false;
  bool stdout_is_terminal = false;
  bool stderr_is_terminal = false;
  std::string setup_json;  // what setup() returned; empty: undefined
};
// k6's argument of handleSummary(), as JSON.
std::string HandleSummaryJson(const RunSummary& summary, const SummarySurroundings& surroundings);

// The file of k6's --summary-export: 4-space JSON; a threshold's boolean there is true when it
// FAILED.
std::string SummaryExportJson(const RunSummary& summary);

}  // namespace kload
