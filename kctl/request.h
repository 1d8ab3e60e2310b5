// From flags to what the controller is asked: checks every value before anything is sent.
//
// Data path: RunFlags -> StartRunRequest -> controller.
// Thread:    pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <vector>

#include "common/summary/summary.h"
#include "kctl/flags.h"
#include "kload/v1/control.pb.h"

namespace kload::kctl {

// The options that were given as flags, as a JSON object in the spelling of a script's `options`;
// "{}" without any. Errors: InvalidArgument naming flag and value, for durations without a unit,
// stages without a target, bad tags.
absl::StatusOr<std::string> OptionsJson(const RunFlags& flags);

// __ENV: the environment when it is included (`system_default` unless the flag says otherwise),
// then `files` (--env-file), then -e, which wins. `environment`: NAME=VALUE texts; names that k6 would
// refuse are left out.
// `-e NAME` means an empty value. Errors: InvalidArgument for an -e with a name that does not match
// ^[a-zA-Z_][a-zA-Z0-9_]*$.
absl::StatusOr<std::map<std::string, std::string>> ScriptEnv(
    const RunFlags& flags, bool system_default, const std::vector<std::string>& environment,
    const std::map<std::string, std::string>& files = {});

// Splits "selector=expression" at the first "=" outside of braces:
// http_req_duration{name:a=b}=p(95)<200. Errors: InvalidArgument when a side is missing.
absl::StatusOr<std::pair<std::string, std::string>> SplitThreshold(const std::string& text);

// compact, full, legacy, disabled. Errors: InvalidArgument naming the four.
absl::StatusOr<SummaryMode> ParseSummaryMode(const std::string& text);

// Everything of the request but the script itself. `agents_default`: when --agents is not given (0:
// all connected). Errors: as above; also for --time-scale that is not positive, a bad
// --agents-timeout and those of WatchFromFlags().
absl::StatusOr<v1::StartRunRequest> BuildRequest(const RunFlags& flags, uint32_t agents_default,
                                                 const std::map<std::string, std::string>& env);

}  // namespace kload::kctl
