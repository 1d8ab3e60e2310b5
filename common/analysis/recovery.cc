#include "common/analysis/recovery.h"

#include <algorithm>
#include <cmath>

#include "common/analysis/statistics.h"

namespace kload::analysis {
namespace {

constexpr double kSpike = 3;
constexpr double kBack = 1.5;     // times the base: the load is back
constexpr double kSteady = 0.15;  // of a plateau, around its first window; or one VU
constexpr size_t kPlateauWindows = 5;
constexpr size_t kBeforeWindows = 3;
constexpr double kNear = 1.25;
constexpr double kNearMs = 1;
constexpr double kNearFailed = 0.01;

struct Span {
  size_t first = 0;
  size_t end = 0;
  size_t size() const { return end - first; }
};

bool SteadyWith(double vus, double level) {
  return std::abs(vus - level) <= std::max(1.0, kSteady * level);
}

// The longest time after the peak at which the load stays, far below it. A ramp-down is none: each of its windows leaves the
// one before.
Span PlateauAfter(const std::vector<Window>& windows, size_t peak) {
  Span best;
  for (size_t first = peak + 1; first < windows.size(); ++first) {
    const double level = windows[first].vus;
    if (level < 1 || level * kSpike > windows[peak].vus) continue;
    size_t end = first;
    while (end < windows.size() && windows[end].requests > 0 &&
           SteadyWith(windows[end].vus, level)) {
      ++end;
    }
    if (end - first > best.size()) best = {first, end};
  }
  return best;
}

struct Base {
  double vus = 0;
  double p95 = 0;
  double failed = 0;
};

// What the windows before the rise are like: those with no more load than is there again later.
std::optional<Base> BaseBefore(const std::vector<Window>& windows, size_t peak, double level) {
  std::vector<double> p95;
  std::vector<double> failed;
  for (size_t i = 0; i < peak && windows[i].vus <= kBack * level; ++i) {
    if (windows[i].requests <= 0) continue;
    p95.push_back(windows[i].p95);
    failed.push_back(windows[i].failed_ratio);
  }
  if (p95.size() < kBeforeWindows) return std::nullopt;
  return Base{level, Median(p95), Median(failed)};
}

// The window as it is with its neighbours: a single one may be slow for no reason.
bool Near(const std::vector<Window>& windows, size_t at, const Span& plateau, const Base& base) {
  std::vector<double> p95;
  std::vector<double> failed;
  constexpr size_t kTogether = 3;
  const size_t last_first = std::max(plateau.end, plateau.first + kTogether) - kTogether;
  const size_t first = std::clamp(at - std::min<size_t>(at, 1), plateau.first, last_first);
  for (size_t i = first; i < std::min(first + kTogether, plateau.end); ++i) {
    p95.push_back(windows[i].p95);
    failed.push_back(windows[i].failed_ratio);
  }
  return Median(p95) <= std::max(base.p95 * kNear, base.p95 + kNearMs) &&
         Median(failed) <= base.failed + kNearFailed;
}

}  // namespace

std::optional<Recovery> FindRecovery(const std::vector<Window>& windows) {
  if (windows.empty()) return std::nullopt;
  const auto peak_at =
      std::max_element(windows.begin(), windows.end(),
                       [](const Window& a, const Window& b) { return a.vus < b.vus; });
  const auto peak = static_cast<size_t>(peak_at - windows.begin());
  const Span plateau = PlateauAfter(windows, peak);
  if (plateau.size() < kPlateauWindows) return std::nullopt;
  const std::optional<Base> base = BaseBefore(windows, peak, windows[plateau.first].vus);
  if (!base) return std::nullopt;
  Recovery recovery{.base_vus = base->vus,
                    .peak_vus = peak_at->vus,
                    .base_p95 = base->p95,
                    .load_back = windows[plateau.first].at - windows[plateau.first].length};
  for (size_t i = 0; i < plateau.first; ++i) {
    recovery.peak_p95 = std::max(recovery.peak_p95, windows[i].p95);
  }
  size_t good = plateau.end;
  while (good > plateau.first && Near(windows, good - 1, plateau, *base)) --good;
  if (good < plateau.end) {
    recovery.took =
        std::max(Nanos(0), windows[good].at - windows[good].length - recovery.load_back);
  }
  return recovery;
}

}  // namespace kload::analysis
