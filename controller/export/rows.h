// The series of runs as Prometheus tells them apart: by metric and labels.
//
// Data path: RunFigures -> rows -> families (scraped) or a remote write (pushed).
// Thread:    pure functions; rows borrow from the figures' series.
#pragma once

#include <prometheus/client_metric.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/metric/metric.h"
#include "common/metric/sink.h"
#include "controller/export/figures.h"

namespace kload::controller {

using Labels = std::vector<prometheus::ClientMetric::Label>;

struct Row {
  const MetricDef* metric;
  Labels labels;  // of tags that are not empty, and testid: the run's id unless there is such a tag
  const Sink* sink;
  std::optional<Sink> merged;  // of several series that have the same labels here

  const Sink& value() const { return merged ? *merged : *sink; }
};

// The runs' series as rows, as many as there is room for: `samples_of` says how much a metric's row takes. What finds
// no room is counted in `left_out`.
std::deque<Row> RowsOf(const std::vector<RunFigures>& runs, size_t samples_max,
                       const std::function<size_t(const MetricDef&)>& samples_of,
                       uint64_t& left_out);

// A value in Prometheus' base unit: seconds for times.
inline double InBaseUnit(double value, ValueKind kind) {
  return kind == ValueKind::kTime ? value / 1000 : value;
}

}  // namespace kload::controller
