// Whether something rises or falls over a time of constant load: slow leaks, growing tables, filling disks.
//
// Thread: pure functions.
// Method: the slope is that of Theil and Sen (median of the slopes of all pairs), whose interval comes from Kendall's
//         statistic; the variance of that is raised by what the residuals' autocorrelation makes it (lag 1).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/analysis/statistics.h"
#include "common/analysis/window.h"
#include "common/result/result.h"

namespace kload::analysis {

struct Slope {
  double per_hour = 0;
  Interval interval = {};  // of it
  double level = 0;        // median of the values
};
// hours and values are of the same size, at least kSlopePoints. 0.5 < confidence < 1.
std::optional<Slope> TheilSen(const std::vector<double>& hours, const std::vector<double>& values,
                              double confidence);
inline constexpr size_t kSlopePoints = 10;

enum class DriftKind { kLatency, kFailures, kWatched };

struct Drift {
  DriftKind kind = DriftKind::kLatency;
  std::string subject = {};  // p95, failed, or the name of a watched metric
  std::string unit = {};     // ms, %, or empty
  Slope slope = {};
  double change =
      0;  // over the time looked at, relative to the level; of failed: in percentage points
  bool found = false;  // the interval leaves 0 out, and the change is worth a word
};

struct SteadyPart {
  Nanos from{0};
  Nanos to{0};
  double vus = 0;
};
// The longest time of a load that stays within a tenth; nothing when that is shorter than a third of the run.
std::optional<SteadyPart> FindSteadyPart(const std::vector<ResultPoint>& points);

// Of p95, the failed share and everything watched. Empty when the run has no steady part.
std::vector<Drift> FindDrifts(const Result& result, double confidence = 0.99);

}  // namespace kload::analysis
