#include "common/analysis/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace kload::analysis {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <size_t N>
double Polynomial(const std::array<double, N>& coefficients, double x) {
  double value = 0;
  for (const double coefficient : coefficients) value = value * x + coefficient;
  return value;
}

constexpr std::array<double, 6> kCentralTop = {-3.969683028665376e+01, 2.209460984245205e+02,
                                               -2.759285104469687e+02, 1.383577518672690e+02,
                                               -3.066479806614716e+01, 2.506628277459239e+00};
constexpr std::array<double, 6> kCentralBottom = {-5.447609879822406e+01, 1.615858368580409e+02,
                                                  -1.556989798598866e+02, 6.680131188771972e+01,
                                                  -1.328068155288572e+01, 1.0};
constexpr std::array<double, 6> kTailTop = {-7.784894002430293e-03, -3.223964580411365e-01,
                                            -2.400758277161838e+00, -2.549732539343734e+00,
                                            4.374664141464968e+00,  2.938163982698783e+00};
constexpr std::array<double, 5> kTailBottom = {7.784695709041462e-03, 3.224671290700398e-01,
                                               2.445134137142996e+00, 3.754408661907416e+00, 1.0};

// The sample of a 1-based rank in rising order, in the metric's unit.
double AtRank(const TrendSink& samples, ValueKind kind, double rank) {
  const auto last = static_cast<double>(samples.count() - 1);
  if (last <= 0) return samples.Quantile(0, kind);
  return samples.Quantile(std::clamp((rank - 1) / last, 0.0, 1.0), kind);
}

}  // namespace

double NormalQuantile(double p) {
  constexpr double kTail = 0.02425;
  if (p < kTail) {
    const double q = std::sqrt(-2 * std::log(p));
    return Polynomial(kTailTop, q) / Polynomial(kTailBottom, q);
  }
  if (p > 1 - kTail) return -NormalQuantile(1 - p);
  const double q = p - 0.5;
  return q * Polynomial(kCentralTop, q * q) / Polynomial(kCentralBottom, q * q);
}

double StudentQuantile(double p, double degrees) {
  const double z = NormalQuantile(p);
  const double z2 = z * z;
  const double first = z * (z2 + 1) / 4;
  const double second = z * ((5 * z2 + 16) * z2 + 3) / 96;
  const double third = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
  return z + (first + (second + third / degrees) / degrees) / degrees;
}

Estimate QuantileEstimate(const TrendSink& samples, ValueKind kind, double p, double z,
                          double design_effect) {
  const auto count = static_cast<double>(samples.count());
  if (count == 0) return {0, {-kInfinity, kInfinity}};
  const double reach = z * std::sqrt(count * p * (1 - p) * std::max(design_effect, 1.0));
  const double low = std::floor(count * p - reach);
  const double high = std::ceil(count * p + reach) + 1;
  return {samples.Quantile(p, kind),
          {low < 1 ? -kInfinity : AtRank(samples, kind, low),
           high > count ? kInfinity : AtRank(samples, kind, high)}};
}

Estimate ShareEstimate(double hits, double total, double z, double design_effect) {
  const double share = hits / total;
  const double effective = total / std::max(design_effect, 1.0);
  const double z2 = z * z;
  const double centre = (share + z2 / (2 * effective)) / (1 + z2 / effective);
  const double reach =
      z / (1 + z2 / effective) *
      std::sqrt(share * (1 - share) / effective + z2 / (4 * effective * effective));
  return {share, {std::max(0.0, centre - reach), std::min(1.0, centre + reach)}};
}

Interval DifferenceInterval(const Estimate& before, const Estimate& after) {
  const double difference = after.value - before.value;
  const double down =
      std::hypot(after.value - after.interval.low, before.interval.high - before.value);
  const double up =
      std::hypot(after.interval.high - after.value, before.value - before.interval.low);
  return {difference - down, difference + up};
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double Mean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace kload::analysis
