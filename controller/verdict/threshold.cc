#include "controller/verdict/threshold.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "common/base/status.h"

namespace kload::controller {
namespace {

using Kind = Statistic::Kind;

constexpr std::string_view kBlanks = " \t\r\n";

struct Operator {
  std::string_view text;
  Comparison comparison;
};

// In k6's order of search: the first that occurs anywhere splits the expression.
constexpr std::array<Operator, 7> kOperators = {{{"<=", Comparison::kLessEqual},
                                                 {"<", Comparison::kLess},
                                                 {">=", Comparison::kGreaterEqual},
                                                 {">", Comparison::kGreater},
                                                 {"===", Comparison::kEqual},
                                                 {"==", Comparison::kEqual},
                                                 {"!=", Comparison::kNotEqual}}};

constexpr std::array<std::pair<std::string_view, Kind>, 8> kWords = {{{"count", Kind::kCount},
                                                                      {"rate", Kind::kRate},
                                                                      {"value", Kind::kValue},
                                                                      {"avg", Kind::kAvg},
                                                                      {"min", Kind::kMin},
                                                                      {"max", Kind::kMax},
                                                                      {"med", Kind::kMed},
                                                                      {"sum", Kind::kSum}}};

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// The whole text as a finite number.
std::optional<double> ParseNumber(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

absl::Status Expected(std::string_view text, std::string_view what, size_t offset) {
  return absl::InvalidArgumentError(
      fmt::format("\"{}\": expected {} at column {}", text, what, offset + 1));
}

// Where the operator is missing: behind what looks like the method.
size_t EndOfMethod(std::string_view text) {
  size_t end = text.find_first_not_of(kBlanks);
  if (end == std::string_view::npos) return 0;
  while (end < text.size() && ((text[end] >= 'a' && text[end] <= 'z') || text[end] == '_')) ++end;
  if (end < text.size() && text[end] == '(')
    end = std::min(text.find(')', end), text.size() - 1) + 1;
  return end;
}

constexpr std::string_view MethodsOf(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "count, rate";
    case MetricType::kGauge:
      return "value";
    case MetricType::kRate:
      return "rate";
    case MetricType::kTrend:
      return "avg, min, max, med, p(N)";
  }
  return "";
}

double ComputeTrend(const Statistic& statistic, const TrendSink& sink, ValueKind kind) {
  if (sink.count() == 0) return 0;
  switch (statistic.kind) {
    case Kind::kCount:
      return static_cast<double>(sink.count());
    case Kind::kAvg:
      return sink.average();
    case Kind::kMin:
      return sink.min;
    case Kind::kMax:
      return sink.max;
    case Kind::kMed:
      return sink.Quantile(0.5, kind);
    case Kind::kPercentile:
      return sink.Quantile(statistic.percentile / 100, kind);
    case Kind::kSum:
      return sink.sum.value();
    case Kind::kRate:
    case Kind::kValue:
      return 0;
  }
  return 0;
}

double ComputeGauge(const Statistic& statistic, const GaugeSink& sink) {
  if (sink.last_at < Nanos(0)) return 0;
  if (statistic.kind == Kind::kMin) return sink.min;
  if (statistic.kind == Kind::kMax) return sink.max;
  return sink.last;
}

absl::StatusOr<Threshold> ParseOne(const ThresholdSpec& spec, const MetricTable& metrics) {
  Threshold threshold{.spec = spec, .selector = {}, .expression = {}, .metric = {}};
  KLOAD_ASSIGN_OR_RETURN(threshold.selector, ParseSelector(spec.selector));
  KLOAD_ASSIGN_OR_RETURN(threshold.expression, ParseExpression(spec.expression));
  const MetricDef* metric = metrics.Find(threshold.selector.metric);
  if (metric == nullptr) {
    return absl::InvalidArgumentError(fmt::format(
        "there is no metric \"{}\"; it is neither built in nor made in the script's init code",
        threshold.selector.metric));
  }
  threshold.metric = *metric;
  if (!Supports(metric->type, threshold.expression.statistic)) {
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\": a {} has no {}; its methods are {}", spec.expression, TypeName(metric->type),
        threshold.expression.statistic.text, MethodsOf(metric->type)));
  }
  return threshold;
}

}  // namespace

