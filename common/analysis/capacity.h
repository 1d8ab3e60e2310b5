// What a run says about the target's capacity: where it breaks, and where more load brings nothing more.
//
// Data path: Result -> windows -> these -> findings, reports.
// Thread:    pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/analysis/window.h"
#include "common/result/result.h"

namespace kload::analysis {

// What a run must keep to count as healthy.
struct Limits {
  std::optional<double> p95_ms = {};
  std::optional<double> p99_ms = {};
  std::optional<double> failed_ratio = {};
  std::string source = {};  // where they come from: thresholds of the script, targets.yaml ...
};
// The run's own thresholds on http_req_duration p(95), p(99) and http_req_failed; the strictest of each.
Limits LimitsOf(const Result& result);

// The load from which on the limits were never kept again while it lasted.
struct BreakingPoint {
  Nanos at{0};
  double vus = 0;
  double requests_per_second = 0;
  std::string broke = {};  // "p95 612 ms > 500 ms"
};
// Nothing: the limits were kept, or left only at times. At least kBreakWindows windows must be beyond them.
std::optional<BreakingPoint> FindBreakingPoint(const std::vector<Window>& windows,
                                               const Limits& limits);
inline constexpr size_t kBreakWindows = 3;

// Throughput over VUs as two straight lines, the first through the origin: X = a N up to the knee, X = X_knee + b (N - N_knee) beyond.
struct Knee {
  double vus = 0;
  double requests_per_second = 0;
  double slope_before = 0;  // requests/s per VU
  double slope_after = 0;
  double r_squared = 0;  // of the two lines
  double p_value = 1;    // that one line would do: F test
};
// Of a run whose VUs are the plan's to say: with an arrival rate they are what the target makes of it, and the rate is the
// plan's. Nothing then, and as below.
std::optional<Knee> FindKnee(const Result& result);
// Nothing: throughput grows with the load to its end (p_value > 0.001, or the slope falls by less than half), or the load hardly changes.
std::optional<Knee> FindKnee(const std::vector<Window>& windows);

}  // namespace kload::analysis
