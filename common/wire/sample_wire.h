// SampleBatch <-> kload.v1.SampleBatch.
//
// Data path: SampleBatch (agent) -> EncodeSamples() -> controller, which translates its time and passes it on unread ->
//            DecodeSamples() (kctl).
// Thread:    pure functions.
#pragma once

#include <absl/status/statusor.h>

#include "common/metric/sample_batch.h"
#include "kload/v1/metrics.pb.h"

namespace kload::wire {

// Run, sequence and what was dropped are left to the caller. base_ns is the first point's time.
v1::SampleBatch EncodeSamples(const SampleBatch& batch);

// Errors: InvalidArgument naming the field, for an index beyond its table, columns of different lengths, tags that are
// not sorted, a value that is not finite, a metric of a type that this version does not know.
absl::StatusOr<SampleBatch> DecodeSamples(const v1::SampleBatch& message);

}  // namespace kload::wire
