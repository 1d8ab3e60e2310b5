// K6_ variables of the environment: options of the script, and what else flags can say.
//
// Data path: environment -> options layer of the StartRunRequest, RunFlags.
// Thread:    pure functions. `environment` is NAME=VALUE texts; an empty value counts as unset, as in k6.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "kctl/flags.h"

namespace kload::kctl {

// The options that K6_ variables set, as a JSON object in the spelling of a script's `options`; "{}" without
// any. Errors: InvalidArgument naming the variable.
absl::StatusOr<std::string> EnvironmentOptions(const std::vector<std::string>& environment);

// Fills what no flag has said: K6_SUMMARY_MODE, K6_SUMMARY_EXPORT, K6_NO_THRESHOLDS, K6_CONSOLE_OUTPUT,
// K6_INCLUDE_SYSTEM_ENV_VARS, K6_CONFIG, K6_TYPE. Errors: InvalidArgument naming the variable.
absl::Status CompleteFromEnvironment(const std::vector<std::string>& environment, RunFlags& flags);

// A sentence for each variable that k6 would act on and kload does not.
std::vector<std::string> IgnoredVariables(const std::vector<std::string>& environment);

// The value of a variable; empty when it is unset.
std::string VariableOf(const std::vector<std::string>& environment, std::string_view name);

// This process' own.
std::vector<std::string> EnvironmentEntries();

}  // namespace kload::kctl
