// Thresholds as k6 writes them, parsed and checked against the run's metrics.
//
// Data path: ThresholdSpec (plan) + MetricTable (script's init code) -> Threshold -> Verdict.
// Thread:    plain values and pure functions.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/metric/metric.h"
#include "common/metric/sink.h"
#include "common/plan/plan.h"
#include "controller/merge/selector.h"

namespace kload::controller {

// One value out of a sink: `p(95)`, `avg`, `count`.
struct Statistic {
  enum class Kind { kCount, kRate, kValue, kAvg, kMin, kMax, kMed, kPercentile, kSum };
  Kind kind = Kind::kCount;
  double percentile = 0;  // kPercentile: 0..100
  std::string text;       // as written, without blanks
  friend bool operator==(const Statistic&, const Statistic&) = default;
};

enum class Comparison { kLessEqual, kLess, kGreaterEqual, kGreater, kEqual, kNotEqual };

// `p(95)<200`.
struct Expression {
  Statistic statistic;
  Comparison comparison = Comparison::kLess;
  double limit = 0;
};

struct Threshold {
  ThresholdSpec spec;
  Selector selector;
  Expression expression;
  MetricDef metric;
};

// `avg`, `p(99.9)`: the left side of an expression, or one of the option summaryTrendStats.
// Errors: InvalidArgument naming the text and what is possible.
absl::StatusOr<Statistic> ParseStatistic(std::string_view text);

// `<method> <op> <number>`; blanks around its parts are optional.
// Errors: InvalidArgument with the expression, what was expected, and at which column (from 1).
absl::StatusOr<Expression> ParseExpression(std::string_view text);

// `name` or `name{tag:value,tag2:value2}`; quotes and blanks around tags and values are trimmed.
// Errors: InvalidArgument with the selector, what was expected, and at which column (from 1).
absl::StatusOr<Selector> ParseSelector(std::string_view text);

// Parses all and checks that each metric exists and its type has the method.
// Errors: InvalidArgument, `thresholds["http_req_duration"]: ...`; the exit code is k6's 104.
absl::StatusOr<std::vector<Threshold>> ParseThresholds(const std::vector<ThresholdSpec>& specs,
                                                       const MetricTable& metrics);

// Names of the tags that the selectors use, sorted, each once: RunOptions::series_tags is what of
// them is off series by default (url, vu, iter). Selectors that do not parse are skipped;
// ParseThresholds() reports them.
std::vector<std::string> SelectedTags(const std::vector<ThresholdSpec>& specs);

// Whether a threshold on a metric of this type may use the statistic (k6: counter count, rate;
// gauge value; rate rate; trend avg, min, max, med, p(N)).
bool Supports(MetricType type, const Statistic& statistic);

// The statistic's value, in the metric's unit; 0 without samples. `elapsed` is what a counter's
// rate is divided by.
double Compute(const Statistic& statistic, const Sink& sink, ValueKind kind, Nanos elapsed);

// Whether `value` satisfies the comparison.
bool Holds(double value, Comparison comparison, double limit);

}  // namespace kload::controller
