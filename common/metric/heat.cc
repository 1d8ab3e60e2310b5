#include "common/metric/heat.h"

#include <algorithm>
#include <cmath>

namespace kload {
namespace {

constexpr double kFirstMs = 0.1;
constexpr double kPerDoubling = 4;
constexpr double kMsPerSecond = 1000;  // the histogram of a time holds seconds

}  // namespace

double HeatUpperEdge(size_t bucket) {
  return kFirstMs * std::exp2(static_cast<double>(bucket) / kPerDoubling);
}

size_t HeatBucket(double ms) {
  if (!(ms > kFirstMs)) return 0;
  // A little less, so that an edge belongs to the bucket that it ends.
  const double bucket = std::ceil(std::log2(ms / kFirstMs) * kPerDoubling - 1e-9);
  return bucket >= double(kHeatBuckets) ? kHeatBuckets - 1 : static_cast<size_t>(bucket);
}

std::vector<uint64_t> HeatOf(const TrendSink& times) {
  std::vector<uint64_t> heat(kHeatBuckets);
  heat[0] = times.histogram.zero_count();
  times.histogram.positive().ForEach([&](int32_t index, uint64_t count) {
    heat[HeatBucket(BucketUpperEdge(index) * kMsPerSecond)] += count;
  });
  while (!heat.empty() && heat.back() == 0) heat.pop_back();
  return heat;
}

}  // namespace kload
