// A result as a file: the JSON of what a controller answers, so that nothing is lost on the way there and back.
//
// Data path: GetRunResponse -> file -> GetRunResponse, for `kctl report` and `kctl compare` where no controller has the run.
// Thread:    pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "kload/v1/control.pb.h"

namespace kload {

// An object with the members `kload_result` (1, the format's version) and `run`.
std::string ResultFileText(const v1::GetRunResponse& run);

// Takes such a text, or any JSON object that has one as its member `kload` (what --output writes).
// `name` is for messages. Errors: InvalidArgument saying what the file is instead.
absl::StatusOr<v1::GetRunResponse> ParseResultFile(std::string_view text, std::string_view name);

}  // namespace kload
