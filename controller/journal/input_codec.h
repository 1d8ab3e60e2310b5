// RunInput <-> bytes, for the journal of a run.
//
// Thread: pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "common/base/clock.h"
#include "controller/run/run_event.h"

namespace kload::controller {

struct TimedInput {
  Nanos at{0};  // steady time of the process that recorded it
  RunInput input;
};

std::string EncodeInput(const RunInput& input, Nanos at);
// Errors: DataLoss for what no version has written; InvalidArgument for a delta that cannot be true.
absl::StatusOr<TimedInput> DecodeInput(const std::string& bytes);

}  // namespace kload::controller
