// The cluster's series of one run: what all agents measured, merged as if one machine had.
//
// Data path: Delta (link, after the Ledger) -> ClusterSeries -> Verdict, summary, Prometheus.
// Thread:    the controller's core thread.
// Cost:      a delta's series is merged into its own sink, its metric's total and the watched
// selectors it matches, each
//            once, when it arrives. Reading a total or a watched selector merges nothing.
#pragma once

#include <absl/status/status.h>

#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/metric/delta.h"
#include "common/metric/metric.h"
#include "common/metric/sink.h"
#include "controller/merge/selector.h"

namespace kload::controller {

class ClusterSeries {
 public:
  // One series of the whole cluster.
  struct Series {
    SeriesKeyPtr key;
    Sink sink;
  };
  // All samples of one metric.
  struct Metric {
    MetricDef def;
    Sink total;
  };

  ClusterSeries();
  ~ClusterSeries();
  ClusterSeries(ClusterSeries&&) noexcept;
  ClusterSeries& operator=(ClusterSeries&&) noexcept;

  // Keeps a sink for the selector up to date from now on, starting with what is already here. A
  // selector without tags is its metric's total, which is always kept. Repeating a call changes
  // nothing.
  void Watch(const Selector& selector);

  // Merges the delta's series. The caller has asked the Ledger that it is new. Gauges `vus` and
  // `vus_max` are left out: an agent's number is not the cluster's (see AddClusterGauge). Errors:
  // InvalidArgument when a series' increment does not fit its metric's type, or a metric comes with
  // another type or kind than before; nothing changes then.
  absl::Status Add(const Delta& delta);

  // Adds a sample of a gauge that only the whole cluster has, such as `vus`: the caller sums the
  // agents' numbers of the same instant. `at` is run time. `metric` is a gauge.
  void AddClusterGauge(const MetricDef& metric, double value, Nanos at);

  // All samples of the selector; null when there are none. Valid until the next Add,
  // AddClusterGauge or Watch. O(1) for a whole metric or a watched selector, null for any other.
  const Sink* Find(const Selector& selector) const;
  // The metric's total; null when it has no samples. The same lifetime.
  const Sink* Total(std::string_view metric) const;
  // As Find(), but for any selector, and by value: merges the metric's matching series now if it is
  // not watched. An empty counter sink when the metric has never been seen.
  Sink Aggregate(const Selector& selector) const;

  // Every series in the order first seen.
  const std::deque<Series>& series() const;
  // Every metric that has samples, in the order first seen.
  const std::deque<Metric>& metrics() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kload::controller
