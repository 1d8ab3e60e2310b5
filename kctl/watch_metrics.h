// --watch-metrics, --watch and --watch-interval: what of the target's own metrics is read during a run, and how it is shown.
//
// Data path: RunFlags -> StartRunRequest.watch -> controller -> GetRunResponse.watched -> rows of a table, JSON.
// Thread:    pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <utility>
#include <vector>

#include "kctl/flags.h"
#include "kload/v1/control.pb.h"

namespace kload::kctl {

using NamedExpression = std::pair<std::string, std::string>;

// What the flags ask for, and after that `extra`, of another source. Without a URL: an empty message, nothing is watched.
// Expressions are not looked into: the controller does that.
// Errors: InvalidArgument for --watch that is not NAME=EXPRESSION, a bad --watch-interval, one of the flags without the other.
absl::StatusOr<v1::TargetWatch> WatchFromFlags(const RunFlags& flags,
                                               const std::vector<NamedExpression>& extra = {});

// Rows for the sparkline table: name, least..most, blocks; without series that have no points.
std::vector<std::vector<std::string>> WatchedRows(const v1::GetRunResponse& run, size_t columns);
// A line for each problem; empty: none.
std::string WatchedProblems(const v1::GetRunResponse& run);
// Both, as a section of the summary; empty: nothing was watched.
std::string WatchedText(const v1::GetRunResponse& run);

}  // namespace kload::kctl
