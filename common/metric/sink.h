// What is kept of a series of samples, by metric type. Every sink can be merged with one of its
// kind, in any order and grouping, with the same result (a gauge's `last` is the one with the
// latest time).
#pragma once

#include <cstdint>
#include <limits>
#include <variant>

#include "common/base/clock.h"
#include "common/metric/fixed_sum.h"
#include "common/metric/histogram.h"
#include "common/metric/metric.h"

namespace kload {

struct CounterSink {
  FixedSum sum;
  bool any = false;
  void Add(double value) {
    sum.Add(value);
    any = true;
  }
  void Merge(const CounterSink& other);
};

struct GaugeSink {
  double last = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  Nanos last_at{-1};  // run time; below 0: no sample yet
  // `at` before run time 0 (setup) counts as 0.
  void Add(double value, Nanos at);
  // The later sample is the last one; of two at the same time the larger, so that order does not
  // matter.
  void Merge(const GaugeSink& other);
};

struct RateSink {
  uint64_t total = 0;
  uint64_t nonzero = 0;
  void Add(double value) {
    ++total;
    nonzero += value != 0;
  }
  void Merge(const RateSink& other);
  double rate() const { return total == 0 ? 0 : double(nonzero) / double(total); }
};

// Values are in the metric's unit at the script edge (ms for time). The histogram of a time metric
// holds SECONDS, so that its buckets are exactly those of a native Prometheus histogram in the base
// unit.
struct TrendSink {
  Histogram histogram;
  FixedSum sum;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  // Values that are not finite are ignored.
  void Add(double value, ValueKind kind);
  void Merge(const TrendSink& other);
  uint64_t count() const { return histogram.count(); }
  double average() const;  // 0 without samples
  // k6's rule: rank r = p (n - 1), linear between its neighbours; exact at p = 0 and p = 1. 0
  // without samples. 0 <= p <= 1. Result in the metric's unit.
  double Quantile(double p, ValueKind kind) const;
};

using Sink = std::variant<CounterSink, GaugeSink, RateSink, TrendSink>;

// An empty sink for the type.
Sink MakeSink(MetricType type);
// Merges `from` into `into`; both hold the same alternative.
void MergeSink(Sink& into, const Sink& from);
// Whether the sink has no sample.
bool IsEmpty(const Sink& sink);
// Forgets all samples; keeps memory for the next ones.
void ClearSink(Sink& sink);
// The type of metric that the sink belongs to.
MetricType TypeOf(const Sink& sink);

}  // namespace kload
