// What a script says about itself: its init code is run once, with a host that refuses I/O.
//
// Data path: Bundle (kctl) -> InspectScript() -> options and metrics -> PlanTest(), ParseThresholds().
// Thread:    runs JavaScript on the caller's thread and stack; init code that loops is cut off.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <vector>

#include "common/k6/bundle.h"
#include "common/metric/metric.h"

namespace kload::controller {

struct Inspection {
  std::string options_json;            // the exported `options`; "{}" when there are none
  std::vector<std::string> functions;  // exported functions: "default", "setup" ...
  MetricTable metrics;                 // built-in ones and what init code declared
};

// `env` is __ENV.
// Errors: InvalidArgument for a syntax error or an exception in init code (k6's exit code 107),
// with file:line:column and
//         the JS stack as far as the engine knows them; NotFound for an import that is not in the
//         bundle.
absl::StatusOr<Inspection> InspectScript(const k6::Bundle& bundle,
                                         const std::map<std::string, std::string>& env);

}  // namespace kload::controller
