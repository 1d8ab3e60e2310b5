// TestPlan and Slice <-> kload.v1.Plan and kload.v1.Slice.
//
// Data path: TestPlan (controller) -> wire -> agent; kctl describes the scenarios from it.
// Thread:    pure functions.
#pragma once

#include <absl/status/statusor.h>

#include "common/plan/part.h"
#include "common/plan/plan.h"
#include "common/plan/slice.h"
#include "kload/v1/plan.pb.h"

namespace kload::wire {

// What agents need of a plan: thresholds, trend stats and the summary's time unit stay with the
// controller.
v1::Plan EncodePlan(const TestPlan& plan);

// The inverse. time_scale 0 is read as 1.
// Errors: InvalidArgument naming the field, for what no validated plan has: a negative time or
// count, an executor that
//         this version does not know, no scenario, VU ranges that do not fit.
absl::StatusOr<TestPlan> DecodePlan(const v1::Plan& message);

v1::Slice EncodeSlice(Slice slice);
// Errors: InvalidArgument unless index < count.
absl::StatusOr<Slice> DecodeSlice(const v1::Slice& message);

v1::Part EncodePart(const Part& part);
// Errors: InvalidArgument for a slice as above, one beyond kSliceCountMax, a negative time or number.
absl::StatusOr<Part> DecodePart(const v1::Part& message);

}  // namespace kload::wire
