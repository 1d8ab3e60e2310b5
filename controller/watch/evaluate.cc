#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "controller/watch/expression.h"
#include "controller/watch/expression_node.h"

namespace kload::watch {
namespace {

// A series' value; labels are null for what is computed of several.
struct Element {
  const Labels* labels = nullptr;
  double value = 0;
};
using Elements = std::vector<Element>;

absl::Status NothingMatches(const Instant& instant) {
  return absl::NotFoundError(fmt::format("no series of the page matches {}", instant.text));
}

absl::StatusOr<Elements> InstantOf(const Instant& instant, const History& history) {
  Elements elements;
  if (const SeriesPasts* all = history.Find(instant.selector.name)) {
    for (const auto& [labels, points] : *all) {
      if (points.back().at != history.latest() || !instant.selector.Matches(labels)) continue;
      elements.push_back({&labels, points.back().value});
    }
  }
  if (elements.empty()) return NothingMatches(instant);
  return elements;
}

// A counter that is lower than before has begun again at 0.
double Increase(std::deque<TimedValue>::const_iterator first,
                std::deque<TimedValue>::const_iterator end) {
  double increase = 0;
  for (auto before = first, point = std::next(first); point != end; before = point++) {
    increase += point->value < before->value ? point->value : point->value - before->value;
  }
  return increase;
}

double ValueOf(RangeFunction function, const std::deque<TimedValue>& points,
               std::deque<TimedValue>::const_iterator first) {
  if (function == RangeFunction::kDelta) return points.back().value - first->value;
  const double increase = Increase(first, points.end());
  if (function == RangeFunction::kIncrease) return increase;
  return increase / std::chrono::duration<double>(points.back().at - first->at).count();
}

absl::StatusOr<Elements> RangeOf(const Range& range, const History& history) {
  Elements elements;
  bool found = false;
  const SeriesPasts* all = history.Find(range.of.selector.name);
  if (all == nullptr) return NothingMatches(range.of);
  const Nanos from = history.latest() - range.window;
  for (const auto& [labels, points] : *all) {
    if (points.back().at < from || !range.of.selector.Matches(labels)) continue;
    found = true;
    const auto first = std::partition_point(
        points.begin(), points.end(), [&](const TimedValue& point) { return point.at < from; });
    if (points.end() - first < 2) continue;
    elements.push_back({&labels, ValueOf(range.function, points, first)});
  }
  if (!found) return NothingMatches(range.of);
  if (elements.empty()) {
    return absl::FailedPreconditionError(
        fmt::format("{} needs two pages within its window", range.of.text));
  }
  return elements;
}

double AggregateOf(Aggregation how, const Elements& elements) {
  double sum = 0;
  double least = std::numeric_limits<double>::infinity();
  double most = -least;
  for (const Element& each : elements) {
    sum += each.value;
    least = std::min(least, each.value);
    most = std::max(most, each.value);
  }
  const auto count = static_cast<double>(elements.size());
  switch (how) {
    case Aggregation::kSum:
      return sum;
    case Aggregation::kAvg:
      return sum / count;
    case Aggregation::kMin:
      return least;
    case Aggregation::kMax:
      return most;
    case Aggregation::kCount:
      return count;
  }
  return sum;
}

// Prometheus' bucketQuantile(): linear within the bucket that the rank falls into; the first one begins at 0, and of
// the last only its lower edge is known.
absl::StatusOr<double> QuantileOf(double quantile, const Elements& elements) {
  std::map<double, double> buckets;  // upper edge -> count up to there
  for (const Element& each : elements) {
    const auto le = each.labels->find("le");
    double edge = 0;
    if (le == each.labels->end() || !ParseFloat(le->second, edge) || std::isnan(edge)) continue;
    buckets[edge] += each.value;
  }
  if (buckets.size() < 2 || !std::isinf(buckets.rbegin()->first)) {
    return absl::OutOfRangeError("the series are no histogram's buckets: labels le up to \"+Inf\"");
  }
  // Of pages that a target renders while it counts.
  double before = 0;
  for (auto& [edge, count] : buckets) before = count = std::max(count, before);
  const double total = before;
  if (!(total > 0)) return absl::OutOfRangeError("the histogram has no observations");
  const double rank = quantile * total;
  const auto last = std::prev(buckets.end());
  auto bucket = buckets.begin();
  while (bucket != last && bucket->second < rank) ++bucket;
  if (bucket == last) return std::prev(last)->first;
  if (bucket == buckets.begin()) {
    if (bucket->first <= 0) return bucket->first;
    return bucket->second > 0 ? bucket->first * (rank / bucket->second) : 0;
  }
  const auto [start, below] = *std::prev(bucket);
  const double within = bucket->second - below;
  return start + (bucket->first - start) * (within > 0 ? (rank - below) / within : 0);
}

absl::StatusOr<double> ValueOf(const ExpressionNode& node, const History& history);

absl::StatusOr<double> BinaryOf(const Binary& binary, const History& history) {
  KLOAD_ASSIGN_OR_RETURN(const double left, ValueOf(*binary.left, history));
  KLOAD_ASSIGN_OR_RETURN(const double right, ValueOf(*binary.right, history));
  switch (binary.op) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    default:
      if (right == 0) return absl::OutOfRangeError("it divides by zero");
      return left / right;
  }
}

absl::StatusOr<Elements> ElementsOf(const ExpressionNode& node, const History& history) {
  if (const auto* instant = std::get_if<Instant>(&node.what)) return InstantOf(*instant, history);
  if (const auto* range = std::get_if<Range>(&node.what)) return RangeOf(*range, history);
  KLOAD_ASSIGN_OR_RETURN(const double value, ValueOf(node, history));
  return Elements{{nullptr, value}};
}

absl::StatusOr<double> ValueOf(const ExpressionNode& node, const History& history) {
  if (const auto* number = std::get_if<Number>(&node.what)) return number->value;
  if (const auto* binary = std::get_if<Binary>(&node.what)) return BinaryOf(*binary, history);
  if (const auto* quantile = std::get_if<Quantile>(&node.what)) {
    KLOAD_ASSIGN_OR_RETURN(const Elements buckets, ElementsOf(*quantile->buckets, history));
    return QuantileOf(quantile->quantile, buckets);
  }
  const auto* aggregate = std::get_if<Aggregate>(&node.what);
  KLOAD_ASSIGN_OR_RETURN(const Elements elements,
                         ElementsOf(aggregate == nullptr ? node : *aggregate->of, history));
  return AggregateOf(aggregate == nullptr ? Aggregation::kSum : aggregate->how, elements);
}

}  // namespace

absl::StatusOr<double> Expression::Evaluate(const History& history) const {
  KLOAD_ASSIGN_OR_RETURN(const double value, ValueOf(*root_, history));
  if (std::isfinite(value)) return value;
  return absl::OutOfRangeError("its value is no finite number");
}

}  // namespace kload::watch
