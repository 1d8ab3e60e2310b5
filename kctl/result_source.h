// Where a result comes from: a run of the controller, a baseline, or a file.
//
// Thread: main thread.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "kctl/client.h"
#include "kctl/flags.h"
#include "kload/v1/control.pb.h"

namespace kload::kctl {

// `source`: a file that there is (or ends in .json), @NAME for a baseline, else a run's id. The controller is dialled only
// for the latter two. Errors: NotFound, Unavailable, InvalidArgument for a file that holds no result.
absl::StatusOr<v1::GetRunResponse> LoadResult(const std::string& source, const GlobalFlags& global);

// Whether it is read from a file.
bool IsResultFile(const std::string& source);

}  // namespace kload::kctl
