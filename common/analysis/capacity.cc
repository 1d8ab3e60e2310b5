#include "common/analysis/capacity.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "common/analysis/statistics.h"

namespace kload::analysis {
namespace {

// ---- Limits ------------------------------------------------------------------------------------

std::string WithoutSpaces(const std::string& text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return c != ' '; });
  return out;
}

// The number of "p(95)<200" or "p(95)<=200" for the method `p(95)`.
std::optional<double> UpperBound(const std::string& expression, std::string_view method) {
  const std::string text = WithoutSpaces(expression);
  if (!text.starts_with(method)) return std::nullopt;
  std::string_view rest = std::string_view(text).substr(method.size());
  if (!rest.starts_with("<")) return std::nullopt;
  rest.remove_prefix(rest.starts_with("<=") ? 2 : 1);
  double bound = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), bound);
  if (error != std::errc() || end != rest.data() + rest.size()) return std::nullopt;
  return bound;
}

void Strictest(std::optional<double>& limit, std::optional<double> bound) {
  if (bound && (!limit || *bound < *limit)) limit = bound;
}

// ---- Breaking point ----------------------------------------------------------------------------

std::string Broken(const Window& window, const Limits& limits) {
  if (window.requests <= 0) return "";
  if (limits.failed_ratio && window.failed_ratio > *limits.failed_ratio) {
    return fmt::format("{:.3g} % of the requests failed, limit {:.3g} %", window.failed_ratio * 100,
                       *limits.failed_ratio * 100);
  }
  if (limits.p95_ms && window.p95 > *limits.p95_ms) {
    return fmt::format("p95 {:.4g} ms, limit {:.4g} ms", window.p95, *limits.p95_ms);
  }
  if (limits.p99_ms && window.p99 > *limits.p99_ms) {
    return fmt::format("p99 {:.4g} ms, limit {:.4g} ms", window.p99, *limits.p99_ms);
  }
  return "";
}

double MaxVusOf(const std::vector<Window>& windows) {
  double most = 0;
  for (const Window& window : windows) most = std::max(most, window.vus);
  return most;
}

// ---- Knee --------------------------------------------------------------------------------------

struct Load {
  double vus;
  double rate;
};

struct TwoLines {
  double knee = 0;
  double before = 0;
  double after = 0;
  double error = std::numeric_limits<double>::infinity();
};

// Arrivals scatter like counts: their variance grows with the load.
double WeightOf(const Load& load) { return 1 / std::max(load.vus, 1.0); }

// Weighted least squares of X = a min(N, K) + b max(N - K, 0): two regressors, no constant.
TwoLines FitAt(const std::vector<Load>& loads, double knee) {
  double uu = 0;
  double uv = 0;
  double vv = 0;
  double ux = 0;
  double vx = 0;
  for (const Load& load : loads) {
    const double u = std::min(load.vus, knee);
    const double v = std::max(load.vus - knee, 0.0);
    const double weight = WeightOf(load);
    uu += weight * u * u;
    uv += weight * u * v;
    vv += weight * v * v;
    ux += weight * u * load.rate;
    vx += weight * v * load.rate;
  }
  TwoLines fit{.knee = knee};
  const double determinant = uu * vv - uv * uv;
  if (determinant <= 1e-12 * uu * vv) return fit;
  fit.before = (ux * vv - vx * uv) / determinant;
  fit.after = (vx * uu - ux * uv) / determinant;
  fit.error = 0;
  for (const Load& load : loads) {
    const double miss = load.rate - fit.before * std::min(load.vus, knee) -
                        fit.after * std::max(load.vus - knee, 0.0);
    fit.error += WeightOf(load) * miss * miss;
  }
  return fit;
}

double OneLineError(const std::vector<Load>& loads) {
  double nn = 0;
  double nx = 0;
  for (const Load& load : loads) {
    nn += WeightOf(load) * load.vus * load.vus;
    nx += WeightOf(load) * load.vus * load.rate;
  }
  const double slope = nn > 0 ? nx / nn : 0;
  double error = 0;
  for (const Load& load : loads) {
    const double miss = load.rate - slope * load.vus;
    error += WeightOf(load) * miss * miss;
  }
  return error;
}

// Windows while the load rises to its peak, the ones at the peak included.
std::vector<Load> RisingPart(const std::vector<Window>& windows) {
  const double most = MaxVusOf(windows);
  std::vector<Load> loads;
  double highest = 0;
  for (const Window& window : windows) {
    highest = std::max(highest, window.vus);
    if (highest >= most && window.vus < 0.9 * most) break;
    if (window.vus >= 1) loads.push_back({window.vus, window.requests_per_second});
  }
  return loads;
}

