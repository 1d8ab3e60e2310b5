// What a run is made of, as bytes: the request that it came from, and the clocks by which it was recorded.
//
// Thread: pure functions, but for admitting a run again (see AdmitRun) and reading the boot id.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "common/base/clock.h"
#include "controller/run/admission.h"

namespace kload::controller {

// A run that another process has recorded.
struct RecordedRun {
  AdmittedRun admitted;  // with id and creation time
  // What has to be added to the record's times to make them this process' steady ones.
  Nanos shift{0};
};

// `admitted` has its id and creation time; `now` and `unix_now` are the same moment.
std::string EncodeRun(const AdmittedRun& admitted, Nanos now, Nanos unix_now);
// Runs the script's init code. Errors: DataLoss for bytes that nobody wrote; FailedPrecondition when the run is not admitted
// any more.
absl::StatusOr<RecordedRun> DecodeRun(const std::string& bytes, Nanos now, Nanos unix_now);

}  // namespace kload::controller
