#include "controller/run/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "common/base/duration.h"
#include "controller/verdict/soundness.h"
#include "controller/verdict/summarize.h"

namespace kload::controller {
namespace {

using std::chrono::milliseconds;

// A worker's timer that fires this late has delayed requests enough to see it in percentiles.
constexpr Nanos kLagWorthAWarning = milliseconds(250);

AgentSummary SummarizeAgent(const Member& member, const Ledger& ledger) {
  AgentSummary agent{.name = member.id.name,
                     .lost = member.lost,
                     .lost_at = member.lost_at,
                     .deltas = member.deltas,
                     .requests = member.requests,
                     .cpu_ratio_max = member.cpu_ratio_max,
                     .loop_lag_max = member.loop_lag_max,
                     .lost_until = member.lost_until,
                     .lost_why = member.lost_why,
                     .joined_at = member.joined_at};
  for (const auto& [name, scenario] : member.scenarios) {
    agent.iterations += scenario.iterations_complete;
  }
  const AgentHealth& health = member.watch.last();
  agent.iterations_late = health.iterations_late;
  agent.iterations_dropped = health.iterations_dropped;
  agent.generator_errors = health.generator_errors;
  agent.cores = health.cores;
  const Ledger::Account* account = ledger.Find(member.id.incarnation);
  if (account != nullptr) agent.deltas_duplicate = account->duplicates;
  return agent;
}

}  // namespace

double TotalOfCounter(const ClusterSeries& series, std::string_view metric) {
  const Sink* total = series.Total(metric);
  const auto* counter = total == nullptr ? nullptr : std::get_if<CounterSink>(total);
  return counter == nullptr ? 0 : counter->sum.value();
}

RunProgress ComputeProgress(const TestPlan& plan, const ClusterSeries& series,
                            const std::vector<Member>& members) {
  RunProgress progress;
  for (const Scenario& scenario : plan.scenarios)
    progress.scenarios.push_back({scenario.name, 0, 0});
  for (const Member& member : members) {
    const bool works = !member.lost && !member.final;
    if (works) progress.vus += member.vus_active;
    // Those of a lost agent are made anew by others.
    if (!member.lost && !member.left && !member.drained) progress.vus_max += member.vus_initialized;
    for (ScenarioFigures& figures : progress.scenarios) {
      const auto found = member.scenarios.find(figures.name);
      if (found == member.scenarios.end()) continue;
      if (works) figures.vus_active += found->second.vus_active;
      figures.iterations_complete += found->second.iterations_complete;
      progress.iterations_complete += found->second.iterations_complete;
      progress.iterations_interrupted += found->second.iterations_interrupted;
    }
  }
  const Sink* duration = series.Total("http_req_duration");
  if (const auto* trend = duration == nullptr ? nullptr : std::get_if<TrendSink>(duration)) {
    progress.p95_ms = trend->Quantile(0.95, ValueKind::kTime);
  }
  const Sink* failed = series.Total("http_req_failed");
  if (const auto* rate = failed == nullptr ? nullptr : std::get_if<RateSink>(failed)) {
    progress.failed_ratio = rate->rate();
  }
  return progress;
}

Nanos MeasuredDuration(Nanos test_start, std::optional<Nanos> zero, Nanos last_sample_at,
                       Nanos now) {
  const Nanos end = zero ? *zero + last_sample_at : now;
  return std::max<Nanos>(milliseconds(1), end - test_start);
}

std::vector<std::string> SoundnessWarnings(const std::vector<Member>& members,
                                           const Ledger& ledger) {
  std::vector<std::string> warnings;
  for (const Member& member : members) {
    const std::string& name = member.id.name;
    if (member.loop_lag_max >= kLagWorthAWarning) {
      warnings.push_back(
          fmt::format("agent '{}' was up to {} late: it had too much to do, so latencies may be "
                      "overstated; use more agents",
                      name, FormatDuration(std::chrono::floor<milliseconds>(member.loop_lag_max))));
    }
    if (member.samples_overflowed > 0) {
      warnings.push_back(
          fmt::format("agent '{}' had too many time series: {} samples count in their metrics but "
                      "not by tag; give requests "
                      "with ids in their URLs a common name tag",
                      name, member.samples_overflowed));
    }
    const size_t missing = ledger.Missing(member.id.incarnation).size();
    if (missing > 0) {
      warnings.push_back(
          fmt::format("samples of {} of agent '{}' never arrived",
                      missing == 1 ? "one second" : fmt::format("{} seconds", missing), name));
    }
  }
  return warnings;
}

namespace {

// Of an agent that was lost while it had load.
std::optional<Finding> LossOf(const Member& member, int64_t vus, Nanos end) {
  if (!member.lost || (member.final && member.lost_until == Nanos(0))) return std::nullopt;
  const std::string& name = member.id.name;
  if (member.lost_until > Nanos(0)) {
    return Finding{SoundnessLabel::kDegraded,
                   fmt::format("agent '{}' was lost: a part of the load was missing until others "
                               "took it over",
                               name),
                   name, member.reported_until, member.lost_until};
  }
  // What is missing to the end: with more than a tenth it is another test.
  constexpr int64_t kTenth = 10;
  const bool much = vus == 0 || member.vus_initialized * kTenth > vus;
  return Finding{
      much ? SoundnessLabel::kInvalid : SoundnessLabel::kDegraded,
      fmt::format("agent '{}' was lost and its part of the load is missing from then on", name),
      name, member.reported_until, end};
}

void AddThresholdFindings(const ReportInput& input, std::vector<Finding>& findings) {
  if (input.spec.no_thresholds) return;
  for (const Verdict::Outcome& outcome : input.verdict.outcomes()) {
    if (input.series.Find(outcome.threshold.selector) != nullptr) continue;
    // That nothing was counted of what is counted is a number: no response had the status 500.
    const MetricDef& metric = outcome.threshold.metric;
    if (metric.type == MetricType::kCounter && input.series.Total(metric.name) != nullptr) continue;
    findings.push_back({SoundnessLabel::kDegraded,
                        fmt::format("the threshold '{}' on {} had no data to judge",
                                    outcome.result.expression, outcome.threshold.spec.selector),
                        "", Nanos(0), input.duration});
  }
}

Soundness JudgeSoundness(const ReportInput& input, bool at_end) {
  std::vector<Finding> findings;
  int64_t vus = 0;
  for (const Member& member : input.members) vus += member.vus_initialized;
  for (const Member& member : input.members) {
    const std::string& name = member.id.name;
    uint64_t iterations = 0;
    for (const auto& [scenario, progress] : member.scenarios) {
      iterations += progress.iterations_complete + progress.iterations_interrupted;
    }
    for (Finding& finding : member.watch.Findings(name, member.requests, iterations)) {
      findings.push_back(std::move(finding));
    }
    if (auto loss = LossOf(member, vus, input.duration)) findings.push_back(*std::move(loss));
    if (!member.quarantined.empty()) {
      findings.push_back(
          {SoundnessLabel::kInvalid,
           fmt::format(
               "agent '{}' said what cannot be ({}): nothing of it counts from then on, and "
               "what it said before may be wrong",
               name, member.quarantined),
           name, Nanos(0), input.duration});
    }
    const size_t missing = at_end ? input.ledger.Missing(member.id.incarnation).size() : 0;
    if (missing > 0) {
      findings.push_back({SoundnessLabel::kDegraded,
                          fmt::format("{} reports of agent '{}' never arrived", missing, name),
                          name, Nanos(0), input.duration});
    }
    if (member.samples_overflowed > 0) {
      findings.push_back(
          {SoundnessLabel::kDegraded,
           fmt::format("{} samples of agent '{}' found no series of their own: results by tag are "
                       "not complete",
                       member.samples_overflowed, name),
           name, Nanos(0), input.duration});
    }
  }
  if (at_end) AddThresholdFindings(input, findings);
  return JudgeFindings(std::move(findings));
}

}  // namespace

Soundness JudgeProgress(const ReportInput& input) { return JudgeSoundness(input, false); }

RunSummary BuildSummary(const ReportInput& input) {
  const RunOptions& options = input.spec.plan.options;
  RunSummary summary;
  summary.run_id = input.spec.id;
  summary.script = input.spec.script;
  summary.duration = input.duration;
  summary.started_unix = input.spec.created_unix;
  summary.trend_stats = options.summary_trend_stats;
  summary.metrics =
      SummarizeMetrics(input.series, input.verdict, options.summary_trend_stats, input.duration);
  summary.root_group = SummarizeChecks(input.series);
  if (input.spec.full_summary) {
    SummarizeParts(input.series, options.summary_trend_stats, input.duration, summary);
  }
  for (const Member& member : input.members) {
    summary.agents.push_back(SummarizeAgent(member, input.ledger));
  }
  summary.soundness = JudgeSoundness(input, true);
  summary.warnings = input.warnings;
  summary.summary_time_unit = options.summary_time_unit;
  summary.no_thresholds = input.spec.no_thresholds;
  return summary;
}

}  // namespace kload::controller
