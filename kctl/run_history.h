// What `kctl get run ID` prints: one run from its history, for people and for programs.
//
// Thread: pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "kload/v1/control.pb.h"

namespace kload::kctl {

// What the run was, what happened to it, its figures over time as lines of blocks, and its summary if it has one.
// `color`: ANSI colours, for a terminal only. Errors: InvalidArgument for a summary that this version does not know.
absl::StatusOr<std::string> RunHistoryText(const v1::GetRunResponse& run, bool color);

// One object: the fields of RunsJson(), and options (as the script sees them), series (one object a second; *_ms in
// milliseconds), notes, watched (what the target said of itself) and summary (as --summary-export, null before the end). Errors: likewise.
absl::StatusOr<std::string> RunHistoryJson(const v1::GetRunResponse& run);

// At most `columns` blocks of eight heights; the highest value is a full one, where several share a block their largest counts.
std::string Sparkline(const std::vector<double>& values, size_t columns);

}  // namespace kload::kctl