// Weighted squares around the mean.
double SpreadOf(const std::vector<Load>& loads) {
  double weights = 0;
  double sum = 0;
  for (const Load& load : loads) {
    weights += WeightOf(load);
    sum += WeightOf(load) * load.rate;
  }
  double spread = 0;
  for (const Load& load : loads) {
    const double off = load.rate - sum / weights;
    spread += WeightOf(load) * off * off;
  }
  return spread;
}

// A knee with fewer windows beyond it is a few windows' whim.
constexpr size_t kBeyondKnee = 4;

TwoLines BestFit(const std::vector<Load>& loads, double low, double high) {
  constexpr int kSteps = 200;
  TwoLines best;
  for (int i = 1; i < kSteps; ++i) {
    const double knee = low + (high - low) * i / kSteps;
    const auto beyond = std::count_if(loads.begin(), loads.end(),
                                      [&](const Load& load) { return load.vus > knee; });
    if (static_cast<size_t>(beyond) < kBeyondKnee) break;
    if (const TwoLines fit = FitAt(loads, knee); fit.error < best.error) best = fit;
  }
  return best;
}

// The best of many knees is compared with one line: stricter than an F test of a given knee would be.
constexpr double kKneeChance = 0.001;

// P(F > f) of an F distribution with d1 = 2 numerator degrees of freedom, which has this closed form.
double FTail2(double f, double d2) { return std::pow(1 + 2 * f / d2, -d2 / 2); }

}  // namespace

Limits LimitsOf(const Result& result) {
  Limits limits;
  if (!result.summary) return limits;
  for (const MetricSummary& metric : result.summary->metrics) {
    for (const ThresholdResult& threshold : metric.thresholds) {
      if (metric.name == "http_req_duration") {
        Strictest(limits.p95_ms, UpperBound(threshold.expression, "p(95)"));
        Strictest(limits.p99_ms, UpperBound(threshold.expression, "p(99)"));
      } else if (metric.name == "http_req_failed") {
        Strictest(limits.failed_ratio, UpperBound(threshold.expression, "rate"));
      }
    }
  }
  if (limits.p95_ms || limits.p99_ms || limits.failed_ratio) limits.source = "thresholds";
  return limits;
}

std::optional<BreakingPoint> FindBreakingPoint(const std::vector<Window>& windows,
                                               const Limits& limits) {
  const double most = MaxVusOf(windows);
  size_t end = windows.size();
  // What comes after the peak is another story: recovery.
  while (end > 0 && windows[end - 1].vus < 0.9 * most) --end;
  size_t first = end;
  while (first > 0 && !Broken(windows[first - 1], limits).empty()) --first;
  // Broken from the very beginning is not broken by load.
  if (end - first < kBreakWindows || first == 0) return std::nullopt;
  const Window& window = windows[first];
  return BreakingPoint{.at = window.at,
                       .vus = window.vus,
                       .requests_per_second = window.requests_per_second,
                       .broke = Broken(window, limits)};
}

std::optional<Knee> FindKnee(const Result& result) {
  constexpr size_t kWindows = 60;
  const std::vector<Scenario>& scenarios = result.plan.scenarios;
  if (std::any_of(scenarios.begin(), scenarios.end(), IsArrivalRate)) return std::nullopt;
  return FindKnee(WindowsOf(result.points, kWindows));
}

std::optional<Knee> FindKnee(const std::vector<Window>& windows) {
  constexpr size_t kLeast = 8;
  const std::vector<Load> loads = RisingPart(windows);
  if (loads.size() < kLeast) return std::nullopt;
  const auto [low, high] = std::minmax_element(
      loads.begin(), loads.end(), [](const Load& a, const Load& b) { return a.vus < b.vus; });
  if (high->vus < 1.5 * low->vus) return std::nullopt;
  const TwoLines best = BestFit(loads, low->vus, high->vus);
  const auto count = static_cast<double>(loads.size());
  const double spread = SpreadOf(loads);
  if (!std::isfinite(best.error) || spread <= 0) return std::nullopt;
  const double rest = std::max(best.error, 1e-12 * spread);
  // One line has one parameter, two lines with their knee three.
  const double f = (OneLineError(loads) - rest) / 2 / (rest / (count - 3));
  Knee knee{.vus = best.knee,
            .requests_per_second = best.before * best.knee,
            .slope_before = best.before,
            .slope_after = best.after,
            .r_squared = spread > 0 ? 1 - best.error / spread : 0,
            .p_value = FTail2(std::max(f, 0.0), count - 3)};
  const bool bends = knee.slope_before > 0 && knee.slope_after <= 0.5 * knee.slope_before;
  if (!(knee.p_value <= kKneeChance) || !bends) return std::nullopt;
  return knee;
}

}  // namespace kload::analysis
