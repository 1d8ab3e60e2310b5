// A script's options and the user's flags -> a validated test.
//
// Data path: InspectScript() -> options JSON; config file, environment, flags -> PlanTest() -> TestPlan -> slices.
// Thread:    pure functions.
// Source:    k6's rules, as its documentation and behaviour show them (README.md).
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/plan/plan.h"

namespace kload::controller {

struct PlanRequest {
  // The script's exported `options` as a JSON object; empty: none.
  std::string options_json;
  // Options given as flags, in the same shape; they win. Empty: none.
  std::string overrides_json;
  // More layers in that shape: the config file is weaker than the script, the environment's K6_* variables
  // stand between script and flags.
  std::string config_json;
  std::string environment_json;
  // --threshold: selector=expression, added to the script's.
  std::vector<std::string> thresholds;
  // Names of the script's exported functions, for scenarios' `exec`.
  std::vector<std::string> functions;
  double time_scale = 1;  // 0 means 1; see ScaleTime()
  bool no_thresholds = false;
  bool no_setup = false;
  bool no_teardown = false;
};

struct PlannedTest {
  TestPlan plan;
  // The options as the layers laid over each other give them, with --threshold's, nothing filled in.
  std::string merged_json;
  std::vector<std::string> warnings;  // a sentence each, for the log
};

// Merges, derives the default scenario from the shortcuts (vus, duration, iterations, stages) and
// validates. Thresholds have the right shape; their expressions and metrics are checked by the
// verdict. options.series_tags is left empty, it follows from the parsed thresholds. Errors:
// InvalidArgument, all problems at once, a line each with its place: `options.stages[1].duration:
// "ten" is not a
//         duration such as 30s, 1m30s ...`. k6's exit code for it is 104.
absl::StatusOr<PlannedTest> PlanTest(const PlanRequest& request);

// --threshold's `selector=expression`, split at the first '=' outside braces:
// http_req_duration=p(95)<150. Errors: InvalidArgument with the flag's text and an example.
absl::StatusOr<ThresholdSpec> ParseThresholdFlag(std::string_view text);

}  // namespace kload::controller
