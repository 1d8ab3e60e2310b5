#include "common/analysis/window.h"

#include <algorithm>

namespace kload::analysis {
namespace {

Window Merge(const ResultPoint* first, size_t count) {
  Window window;
  double vus = 0;
  double failed = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  for (size_t i = 0; i < count; ++i) {
    const ResultPoint& point = first[i];
    const auto requests = static_cast<double>(point.requests);
    window.length += point.length;
    vus += static_cast<double>(point.vus);
    window.requests += requests;
    failed += static_cast<double>(point.failed);
    p50 += point.p50 * requests;
    p95 += point.p95 * requests;
    p99 += point.p99 * requests;
  }
  window.at = first[count - 1].at;
  window.vus = vus / static_cast<double>(count);
  const double seconds = std::chrono::duration<double>(window.length).count();
  if (seconds > 0) window.requests_per_second = window.requests / seconds;
  if (window.requests > 0) {
    window.failed_ratio = failed / window.requests;
    window.p50 = p50 / window.requests;
    window.p95 = p95 / window.requests;
    window.p99 = p99 / window.requests;
  }
  return window;
}

}  // namespace

std::vector<Window> WindowsOf(const std::vector<ResultPoint>& points, size_t count,
                              Nanos shortest) {
  std::vector<Window> windows;
  if (points.empty() || count == 0) return windows;
  const Nanos length = std::max(points.front().length, Nanos(1));
  const auto least = static_cast<size_t>((shortest + length - Nanos(1)) / length);
  const size_t size =
      std::max({(points.size() + count - 1) / count, least, static_cast<size_t>(1)});
  for (size_t i = 0; i < points.size(); i += size) {
    const size_t here = std::min(size, points.size() - i);
    if (here * 2 >= size) windows.push_back(Merge(&points[i], here));
  }
  return windows;
}

}  // namespace kload::analysis
