#include "kctl/report/report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/base/duration.h"

namespace kload::kctl {
namespace {

using analysis::TargetVerdict;

const MetricSummary* SummaryOf(const Result& result, std::string_view metric) {
  if (!result.summary) return nullptr;
  const std::vector<MetricSummary>& all = result.summary->metrics;
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const MetricSummary& each) { return each.name == metric; });
  return found == all.end() ? nullptr : &*found;
}

void CollectChecks(const GroupSummary& group, const std::string& prefix,
                   std::vector<CheckRow>& rows) {
  for (const CheckSummary& check : group.checks) {
    rows.push_back({prefix + check.name, check.passes, check.fails});
  }
  for (const GroupSummary& inner : group.groups) {
    CollectChecks(inner, prefix + inner.name + " › ", rows);
  }
}

// In the unit that the expression has, precise enough to be told apart from it.
std::string ObservedText(double observed, const MetricSummary& metric) {
  if (metric.type == MetricType::kRate) return fmt::format("{:.5g}", observed);
  const bool time = metric.contains == ValueKind::kTime && metric.type == MetricType::kTrend;
  return fmt::format("{:.6g}{}", observed, time ? " ms" : "");
}

// 0.95 of "p(95)"; 0.5 of "med"; nothing of what is no percentile.
std::optional<double> QuantileOfMethod(std::string_view method) {
  if (method == "med") return 0.5;
  if (!method.starts_with("p(") || !method.ends_with(")")) return std::nullopt;
  const double percent = std::strtod(std::string(method.substr(2)).c_str(), nullptr);
  return percent > 0 && percent < 100 ? std::optional<double>(percent / 100) : std::nullopt;
}

}  // namespace

Report Analyze(Result result, const std::optional<analysis::Targets>& targets) {
  Report report{std::move(result), {}, {}};
  if (targets) report.targets = analysis::JudgeTargets(*targets, report.result);
  report.findings = analysis::FindSymptoms(report.result, targets.value_or(analysis::Targets()));
  return report;
}

std::string_view MoodName(Mood mood) {
  switch (mood) {
    case Mood::kGood:
      return "good";
    case Mood::kUnsure:
      return "unsure";
    case Mood::kBad:
      return "bad";
  }
  return "unsure";
}

Verdict VerdictOf(const Result& result) {
  if (!result.finished()) {
    const bool ended = result.state == "aborted";
    return {ended ? "aborted" : "not finished: " + result.state,
            ended ? Mood::kBad : Mood::kUnsure};
  }
  switch (result.exit_code) {
    case 0:
      return {"passed", Mood::kGood};
    case 97:
      return {"an agent was lost", Mood::kBad};
    case 98:
      return {"not trustworthy", Mood::kBad};
    case 99:
      return {"thresholds failed", Mood::kBad};
    case 103:
      return {"stopped", Mood::kUnsure};
    case 105:
      return {"interrupted", Mood::kUnsure};
    case 107:
      return {"script failed", Mood::kBad};
    case 108:
      return {"aborted by the script", Mood::kBad};
    case 110:
      return {"failed by the script", Mood::kBad};
    default:
      return {"failed", Mood::kBad};
  }
}

Mood MoodOf(SoundnessLabel label) {
  if (label == SoundnessLabel::kTrustworthy) return Mood::kGood;
  return label == SoundnessLabel::kInvalid ? Mood::kBad : Mood::kUnsure;
}

Mood MoodOf(TargetVerdict verdict) {
  if (verdict == TargetVerdict::kMet) return Mood::kGood;
  return verdict == TargetVerdict::kUnknown ? Mood::kUnsure : Mood::kBad;
}

std::vector<ThresholdRow> ThresholdRows(const Result& result) {
  std::vector<ThresholdRow> rows;
  if (!result.summary) return rows;
  for (const MetricSummary& metric : result.summary->metrics) {
    for (const ThresholdResult& threshold : metric.thresholds) {
      rows.push_back({metric.name, threshold.expression, ObservedText(threshold.observed, metric),
                      threshold.ok});
    }
  }
  return rows;
}

std::vector<CheckRow> CheckRows(const Result& result) {
  std::vector<CheckRow> rows;
  if (result.summary) CollectChecks(result.summary->root_group, "", rows);
  return rows;
}

std::vector<LatencyLimit> LatencyLimits(const Result& result) {
  std::vector<LatencyLimit> limits;
  const MetricSummary* metric = SummaryOf(result, "http_req_duration");
  if (metric == nullptr) return limits;
  for (const ThresholdResult& threshold : metric->thresholds) {
    const std::optional<double> quantile = QuantileOfMethod(threshold.method);
    const size_t less = threshold.expression.find('<');
    if (!quantile || less == std::string::npos) continue;
    const size_t number = threshold.expression.find_first_not_of("<= ", less);
    if (number == std::string::npos) continue;
    const double ms = std::strtod(threshold.expression.c_str() + number, nullptr);
    if (ms > 0 && std::isfinite(ms)) limits.push_back({*quantile, ms, threshold.expression});
  }
  return limits;
}

std::string EndpointName(const Endpoint& endpoint) {
  return endpoint.method.empty() ? endpoint.name : endpoint.method + " " + endpoint.name;
}

double QuantileOf(const Endpoint& endpoint, double p) {
  return endpoint.duration.Quantile(p, ValueKind::kTime);
}

double RateSeconds(const Result& result) {
  const Nanos time = result.summary ? result.summary->duration : result.duration;
  return std::chrono::duration<double>(time).count();
}

std::string RunTimeText(Nanos at) {
  const bool fine = std::chrono::abs(at) < std::chrono::minutes(1);
  const Nanos step = fine ? Nanos(std::chrono::milliseconds(100)) : Nanos(std::chrono::seconds(1));
  return FormatDuration(at / step * step);
}

std::string UtcText(Nanos unix_time) {
  if (unix_time == Nanos(0)) return "";
  const auto seconds = std::chrono::floor<std::chrono::seconds>(unix_time).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string LatencyText(double ms) {
  // Rounded first: 999.6 ms are 1 s.
  const double rounded = ms < 100 ? ms : std::round(ms);
  if (rounded >= 1000) return fmt::format("{:.3g} s", ms / 1000);
  return ms > 0 && ms < 1 ? fmt::format("{:.3g} µs", ms * 1000) : fmt::format("{:.3g} ms", ms);
}

std::string ShareText(double share) { return fmt::format("{:.3g} %", share * 100); }

std::string CountText(uint64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (size_t at = 0; at < digits.size(); ++at) {
    if (at > 0 && (digits.size() - at) % 3 == 0) text += ',';
    text += digits[at];
  }
  return text;
}

}  // namespace kload::kctl