absl::StatusOr<Statistic> ParseStatistic(std::string_view text) {
  const std::string_view word = Trim(text);
  for (const auto& [name, kind] : kWords) {
    if (word == name) return Statistic{kind, 0, std::string(word)};
  }
  if (word.starts_with("p(") && word.ends_with(")")) {
    const std::optional<double> percentile = ParseNumber(Trim(word.substr(2, word.size() - 3)));
    if (percentile && *percentile >= 0 && *percentile <= 100) {
      return Statistic{Kind::kPercentile, *percentile, std::string(word)};
    }
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is not a percentile such as p(95): N in p(N) is 0 to 100", word));
  }
  return absl::InvalidArgumentError(fmt::format(
      "\"{}\" is none of count, rate, value, avg, min, max, med, sum, p(N) with N from 0 to 100",
      word));
}

absl::StatusOr<Expression> ParseExpression(std::string_view text) {
  for (const Operator& op : kOperators) {
    const size_t place = text.find(op.text);
    if (place == std::string_view::npos) continue;
    const std::string_view left = Trim(text.substr(0, place));
    if (left.empty()) return Expected(text, "a method such as p(95) or rate", 0);
    Expression expression;
    expression.comparison = op.comparison;
    absl::StatusOr<Statistic> statistic = ParseStatistic(left);
    if (!statistic.ok()) {
      return Annotate(statistic.status(), fmt::format("\"{}\": expected a method at column {}",
                                                      text, text.find_first_not_of(kBlanks) + 1));
    }
    expression.statistic = *std::move(statistic);
    const size_t right =
        std::min(text.find_first_not_of(kBlanks, place + op.text.size()), text.size());
    const std::optional<double> limit = ParseNumber(Trim(text.substr(right)));
    if (!limit) return Expected(text, "one number without a unit, such as 200 or 0.01,", right);
    expression.limit = *limit;
    return expression;
  }
  if (Trim(text).empty()) {
    return Expected(text, "an expression such as p(95)<200", 0);
  }
  return Expected(text, "an operator (<, <=, >, >=, ==, ===, !=)", EndOfMethod(text));
}

absl::StatusOr<std::vector<Threshold>> ParseThresholds(const std::vector<ThresholdSpec>& specs,
                                                       const MetricTable& metrics) {
  std::vector<Threshold> thresholds;
  thresholds.reserve(specs.size());
  for (const ThresholdSpec& spec : specs) {
    absl::StatusOr<Threshold> threshold = ParseOne(spec, metrics);
    if (!threshold.ok()) {
      return Annotate(threshold.status(), fmt::format("thresholds[\"{}\"]", spec.selector));
    }
    thresholds.push_back(*std::move(threshold));
  }
  return thresholds;
}

bool Supports(MetricType type, const Statistic& statistic) {
  switch (type) {
    case MetricType::kCounter:
      return statistic.kind == Kind::kCount || statistic.kind == Kind::kRate;
    case MetricType::kGauge:
      return statistic.kind == Kind::kValue;
    case MetricType::kRate:
      return statistic.kind == Kind::kRate;
    case MetricType::kTrend:
      return statistic.kind != Kind::kCount && statistic.kind != Kind::kRate &&
             statistic.kind != Kind::kValue && statistic.kind != Kind::kSum;
  }
  return false;
}

double Compute(const Statistic& statistic, const Sink& sink, ValueKind kind, Nanos elapsed) {
  switch (TypeOf(sink)) {
    case MetricType::kCounter: {
      const double count = std::get<CounterSink>(sink).sum.value();
      if (statistic.kind != Kind::kRate) return count;
      return elapsed <= Nanos(0) ? 0 : count / std::chrono::duration<double>(elapsed).count();
    }
    case MetricType::kGauge:
      return ComputeGauge(statistic, std::get<GaugeSink>(sink));
    case MetricType::kRate:
      return std::get<RateSink>(sink).rate();
    case MetricType::kTrend:
      return ComputeTrend(statistic, std::get<TrendSink>(sink), kind);
  }
  return 0;
}

bool Holds(double value, Comparison comparison, double limit) {
  switch (comparison) {
    case Comparison::kLessEqual:
      return value <= limit;
    case Comparison::kLess:
      return value < limit;
    case Comparison::kGreaterEqual:
      return value >= limit;
    case Comparison::kGreater:
      return value > limit;
    case Comparison::kEqual:
      return value == limit;
    case Comparison::kNotEqual:
      return value != limit;
  }
  return false;
}

}  // namespace kload::controller
