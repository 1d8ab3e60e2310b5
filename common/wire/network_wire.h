// NetworkOptions <-> their fields of v1.RunOptions.
//
// Thread: pure functions.
#pragma once

#include <absl/status/status.h>

#include "common/net/network_options.h"
#include "kload/v1/plan.pb.h"

namespace kload::wire {

void EncodeNetwork(const NetworkOptions& options, v1::RunOptions& message);
// Errors: InvalidArgument naming the field; `options` is unspecified then.
absl::Status DecodeNetwork(const v1::RunOptions& message, NetworkOptions& options);

}  // namespace kload::wire
