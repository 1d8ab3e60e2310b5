// Whether an agent's delta can be true: what a broken or hostile agent says must not reach the result.
//
// Data path: Delta (decoded, so well-formed) -> here -> Ledger, ClusterSeries.
// Thread:    pure functions.
#pragma once

#include <absl/status/status.h>

#include "common/base/clock.h"
#include "common/metric/delta.h"
#include "common/plan/plan.h"

namespace kload::controller {

// How far ahead of us an agent's run time may be: its clock's offset is known to half a round trip. On top of it comes a
// share of the run time, for clocks that drift apart in long runs.
inline constexpr Nanos kClockAheadMax = std::chrono::seconds(2);
inline constexpr double kClockDriftMax = 0.001;
// More requests a second than any agent can make.
inline constexpr double kRequestsPerSecondMax = 10e6;

// `run_time`: ours; that since setup began before the load's start. Errors: InvalidArgument saying what cannot be.
absl::Status CheckPlausible(const Delta& delta, const TestPlan& plan, Nanos run_time);

}  // namespace kload::controller
