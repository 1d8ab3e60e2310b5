// k6::Bundle <-> kload.v1.Bundle.
//
// Thread: pure functions.
#pragma once

#include <absl/status/statusor.h>

#include "common/k6/bundle.h"
#include "kload/v1/plan.pb.h"

namespace kload::wire {

// With its hash.
v1::Bundle EncodeBundle(const k6::Bundle& bundle);

// Errors: InvalidArgument when the main script is not among the files; DataLoss when the hash does
// not fit the content.
absl::StatusOr<k6::Bundle> DecodeBundle(const v1::Bundle& message);

}  // namespace kload::wire
