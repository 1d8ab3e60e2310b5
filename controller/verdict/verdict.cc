#include "controller/verdict/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kload::controller {
namespace {

bool IsEmptyRate(const Sink& sink) { return TypeOf(sink) == MetricType::kRate && IsEmpty(sink); }

}  // namespace

Verdict::Verdict(std::vector<Threshold> thresholds) {
  outcomes_.reserve(thresholds.size());
  for (Threshold& threshold : thresholds) {
    ThresholdResult result;
    result.expression = threshold.spec.expression;
    result.method = threshold.expression.statistic.text;
    result.abort_on_fail = threshold.spec.abort_on_fail;
    outcomes_.push_back({std::move(threshold), std::move(result), false});
  }
}

void Verdict::WatchIn(ClusterSeries& series) const {
  series.Watch(ExpectedResponses());
  for (const Outcome& outcome : outcomes_) series.Watch(outcome.threshold.selector);
}

Verdict::Decision Verdict::Evaluate(const ClusterSeries& series, Nanos elapsed, Pass pass) {
  Decision decision;
  for (Outcome& outcome : outcomes_) {
    const Threshold& threshold = outcome.threshold;
    const Expression& expression = threshold.expression;
    const Sink* found = series.Find(threshold.selector);
    if (pass == Pass::kTick && (found == nullptr || IsEmpty(*found))) continue;
    const Sink empty = found == nullptr ? MakeSink(threshold.metric.type) : Sink();
    const Sink& sink = found == nullptr ? empty : *found;

    outcome.evaluated = true;
    ThresholdResult& result = outcome.result;
    result.observed = Compute(expression.statistic, sink, threshold.metric.contains, elapsed);
    result.ok =
        IsEmptyRate(sink) || Holds(result.observed, expression.comparison, expression.limit);
    if (result.ok || !result.abort_on_fail || elapsed <= threshold.spec.delay_abort_eval) continue;
    decision.abort = true;
    decision.reasons.push_back(fmt::format("{}: {} ({}={:.6g})", threshold.spec.selector,
                                           result.expression, result.method, result.observed));
  }
  return decision;
}

bool Verdict::passed() const {
  return std::all_of(outcomes_.begin(), outcomes_.end(),
                     [](const Outcome& outcome) { return outcome.result.ok; });
}

std::vector<std::string> Verdict::FailedMetrics() const {
  std::vector<std::string> failed;
  for (const Outcome& outcome : outcomes_) {
    if (!outcome.result.ok) failed.push_back(outcome.threshold.spec.selector);
  }
  std::sort(failed.begin(), failed.end());
  failed.erase(std::unique(failed.begin(), failed.end()), failed.end());
  return failed;
}

Selector ExpectedResponses() { return {"http_req_duration", {{"expected_response", "true"}}}; }

}  // namespace kload::controller
