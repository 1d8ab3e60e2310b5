// TARGET_* variables of an --env-file: targets in the load-testing guide's form.
//
//   TARGET_P95_LATENCY=200        http_req_duration p(95)<200, in ms; likewise P50, P90, P99
//   TARGET_ERROR_RATE=0.01        http_req_failed rate<0.01
//   TARGET_CHECK_RATE=0.99        checks rate>0.99
//   TARGET_TIMEOUT_RATE=0.005     requests that timed out, at most
//   TARGET_CACHE_HIT_RATE=0.70    a watched metric of that name is at least 0.70 (--watch cache_hit_rate=...)
//
// Thread: pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <vector>

#include "common/analysis/targets.h"

namespace kload::kctl {

struct EnvTargets {
  std::vector<std::string> thresholds;          // SELECTOR=EXPRESSION
  std::vector<analysis::FigureTarget> figures;  // of watched metrics
  std::vector<std::string> warnings;            // variables that mean nothing here, a sentence each
};

// Errors: InvalidArgument for a value that is no number, or a rate that is not between 0 and 1.
absl::StatusOr<EnvTargets> TargetsOfEnv(const std::map<std::string, std::string>& variables);

}  // namespace kload::kctl
