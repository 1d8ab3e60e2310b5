// Coarse buckets of durations, for heat maps: four per doubling from 0.1 ms on.
//
// Thread: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/metric/sink.h"

namespace kload {

// The last holds everything beyond 177 s.
inline constexpr size_t kHeatBuckets = 84;

// Inclusive upper edge of the bucket, in ms.
double HeatUpperEdge(size_t bucket);
// The bucket of a duration in ms.
size_t HeatBucket(double ms);
// Samples of a time metric by bucket; the last ones without samples are left out.
std::vector<uint64_t> HeatOf(const TrendSink& times);

}  // namespace kload
