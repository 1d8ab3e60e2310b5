#include "common/metric/sink.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "common/base/check.h"

namespace kload {
namespace {

constexpr double kMillisPerSecond = 1000;

}  // namespace

void CounterSink::Merge(const CounterSink& other) {
  sum.Merge(other.sum);
  any = any || other.any;
}

void GaugeSink::Add(double value, Nanos at) {
  at = std::max(at, Nanos(0));
  // Samples of one thread come in order of time: the newest of an instant is the last.
  if (at >= last_at) {
    last = value;
    last_at = at;
  }
  min = std::min(min, value);
  max = std::max(max, value);
}

void GaugeSink::Merge(const GaugeSink& other) {
  if (other.last_at > last_at || (other.last_at == last_at && other.last > last)) {
    last = other.last;
    last_at = other.last_at;
  }
  min = std::min(min, other.min);
  max = std::max(max, other.max);
}

void RateSink::Merge(const RateSink& other) {
  total += other.total;
  nonzero += other.nonzero;
}

void TrendSink::Add(double value, ValueKind kind) {
  if (value == 0) {  // three of a kept-alive request's phases: no sum, no bucket
    histogram.AddZero(1);
    min = std::min(min, 0.0);
    max = std::max(max, 0.0);
    return;
  }
  const bool is_time = kind == ValueKind::kTime;
  if (!histogram.Add(is_time ? value / kMillisPerSecond : value)) return;
  sum.Add(value);
  min = std::min(min, value);
  max = std::max(max, value);
}

void TrendSink::Merge(const TrendSink& other) {
  histogram.Merge(other.histogram);
  sum.Merge(other.sum);
  min = std::min(min, other.min);
  max = std::max(max, other.max);
}

double TrendSink::average() const {
  return count() == 0 ? 0 : sum.value() / static_cast<double>(count());
}

double TrendSink::Quantile(double p, ValueKind kind) const {
  const uint64_t n = count();
  if (n == 0) return 0;
  const double scale = kind == ValueKind::kTime ? kMillisPerSecond : 1;
  // The extremes are known exactly; no other sample lies outside them.
  const auto at = [&](uint64_t rank) {
    if (rank == 0) return min;
    if (rank >= n - 1) return max;
    return std::clamp(histogram.ValueAtRank(rank) * scale, min, max);
  };
  const double r = std::clamp(p, 0.0, 1.0) * static_cast<double>(n - 1);
  const auto below = static_cast<uint64_t>(r);
  const double fraction = r - static_cast<double>(below);
  const double low = at(below);
  return fraction == 0 ? low : low + (at(below + 1) - low) * fraction;
}

Sink MakeSink(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return CounterSink{};
    case MetricType::kGauge:
      return GaugeSink{};
    case MetricType::kRate:
      return RateSink{};
    case MetricType::kTrend:
      return TrendSink{};
  }
  KLOAD_CHECK(false, "a metric has one of the four types");
}

void MergeSink(Sink& into, const Sink& from) {
  KLOAD_CHECK(into.index() == from.index(), "merged sinks are of one type");
  std::visit(
      [&](auto& sink) { sink.Merge(std::get<std::remove_reference_t<decltype(sink)>>(from)); },
      into);
}

bool IsEmpty(const Sink& sink) {
  switch (TypeOf(sink)) {
    case MetricType::kCounter:
      return !std::get<CounterSink>(sink).any;
    case MetricType::kGauge:
      return std::get<GaugeSink>(sink).last_at < Nanos(0);
    case MetricType::kRate:
      return std::get<RateSink>(sink).total == 0;
    case MetricType::kTrend:
      return std::get<TrendSink>(sink).count() == 0;
  }
  return true;
}

void ClearSink(Sink& sink) {
  if (auto* trend = std::get_if<TrendSink>(&sink)) {
    trend->histogram.Clear();
    trend->sum = FixedSum();
    trend->min = std::numeric_limits<double>::infinity();
    trend->max = -std::numeric_limits<double>::infinity();
  } else {
    sink = MakeSink(TypeOf(sink));
  }
}

MetricType TypeOf(const Sink& sink) {
  // The alternatives stand in the order of MetricType.
  return static_cast<MetricType>(sink.index());
}

}  // namespace kload
