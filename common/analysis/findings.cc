#include "common/analysis/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "common/analysis/recovery.h"
#include "common/base/duration.h"

namespace kload::analysis {
namespace {

constexpr size_t kWindows = 60;
constexpr size_t kNamed = 3;  // endpoints that a finding names

std::string Seconds(Nanos time) {
  return FormatDuration(std::chrono::round<std::chrono::seconds>(time));
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool Contains(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

std::string NameOf(const Endpoint& endpoint) { return endpoint.method + " " + endpoint.name; }

class Finder {
 public:
  Finder(const Result& result, const Targets& targets)
      : result_(result),
        targets_(targets),
        windows_(WindowsOf(result.points, kWindows)),
        limits_(LimitsOf(result)) {}

  std::vector<Symptom> Find() {
    BreakingPointAndKnee();
    Spike();
    Drifts();
    SlowEndpoints();
    Errors();
    Timeouts();
    Pool();
    Cache();
    Generators();
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Symptom& a, const Symptom& b) { return a.severity > b.severity; });
    return std::move(found_);
  }

 private:
  void Add(std::string id, Severity severity, std::string title, std::string evidence,
           std::string next) {
    found_.push_back(
        {std::move(id), severity, std::move(title), std::move(evidence), std::move(next)});
  }

  void BreakingPointAndKnee() {
    if (const auto point = FindBreakingPoint(windows_, limits_)) {
      Add("breaking-point", Severity::kProblem,
          fmt::format("The target broke at {:.0f} VUs, {:.4g} requests/s", point->vus,
                      point->requests_per_second),
          fmt::format("from {} on {}; the limits were not kept again while the load lasted",
                      Seconds(point->at), point->broke),
          "what runs out at this load: CPU, connections of the database pool, memory, a queue");
    }
    if (const auto knee = FindKnee(result_)) {
      Add("saturation", Severity::kWarning,
          fmt::format("Throughput stops growing at {:.0f} VUs, {:.4g} requests/s", knee->vus,
                      knee->requests_per_second),
          fmt::format("fit: {:.3g} requests/s per VU up to there, {:.3g} beyond (R² {:.3f}, p of "
                      "one straight line {:.2g})",
                      knee->slope_before, knee->slope_after, knee->r_squared, knee->p_value),
          "the resource that is full from there on; more VUs only wait longer");
    }
  }

  void Spike() {
    const auto recovery = FindRecovery(windows_);
    if (!recovery) return;
    const std::string evidence =
        fmt::format("p95 {:.4g} ms at {:.0f} VUs before the spike, up to {:.4g} ms at {:.0f} VUs",
                    recovery->base_p95, recovery->base_vus, recovery->peak_p95, recovery->peak_vus);
    if (recovery->took) {
      Add("recovery", Severity::kInfo,
          fmt::format("Recovered {} after the spike", Seconds(*recovery->took)), evidence,
          "queues that filled up, caches that went cold, pools that shrink slowly");
    } else {
      Add("recovery", Severity::kProblem, "Did not recover from the spike within the run", evidence,
          "a queue that never empties, connections that are not given back, a leak");
    }
  }

  void Drifts() {
    for (const Drift& drift : FindDrifts(result_)) {
      if (!drift.found || drift.change <= 0) continue;
      const std::string slope =
          fmt::format("{:+.3g} {} per hour (99 % interval {:+.3g} to {:+.3g}), level {:.4g}",
                      drift.slope.per_hour, drift.unit, drift.slope.interval.low,
                      drift.slope.interval.high, drift.slope.level);
      const std::string name = Lower(drift.subject);
      if (drift.kind == DriftKind::kLatency) {
        Add("gradual-increase", Severity::kProblem,
            fmt::format("Responses get slower at a constant load: {:+.0f} %", drift.change * 100),
            "p95 " + slope,
            "growing tables without an index, leaks, caches that fill up, compaction");
      } else if (drift.kind == DriftKind::kFailures) {
        Add("rising-errors", Severity::kProblem,
            fmt::format("Errors rise at a constant load: {:+.2f} percentage points", drift.change),
            slope, "pools and descriptors that are not given back");
      } else if (Contains(name, {"memory", "rss", "heap"})) {
        Add("leak", Severity::kProblem,
            fmt::format("The target's memory grows at a constant load: {} {:+.0f} %", drift.subject,
                        drift.change * 100),
            slope,
            "a heap profile at both ends of the run; event listeners, timers, unbounded caches");
      } else {
        Add("drift", Severity::kInfo,
            fmt::format("{} rises at a constant load: {:+.0f} %", drift.subject,
                        drift.change * 100),
            slope, "whether that is what the load should do");
      }
    }
  }

  void SlowEndpoints() {
    if (!limits_.p95_ms) return;
    std::vector<std::pair<double, const Endpoint*>> slow;
    for (const Endpoint& endpoint : result_.endpoints) {
      if (endpoint.duration.count() < 20) continue;
      const double p95 = endpoint.duration.Quantile(0.95, ValueKind::kTime);
      if (p95 > *limits_.p95_ms) slow.emplace_back(p95, &endpoint);
    }
    std::sort(slow.rbegin(), slow.rend());
    for (size_t i = 0; i < std::min(kNamed, slow.size()); ++i) {
      const Endpoint& endpoint = *slow[i].second;
      Add("slow-endpoint", Severity::kWarning,
          fmt::format("{} is slow: p95 {:.4g} ms", NameOf(endpoint), slow[i].first),
          fmt::format("limit {:.4g} ms; median {:.4g} ms, {} requests", *limits_.p95_ms,
                      endpoint.duration.Quantile(0.5, ValueKind::kTime), endpoint.duration.count()),
          "its slowest queries (pg_stat_statements), N+1 queries, missing indexes, caching");
    }
  }

  void Errors() {
    const double limit = limits_.failed_ratio.value_or(0.01);
    std::vector<std::pair<double, const Endpoint*>> failing;
    for (const Endpoint& endpoint : result_.endpoints) {
      if (endpoint.requests == 0) continue;
      const double ratio = double(endpoint.failed) / double(endpoint.requests);
      if (ratio > limit) failing.emplace_back(ratio, &endpoint);
    }
    std::sort(failing.rbegin(), failing.rend());
    for (size_t i = 0; i < std::min(kNamed, failing.size()); ++i) {
      const Endpoint& endpoint = *failing[i].second;
      std::string kinds;
      bool limited = false;
      for (const auto& [status, count] : endpoint.statuses) {
        if (status.size() == 3 && status[0] < '4') continue;
        limited = limited || status == "429";
        kinds += fmt::format("{}{} × {}", kinds.empty() ? "" : ", ",
                             status == "0" ? "no answer" : status, count);
      }
      Add("errors-by-endpoint", Severity::kProblem,
          fmt::format("{} fails: {:.3g} %", NameOf(endpoint), failing[i].first * 100),
          fmt::format("{} of {} requests: {}", endpoint.failed, endpoint.requests, kinds),
          limited ? "its rate limit: raise it for the test's users, or spread them"
                  : "the target's log of this endpoint; its upstreams and rate limits");
    }
  }

  void Timeouts() {
    uint64_t timeouts = 0;
    uint64_t requests = 0;
    for (const Endpoint& endpoint : result_.endpoints) {
      timeouts += endpoint.timeouts;
      requests += endpoint.requests;
    }
    if (requests == 0 || double(timeouts) / double(requests) <= 0.005) return;
    Add("timeouts", Severity::kProblem,
        fmt::format("{:.2g} % of the requests timed out",
                    100.0 * double(timeouts) / double(requests)),
        fmt::format("{} of {}", timeouts, requests),
        "what blocks: locks, an exhausted pool, an upstream without a time-out of its own");
  }

  // A pool that is full: readings at their highest value for a long time while requests wait longer.
  void Pool() {
    for (const WatchedSeries& series : result_.watched) {
      const std::string name = Lower(series.name + " " + series.expression);
      if (!Contains(name, {"pool", "connection"}) || series.points.size() < 10) continue;
      double most = 0;
      for (const WatchedPoint& point : series.points) most = std::max(most, point.value);
      if (most < 2) continue;
      const auto full = static_cast<double>(
          std::count_if(series.points.begin(), series.points.end(),
                        [&](const WatchedPoint& point) { return point.value >= most * 0.999; }));
      const double share = full / static_cast<double>(series.points.size());
      if (share < 0.2 || !SlowWhileFull(series, most)) continue;
      Add("pool-exhaustion", Severity::kProblem,
          fmt::format("{} stays at its highest value, {:g}, while requests get slower", series.name,
                      most),
          fmt::format("{:.0f} % of {} readings are at {:g}; p95 is then {:.1f} times that of the "
                      "other seconds",
                      share * 100, series.points.size(), most, slow_factor_),
          "the pool's size and time-out, connections that are held during slow work");
    }
  }

  bool SlowWhileFull(const WatchedSeries& series, double most) {
    double full_p95 = 0;
    double full_count = 0;
    double other_p95 = 0;
    double other_count = 0;
    for (const WatchedPoint& reading : series.points) {
      const auto point =
          std::lower_bound(result_.points.begin(), result_.points.end(), reading.at,
                           [](const ResultPoint& each, Nanos at) { return each.at < at; });
      if (point == result_.points.end() || point->requests == 0) continue;
      const bool full = reading.value >= most * 0.999;
      (full ? full_p95 : other_p95) += point->p95;
      (full ? full_count : other_count) += 1;
    }
    if (full_count < 5 || other_count < 5 || other_p95 <= 0) return false;
    slow_factor_ = (full_p95 / full_count) / (other_p95 / other_count);
    return slow_factor_ > 1.3;
  }

  void Cache() {
    for (const FigureTarget& figure : targets_.figures) {
      const WatchedSeries* series = result_.Watched(figure.measure);
      if (series == nullptr || series->points.empty()) continue;
      if (!Contains(Lower(figure.name + " " + series->name), {"cache", "hit"})) continue;
      double sum = 0;
      for (const WatchedPoint& point : series->points) sum += point.value;
      const double mean = sum / static_cast<double>(series->points.size());
      if (!figure.at_least || mean >= figure.target) continue;
      Add("cache", Severity::kWarning,
          fmt::format("The cache is hit too rarely: {:.3g} %", mean * 100),
          fmt::format("target {:.3g} %, mean of {} readings of {}", figure.target * 100,
                      series->points.size(), series->expression),
          "time to live of stable data, warming up after a deployment, keys that differ for no "
          "reason");
    }
  }

  void Generators() {
    if (!result_.summary) return;
    const Soundness& soundness = result_.summary->soundness;
    if (soundness.label != SoundnessLabel::kDegraded &&
        soundness.label != SoundnessLabel::kInvalid) {
      return;
    }
    for (const Finding& finding : soundness.findings) {
      Add("soundness",
          finding.label == SoundnessLabel::kInvalid ? Severity::kProblem : Severity::kWarning,
          finding.agent.empty() ? "The measurement itself has a flaw"
                                : fmt::format("Agent {} has a flaw", finding.agent),
          finding.reason, "more agents, or less load per agent, before judging the target");
    }
  }

  const Result& result_;
  const Targets& targets_;
  const std::vector<Window> windows_;
  const Limits limits_;
  double slow_factor_ = 1;  // of the pool at hand
  std::vector<Symptom> found_;
};

}  // namespace

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kProblem:
      return "problem";
  }
  return "";
}

std::vector<Symptom> FindSymptoms(const Result& result, const Targets& targets) {
  return Finder(result, targets).Find();
}

}  // namespace kload::analysis
