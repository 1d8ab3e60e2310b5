// Enums of metrics <-> kload.v1: shared by deltas and summaries.
//
// Thread: pure functions.
#pragma once

#include <absl/status/statusor.h>

#include "common/metric/metric.h"
#include "kload/v1/metrics.pb.h"

namespace kload::wire {

v1::MetricType EncodeType(MetricType type);
v1::ValueKind EncodeKind(ValueKind kind);

// Errors: InvalidArgument for a number that this version does not know.
absl::StatusOr<MetricType> DecodeType(v1::MetricType message);
absl::StatusOr<ValueKind> DecodeKind(v1::ValueKind message);

}  // namespace kload::wire
