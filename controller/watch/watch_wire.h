// What is watched, as rows of a run's history and as the answer to GetRun.
//
// A row is a GetRunResponse with nothing but `watched`: number kHeaderNumber names the series, with expressions and problems;
// each other one has the points of one look.
//
// Thread: pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "controller/watch/watch_spec.h"
#include "kload/v1/control.pb.h"

namespace kload::watch {

// Before those of all looks.
inline constexpr int64_t kHeaderNumber = -1;
// A look's row: by run time.
int64_t NumberOf(Nanos run_time);

// `problems`: by metric; empty: none.
std::string EncodeHeader(const WatchSpec& spec, const std::vector<std::string>& problems);
// `values`: by metric; errors are left out. Empty when nothing is left.
std::string EncodeReading(const WatchSpec& spec, Nanos run_time,
                          const std::vector<absl::StatusOr<double>>& values);

// Adds the rows, by number, to the answer. False: another version wrote them; what it could read is there.
bool AddWatched(const std::vector<std::string>& rows, v1::GetRunResponse& response);
// By metric, of a header that is among the rows; empty without one.
std::vector<std::string> ProblemsOf(const std::vector<std::string>& rows);

}  // namespace kload::watch
