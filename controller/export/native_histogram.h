// Our histogram as Prometheus' native one, of schema 3: buckets grow by 2^(1/8) = 1.09.
//
// Thread: pure functions.
// Source: common/metric/FORMAT.md; the numbering is Prometheus' own, so that merging 64 neighbours is exact.
#pragma once

#include "common/metric/metric.h"
#include "common/metric/sink.h"
#include "kload/remote_write/write.pb.h"

namespace kload::controller {

inline constexpr int kNativeSchema = 3;

// Everything but the timestamp. The sum is in the base unit, as the buckets are.
void FillNativeHistogram(const TrendSink& trend, ValueKind kind,
                         remote_write::Histogram& histogram);

}  // namespace kload::controller
