// Whether the run passes: every threshold against the cluster's merged data, with k6's rules.
//
// Data path: ClusterSeries + Threshold -> Verdict -> exit code, summary.
// Thread:    the controller's core thread.
// Units:     values in the metric's unit at the script edge (ms for time).
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/summary/summary.h"
#include "controller/merge/cluster_series.h"
#include "controller/verdict/threshold.h"

namespace kload::controller {

// k6's sub-metric that always exists: `http_req_duration{expected_response:true}`.
Selector ExpectedResponses();

class Verdict {
 public:
  // How often a run calls Evaluate() before its end: k6's two seconds.
  static constexpr Nanos kInterval = std::chrono::seconds(2);

  enum class Pass {
    kTick,   // during the run: thresholds without any sample are skipped
    kFinal,  // after the last delta: every threshold counts, as 0 without samples; a rate without
             // samples passes
  };
  struct Decision {
    bool abort = false;  // a threshold with abortOnFail fails and its delay has passed
    std::vector<std::string>
        reasons;  // `http_req_failed: rate<0.01 (rate=0.5)` for each that asks for it
  };
  struct Outcome {
    Threshold threshold;
    ThresholdResult result;  // of the last evaluation; ok before the first
    bool evaluated = false;  // ever
  };

  // `thresholds` may be empty.
  explicit Verdict(std::vector<Threshold> thresholds);

  // Tells the series which selectors to keep up to date,
  // `http_req_duration{expected_response:true}` included. Call once, before the first delta.
  void WatchIn(ClusterSeries& series) const;

  // Evaluates all thresholds on what has been measured since the start. `elapsed` counts from the
  // test's start, setup included. A threshold's state is that of its last evaluation: nothing is
  // latched.
  Decision Evaluate(const ClusterSeries& series, Nanos elapsed, Pass pass);

  // Whether every threshold held at its last evaluation.
  bool passed() const;
  // Selectors with a failing threshold as written, sorted, each once: for k6's final error line.
  std::vector<std::string> FailedMetrics() const;
  // In the order of the specs.
  const std::vector<Outcome>& outcomes() const { return outcomes_; }

 private:
  std::vector<Outcome> outcomes_;
};

}  // namespace kload::controller
