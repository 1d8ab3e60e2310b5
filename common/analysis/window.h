// A run's seconds in longer windows, which chance moves less.
#pragma once

#include <vector>

#include "common/result/result.h"

namespace kload::analysis {

struct Window {
  Nanos at{0};  // run time of its end
  Nanos length{0};
  double vus = 0;  // mean
  double requests = 0;
  double requests_per_second = 0;
  double failed_ratio = 0;
  double p50 = 0;  // ms; means of the seconds', weighted by their requests
  double p95 = 0;
  double p99 = 0;
};

// Windows of equal numbers of points, as many as `count` or fewer, at least `shortest` long; the rest at the end is left
// out unless it is at least half as long.
std::vector<Window> WindowsOf(const std::vector<ResultPoint>& points, size_t count,
                              Nanos shortest = std::chrono::seconds(1));

}  // namespace kload::analysis
