#include "common/analysis/drift.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kload::analysis {
namespace {

constexpr size_t kWindows = 48;
constexpr double kFoundChange = 0.05;       // of the level
constexpr double kFoundFailedPoints = 0.5;  // percentage points

double Hours(Nanos time) { return std::chrono::duration<double, std::ratio<3600>>(time).count(); }

// Correlation of each residual with the one after it, 0 to 0.9.
double LagOne(const std::vector<double>& hours, const std::vector<double>& values, double slope) {
  std::vector<double> residuals;
  for (size_t i = 0; i < values.size(); ++i) residuals.push_back(values[i] - slope * hours[i]);
  const double mean = Mean(residuals);
  double together = 0;
  double alone = 0;
  for (size_t i = 0; i < residuals.size(); ++i) {
    alone += (residuals[i] - mean) * (residuals[i] - mean);
    if (i > 0) together += (residuals[i] - mean) * (residuals[i - 1] - mean);
  }
  return alone > 0 ? std::clamp(together / alone, 0.0, 0.9) : 0;
}

bool Steady(double vus, double level) { return std::abs(vus - level) <= 0.1 * level; }

struct Track {
  DriftKind kind = DriftKind::kWatched;
  std::string subject;
  std::string unit;
  std::vector<double> hours;
  std::vector<double> values;
};

void AddDrift(const Track& track, double confidence, std::vector<Drift>& drifts) {
  const std::optional<Slope> slope = TheilSen(track.hours, track.values, confidence);
  if (!slope) return;
  const double change = slope->per_hour * (track.hours.back() - track.hours.front());
  const bool points = track.kind == DriftKind::kFailures;
  Drift drift{.kind = track.kind, .subject = track.subject, .unit = track.unit, .slope = *slope};
  drift.change = points || slope->level == 0 ? change : change / std::abs(slope->level);
  const bool certain = slope->interval.low > 0 || slope->interval.high < 0;
  drift.found = certain && std::abs(drift.change) >= (points ? kFoundFailedPoints : kFoundChange);
  drifts.push_back(std::move(drift));
}

Track TrackOf(const WatchedSeries& series, const SteadyPart& part) {
  Track all{
      .kind = DriftKind::kWatched, .subject = series.name, .unit = "", .hours = {}, .values = {}};
  for (const WatchedPoint& point : series.points) {
    if (point.at < part.from || point.at > part.to) continue;
    all.hours.push_back(Hours(point.at));
    all.values.push_back(point.value);
  }
  // Means of as many groups as there are windows: all pairs of thousands of points are too many.
  const size_t size = std::max<size_t>(1, all.values.size() / kWindows);
  Track track{
      .kind = DriftKind::kWatched, .subject = series.name, .unit = "", .hours = {}, .values = {}};
  for (size_t i = 0; i + size <= all.values.size(); i += size) {
    const auto first = static_cast<int64_t>(i);
    const auto last = static_cast<int64_t>(i + size);
    track.hours.push_back(Mean({all.hours.begin() + first, all.hours.begin() + last}));
    track.values.push_back(Mean({all.values.begin() + first, all.values.begin() + last}));
  }
  return track;
}

}  // namespace

std::optional<Slope> TheilSen(const std::vector<double>& hours, const std::vector<double>& values,
                              double confidence) {
  const size_t count = values.size();
  if (count < kSlopePoints || hours.size() != count) return std::nullopt;
  std::vector<double> slopes;
  slopes.reserve(count * (count - 1) / 2);
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = i + 1; j < count; ++j) {
      if (hours[j] > hours[i]) slopes.push_back((values[j] - values[i]) / (hours[j] - hours[i]));
    }
  }
  if (slopes.empty()) return std::nullopt;
  std::sort(slopes.begin(), slopes.end());
  const double middle = Median(slopes);
  const auto n = static_cast<double>(count);
  const double lag = LagOne(hours, values, middle);
  const double variance = n * (n - 1) * (2 * n + 5) / 18 * (1 + lag) / (1 - lag);
  const double reach = NormalQuantile((1 + confidence) / 2) * std::sqrt(variance);
  const auto pairs = static_cast<double>(slopes.size());
  const double low = std::floor((pairs - reach) / 2) - 1;  // as far from its end as the other
  const double high = std::ceil((pairs + reach) / 2);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return Slope{.per_hour = middle,
               .interval = {low < 0 ? -kInfinity : slopes[static_cast<size_t>(low)],
                            high >= pairs ? kInfinity : slopes[static_cast<size_t>(high)]},
               .level = Median(values)};
}

std::optional<SteadyPart> FindSteadyPart(const std::vector<ResultPoint>& points) {
  std::optional<SteadyPart> best;
  size_t first = 0;
  while (first < points.size()) {
    const auto level = static_cast<double>(points[first].vus);
    size_t end = first;
    while (end < points.size() && Steady(static_cast<double>(points[end].vus), level)) ++end;
    if (end == first) {
      ++first;
      continue;
    }
    const SteadyPart part{points[first].at, points[end - 1].at, level};
    if (level >= 1 && (!best || part.to - part.from > best->to - best->from)) best = part;
    // A ramp's start may be within a tenth of what follows: the next start is inside.
    first = end - first > 20 ? first + (end - first) / 10 : first + 1;
  }
  if (!best || points.empty()) return std::nullopt;
  const Nanos whole = points.back().at - points.front().at;
  if ((best->to - best->from) * 3 < whole) return std::nullopt;
  return best;
}

std::vector<Drift> FindDrifts(const Result& result, double confidence) {
  std::vector<Drift> drifts;
  const std::optional<SteadyPart> part = FindSteadyPart(result.points);
  if (!part) return drifts;
  std::vector<ResultPoint> points;
  for (const ResultPoint& point : result.points) {
    if (point.at >= part->from && point.at <= part->to) points.push_back(point);
  }
  Track p95{.kind = DriftKind::kLatency, .subject = "p95", .unit = "ms", .hours = {}, .values = {}};
  Track failed{
      .kind = DriftKind::kFailures, .subject = "failed", .unit = "%", .hours = {}, .values = {}};
  for (const Window& window : WindowsOf(points, kWindows)) {
    if (window.requests <= 0) continue;
    const double at = Hours(window.at);
    p95.hours.push_back(at);
    p95.values.push_back(window.p95);
    failed.hours.push_back(at);
    failed.values.push_back(window.failed_ratio * 100);
  }
  AddDrift(p95, confidence, drifts);
  AddDrift(failed, confidence, drifts);
  for (const WatchedSeries& series : result.watched) {
    AddDrift(TrackOf(series, *part), confidence, drifts);
  }
  return drifts;
}

}  // namespace kload::analysis
