// Init code: loads a compiled script into a realm's engine and runs its top level.
//
// Thread: that of the realm.
#pragma once

#include <absl/status/statusor.h>

#include "common/js/value.h"
#include "common/k6/realm.h"

namespace kload::k6 {

// Installs the globals, loads all modules and runs them; the realm is in Phase::kRun then. Returns the main module's
// namespace object.
// Bound:  a minute, for init code that loops.
// Errors: InvalidArgument with the exception and its JS stack; NotFound or FailedPrecondition when it was a file that
//         could not be opened.
absl::StatusOr<js::Value> EvaluateScript(Realm& realm);

}  // namespace kload::k6
