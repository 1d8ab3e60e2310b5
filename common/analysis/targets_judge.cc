#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "common/analysis/capacity.h"
#include "common/analysis/targets.h"

namespace kload::analysis {
namespace {

// ---- Which endpoint belongs where --------------------------------------------------------------

// '*' stands for any text, also none.
bool GlobMatches(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool MethodMatches(std::string_view methods, std::string_view method) {
  while (!methods.empty()) {
    const size_t bar = methods.find('|');
    const std::string_view one = methods.substr(0, bar);
    if (one == "*" || one == method) return true;
    if (bar == std::string_view::npos) return false;
    methods.remove_prefix(bar + 1);
  }
  return false;
}

bool Matches(std::string_view pattern, const Endpoint& endpoint) {
  const size_t space = pattern.find(' ');
  if (space != std::string_view::npos) {
    if (!MethodMatches(pattern.substr(0, space), endpoint.method)) return false;
    pattern.remove_prefix(space + 1);
  }
  std::string_view path = PathOf(endpoint.name);
  // A pattern that says nothing of the query leaves it out.
  if (pattern.find('?') == std::string_view::npos) path = path.substr(0, path.find('?'));
  return GlobMatches(pattern, path);
}

// Index of the first category that the endpoint belongs to.
std::optional<size_t> CategoryOf(const Targets& targets, const Endpoint& endpoint) {
  for (size_t i = 0; i < targets.latencies.size(); ++i) {
    const std::vector<std::string>& match = targets.latencies[i].match;
    if (std::any_of(match.begin(), match.end(),
                    [&](const std::string& each) { return Matches(each, endpoint); })) {
      return i;
    }
  }
  return std::nullopt;
}

// ---- Latencies ---------------------------------------------------------------------------------

std::string Milliseconds(double ms) { return fmt::format("{:.4g} ms", ms); }

TargetRow JudgeLatency(const LatencyTarget& target, const TrendSink& samples,
                       const std::vector<std::string>& endpoints) {
  TargetRow row{.group = "Response time",
                .name = fmt::format("{} p{:g}", target.name, target.quantile * 100),
                .measured = "not measured",
                .target = "< " + Milliseconds(target.target_ms),
                .critical = target.critical_ms ? Milliseconds(*target.critical_ms) : ""};
  if (samples.count() == 0) {
    row.detail = "the run had no such requests";
    return row;
  }
  const double measured = samples.Quantile(target.quantile, ValueKind::kTime);
  row.measured = Milliseconds(measured);
  constexpr size_t kNamed = 3;
  for (size_t i = 0; i < std::min(kNamed, endpoints.size()); ++i) {
    row.detail += (i == 0 ? "" : ", ") + endpoints[i];
  }
  if (endpoints.size() > kNamed)
    row.detail += fmt::format(" and {} more", endpoints.size() - kNamed);
  if (target.critical_ms && measured >= *target.critical_ms) {
    row.verdict = TargetVerdict::kCritical;
  } else {
    row.verdict = measured < target.target_ms ? TargetVerdict::kMet : TargetVerdict::kMissed;
  }
  return row;
}

std::vector<TargetRow> JudgeLatencies(const Targets& targets, const Result& result) {
  std::vector<TrendSink> samples(targets.latencies.size());
  std::vector<std::vector<std::string>> endpoints(targets.latencies.size());
  for (const Endpoint& endpoint : result.endpoints) {
    const std::optional<size_t> category = CategoryOf(targets, endpoint);
    if (!category) continue;
    samples[*category].Merge(endpoint.duration);
    endpoints[*category].push_back(endpoint.method + " " + std::string(PathOf(endpoint.name)));
  }
  std::vector<TargetRow> rows;
  for (size_t i = 0; i < targets.latencies.size(); ++i) {
    rows.push_back(JudgeLatency(targets.latencies[i], samples[i], endpoints[i]));
  }
  return rows;
}

// ---- Figures -----------------------------------------------------------------------------------

struct Measured {
  std::optional<double> value;
  std::string detail;  // how, or why there is none
};

Measured TimeoutRate(const Result& result) {
  if (!result.knows_error_codes) {
    return {std::nullopt, "the run was made without the system tag error_code"};
  }
  double requests = 0;
  double timeouts = 0;
  for (const Endpoint& endpoint : result.endpoints) {
    requests += static_cast<double>(endpoint.requests);
    timeouts += static_cast<double>(endpoint.timeouts);
  }
  if (requests <= 0) return {std::nullopt, "no requests"};
  return {timeouts / requests, fmt::format("{:.0f} of {:.0f} requests", timeouts, requests)};
}

Measured ErrorRate(const Result& result) {
  const MetricTotal* failed = result.Find("http_req_failed");
  const auto* rate = failed == nullptr ? nullptr : std::get_if<RateSink>(&failed->sink);
  if (rate == nullptr || rate->total == 0) return {std::nullopt, "no requests"};
  return {rate->rate(), fmt::format("{} of {} requests", rate->nonzero, rate->total)};
}

Measured PeakRate(const Result& result) {
  constexpr Nanos kOver = std::chrono::seconds(10);
  double peak = 0;
  for (const Window& window : WindowsOf(result.points, result.points.size(), kOver)) {
    peak = std::max(peak, window.requests_per_second);
  }
  if (peak > 0) return {peak, "the highest of 10 s"};
  // A run that is shorter than that.
  for (const Window& window : WindowsOf(result.points, 1)) peak = window.requests_per_second;
  if (peak <= 0) return {std::nullopt, "no requests"};
  return {peak, "mean of the run"};
}

Measured PeakUsers(const Result& result) {
  int64_t most = 0;
  for (const ResultPoint& point : result.points) most = std::max(most, point.vus);
  if (most <= 0) return {std::nullopt, "no VUs"};
  return {static_cast<double>(most), "the most VUs at once"};
}

Measured WatchedMean(const Result& result, const std::string& name) {
  const WatchedSeries* series = result.Watched(name);
  if (series == nullptr) {
    return {std::nullopt, "the run did not watch it: start it with this file (--targets)"};
  }
  if (series->points.empty()) {
    return {std::nullopt,
            series->problem.empty() ? "the target's page never had it" : series->problem};
  }
  double sum = 0;
  for (const WatchedPoint& point : series->points) sum += point.value;
  const auto count = static_cast<double>(series->points.size());
  return {sum / count,
          fmt::format("mean of {} readings of {}", series->points.size(), series->expression)};
}

Measured Measure(const Result& result, const std::string& measure) {
  if (measure == "error_rate") return ErrorRate(result);
  if (measure == "timeout_rate") return TimeoutRate(result);
  if (measure == "requests_per_second") return PeakRate(result);
  if (measure == "concurrent_users") return PeakUsers(result);
  if (measure == "uptime") {
    return {Uptime(result), "seconds in which at least half of the requests succeeded"};
  }
  return WatchedMean(result, measure);
}

std::string Number(double value, bool share) {
  return share ? fmt::format("{:.3g} %", value * 100) : fmt::format("{:.4g}", value);
}

std::string TargetText(const FigureTarget& target) {
  if (target.target_high) {
    return fmt::format("{}-{}", Number(target.target, target.share),
                       Number(*target.target_high, target.share));
  }
  return (target.at_least ? ">= " : "< ") + Number(target.target, target.share);
}

bool Holds(const FigureTarget& target, double bound, double value) {
  if (target.target_high && value > *target.target_high) return false;
  return target.at_least ? value >= bound : value < bound;
}

// How much load there was is the plan's to say: less than the target proves nothing about it, unless the throughput stopped
// growing with the load.
bool AskedTooLittle(const FigureTarget& target, const Result& result) {
  if (target.measure == "concurrent_users") return true;
  return target.measure == "requests_per_second" && !FindKnee(result);
}

TargetRow JudgeFigure(const FigureTarget& target, const Result& result) {
  TargetRow row{.group = target.group,
                .name = target.name,
                .measured = "not measured",
                .target = TargetText(target),
                .critical = target.critical ? Number(*target.critical, target.share) : ""};
  std::replace(row.name.begin(), row.name.end(), '_', ' ');
  const Measured measured = Measure(result, target.measure);
  row.detail = measured.detail;
  if (!measured.value) return row;
  row.measured = Number(*measured.value, target.share);
  if (Holds(target, target.target, *measured.value)) {
    row.verdict = TargetVerdict::kMet;
  } else if (AskedTooLittle(target, result)) {
    row.detail = "the run offered no more load than this";
  } else if (target.critical && !Holds(target, *target.critical, *measured.value)) {
    row.verdict = TargetVerdict::kCritical;
  } else {
    row.verdict = TargetVerdict::kMissed;
  }
  return row;
}

}  // namespace

std::optional<double> Uptime(const Result& result) {
  double up = 0;
  double all = 0;
  for (const ResultPoint& point : result.points) {
    if (point.requests == 0) continue;
    all += point.seconds();
    if (point.failed * 2 <= point.requests) up += point.seconds();
  }
  if (all <= 0) return std::nullopt;
  return up / all;
}

std::vector<TargetRow> JudgeTargets(const Targets& targets, const Result& result) {
  std::vector<TargetRow> rows = JudgeLatencies(targets, result);
  for (const FigureTarget& figure : targets.figures) rows.push_back(JudgeFigure(figure, result));
  return rows;
}

}  // namespace kload::analysis
