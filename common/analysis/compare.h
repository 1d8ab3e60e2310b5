// Two runs of one plan: what changed, and whether that is more than chance.
//
// Data path: Result before, Result after -> Compare() -> `kctl compare`.
// Thread:    pure functions.
// Method:    a quantile's change has the interval of order statistics of both merged histograms (DifferenceInterval). Requests
//            that run at the same time are slow together, so that N of them tell less than N independent ones: by how much
//            is measured from blocks of the two runs' seconds, paired by run time (which takes out what the plan itself
//            does over time), and widens the interval (design effect). With all that is tested at once the chance of a
//            single false alarm stays below 1 - confidence (Bonferroni).
// Figures:   tests/unit/common/analysis/compare_test.cc measures false alarms and what is found on synthetic runs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/analysis/statistics.h"
#include "common/result/result.h"

namespace kload::analysis {

enum class Change { kSame, kBetter, kWorse, kTooFewSamples };
// same, better, worse, too few samples.
std::string_view ChangeName(Change change);

struct Comparison {
  std::string subject = {};  // "all requests", or "GET /path"
  std::string measure = {};  // p50, p95, p99, failed, requests/s
  std::string unit = {};     // ms, %, /s
  double before = 0;         // in the unit
  double after = 0;
  Interval difference = {};  // of after - before
  double relative = 0;       // after / before - 1; of failed: after - before, in percentage points
  Change change = Change::kSame;
};

struct CompareOptions {
  double confidence = 0.95;    // of no false alarm in the whole table
  double min_change = 0.05;    // relative; smaller changes are the same, however certain
  double min_change_ms = 0.5;  // likewise, of times
  double min_failed = 0.001;   // likewise, of the failed share
};

struct RunComparison {
  std::vector<Comparison> rows = {};           // the whole run first, then by endpoint
  std::vector<std::string> incomparable = {};  // why the runs cannot be compared; empty: they can
  std::vector<std::string>
      remarks;  // worth knowing: endpoints of one run alone, other number of agents ...
  Change verdict = Change::kSame;  // too few samples: no latency can be told
  double design_effect = 1;        // of the p95 of all requests
};

RunComparison Compare(const Result& before, const Result& after, const CompareOptions& options);

}  // namespace kload::analysis
