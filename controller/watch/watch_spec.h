// What a run watches of its target, validated.
//
// Data path: StartRunRequest.watch -> DecodeWatch() (admission) -> RunWatch, WatchedTarget.
// Thread:    plain values, immutable.
// Bounds:    kMetricsMax expressions, intervals from kIntervalMin to kIntervalMax.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controller/watch/expression.h"
#include "kload/v1/control.pb.h"

namespace kload::watch {

struct WatchedMetric {
  std::string name;  // of the series in the result
  std::string text;  // the expression as written
  Expression expression;
};

struct WatchSpec {
  static constexpr size_t kMetricsMax = 32;
  static constexpr size_t kNameMax = 64;
  static constexpr Nanos kIntervalMin = std::chrono::milliseconds(100);
  static constexpr Nanos kIntervalDefault = std::chrono::seconds(1);
  static constexpr Nanos kIntervalMax = std::chrono::minutes(5);

  std::string url;  // http or https
  Nanos interval = kIntervalDefault;
  std::vector<WatchedMetric> metrics;  // with different names, at least one

  // The longest window of all expressions.
  Nanos window() const;
};

// Errors: InvalidArgument naming the flag, or the metric with column and expectation.
absl::StatusOr<WatchSpec> DecodeWatch(const v1::TargetWatch& message);

}  // namespace kload::watch
