// What is watched: a small language after PromQL, on the pages of one target.
//
//   db_pool_connections{state="active"}              a selector; see selector.h
//   rate(jobs_total[10s])                            increase a second; counters that begin again are seen
//   increase(jobs_total[10s]), delta(queue[10s])     over the window; delta() is for gauges and may fall
//   sum(...), avg(...), min(...), max(...), count(...)
//   histogram_quantile(0.95, rate(x_bucket[30s]))    buckets are summed by `le` first
//   100 * rate(hits[10s]) / (rate(hits[10s]) + rate(misses[10s]))
//
// Where it differs from PromQL, so that an expression is one number:
// - Several series without an aggregation around them are summed: at the end, and on each side of + - * /.
// - A window's increase is that between its first and its last page, not extrapolated to its edges.
// - No `by`, `without`, `offset`, comparisons or sets.
//
// Thread: immutable once parsed; copies share it. Evaluate() by one thread at a time.
// Bounds: kTextMax bytes, kDepthMax parentheses and calls, windows from 100 ms to kWindowMax.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "controller/watch/history.h"

namespace kload::watch {

struct ExpressionNode;

class Expression {
 public:
  static constexpr size_t kTextMax = 1000;
  static constexpr int kDepthMax = 32;
  static constexpr Nanos kWindowMin = std::chrono::milliseconds(100);
  static constexpr Nanos kWindowMax = std::chrono::minutes(10);

  // Errors: InvalidArgument: the column, counted from 1, what was expected and what is there.
  static absl::StatusOr<Expression> Parse(std::string_view text);

  // The value at the latest page; never NaN or infinite.
  // Errors: NotFound when no series matches a selector; FailedPrecondition when a window has one page only;
  //         OutOfRange when there is no such number: a division by zero, a histogram without observations.
  absl::StatusOr<double> Evaluate(const History& history) const;

  // Names of the metrics that it needs, at least one.
  const std::set<std::string, std::less<>>& metrics() const { return metrics_; }
  // The shortest and the longest window of it; 0 without any.
  Nanos window_min() const { return window_min_; }
  Nanos window_max() const { return window_max_; }

 private:
  Expression() = default;

  std::shared_ptr<const ExpressionNode> root_;
  std::set<std::string, std::less<>> metrics_;
  Nanos window_min_{0};
  Nanos window_max_{0};
};

}  // namespace kload::watch
