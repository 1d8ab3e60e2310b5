#include "common/analysis/recovery.h"

#include <algorithm>

#include "common/analysis/statistics.h"

namespace kload::analysis {
namespace {

constexpr double kSpike = 3;
constexpr double kBack = 1.5;  // times the base: the load is back
constexpr double kNear = 1.25;
constexpr double kNearMs = 1;
constexpr double kNearFailed = 0.01;

struct Base {
  double vus = 0;
  double p95 = 0;
  double failed = 0;
};

// What the windows before the load's rise are like: those that have at most 1.5 times the least load among them.
std::optional<Base> BaseBefore(const std::vector<Window>& windows, size_t peak) {
  std::vector<double> vus;
  std::vector<double> p95;
  std::vector<double> failed;
  size_t first = 0;
  while (first < peak && windows[first].vus < 1) ++first;
  // A ramp from nothing to the base comes first: the base is where the load stays, just before it rises to the peak.
  for (size_t i = first; i < peak; ++i) {
    if (windows[i].vus * kSpike > windows[peak].vus || windows[i].requests <= 0) continue;
    vus.push_back(windows[i].vus);
    p95.push_back(windows[i].p95);
    failed.push_back(windows[i].failed_ratio);
  }
  if (vus.empty()) return std::nullopt;
  return Base{*std::max_element(vus.begin(), vus.end()), Median(p95), Median(failed)};
}

bool Near(const Window& window, const Base& base) {
  return window.p95 <= std::max(base.p95 * kNear, base.p95 + kNearMs) &&
         window.failed_ratio <= base.failed + kNearFailed;
}

}  // namespace

std::optional<Recovery> FindRecovery(const std::vector<Window>& windows) {
  if (windows.empty()) return std::nullopt;
  const auto peak_at =
      std::max_element(windows.begin(), windows.end(),
                       [](const Window& a, const Window& b) { return a.vus < b.vus; });
  const auto peak = static_cast<size_t>(peak_at - windows.begin());
  const std::optional<Base> base = BaseBefore(windows, peak);
  if (!base || peak_at->vus < kSpike * base->vus) return std::nullopt;
  size_t last = windows.size();
  while (last > 0 && windows[last - 1].requests <= 0) --last;
  size_t back = peak;
  while (back < last && windows[back].vus > kBack * base->vus) ++back;
  if (back >= last || back == 0) return std::nullopt;
  Recovery recovery{.base_vus = base->vus,
                    .peak_vus = peak_at->vus,
                    .base_p95 = base->p95,
                    .load_back = windows[back - 1].at};
  for (size_t i = 0; i < back; ++i) {
    recovery.peak_p95 = std::max(recovery.peak_p95, windows[i].p95);
  }
  size_t good = last;
  while (good > back && Near(windows[good - 1], *base)) --good;
  if (good < last) {
    recovery.took =
        std::max(Nanos(0), windows[good].at - windows[good].length - recovery.load_back);
  }
  return recovery;
}

}  // namespace kload::analysis
