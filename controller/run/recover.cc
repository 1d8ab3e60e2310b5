#include "controller/run/recover.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "common/base/status.h"
#include "common/wire/plan_wire.h"
#include "controller/run/report.h"

namespace kload::controller {
namespace {

constexpr int kExitThresholds = 99;

absl::StatusOr<RunSpec> SpecOf(const v1::SpoolHeader& spool, const std::vector<const Spool*>& all) {
  const v1::RunHeader& header = spool.header();
  RunSpec spec;
  spec.id = spool.run_id();
  spec.script = header.script();
  spec.created_unix = Nanos(header.created_unix_ns());
  spec.no_thresholds = header.no_thresholds();
  spec.agents = header.agents();
  absl::StatusOr<TestPlan> plan = wire::DecodePlan(spool.plan());
  if (!plan.ok()) return absl::DataLossError(Message(plan.status()));
  spec.plan = *std::move(plan);
  if (header.trend_stats_size() > 0) {
    spec.plan.options.summary_trend_stats.assign(header.trend_stats().begin(),
                                                 header.trend_stats().end());
  }
  spec.plan.options.summary_time_unit = header.summary_time_unit();
  for (const v1::ThresholdSpec& each : header.thresholds()) {
    spec.plan.thresholds.push_back({each.selector(), each.expression(), each.abort_on_fail(),
                                    Nanos(each.delay_abort_eval_ns())});
  }
  // The script's own metrics are those that were measured.
  MetricTable metrics;
  for (const Spool* each : all) {
    for (const Delta& delta : each->deltas) {
      for (const SeriesDelta& series : delta.series) {
        KLOAD_RETURN_IF_ERROR(metrics.Declare(series.key->metric).status());
      }
    }
  }
  if (spec.no_thresholds) return spec;
  absl::StatusOr<std::vector<Threshold>> thresholds =
      ParseThresholds(spec.plan.thresholds, metrics);
  if (!thresholds.ok()) return absl::DataLossError(Message(thresholds.status()));
  spec.thresholds = *std::move(thresholds);
  return spec;
}

// One spool for each process.
std::vector<const Spool*> Distinct(const std::vector<Spool>& spools) {
  std::map<std::string, const Spool*> by_process;
  for (const Spool& spool : spools) {
    const Spool*& known = by_process[spool.header.incarnation()];
    if (known == nullptr || known->deltas.size() < spool.deltas.size()) known = &spool;
  }
  std::vector<const Spool*> distinct;
  for (const auto& [incarnation, spool] : by_process) distinct.push_back(spool);
  std::sort(distinct.begin(), distinct.end(),
            [](const Spool* a, const Spool* b) { return a->header.agent() < b->header.agent(); });
  return distinct;
}

}  // namespace

absl::StatusOr<RecoveredRun> RecoverRun(const std::vector<Spool>& spools) {
  const std::vector<const Spool*> distinct = Distinct(spools);
  KLOAD_ASSIGN_OR_RETURN(const RunSpec spec, SpecOf(distinct.front()->header, distinct));
  ClusterSeries series;
  Verdict verdict(spec.thresholds);
  verdict.WatchIn(series);
  Ledger ledger;
  std::vector<Member> members;
  std::vector<std::string> warnings = {fmt::format(
      "this result was rebuilt from the spools of {} of {} agents: what the others measured, and "
      "what setup() and teardown() would have added, is not in it",
      distinct.size(), std::max<size_t>(spec.agents, distinct.size()))};
  Nanos end{0};
  for (const Spool* spool : distinct) {
    Member& member = members.emplace_back();
    member.id = {spool->header.agent(), spool->header.incarnation()};
    for (const Delta& delta : spool->deltas) {
      if (const absl::Status merged = series.Add(delta); !merged.ok()) {
        return absl::DataLossError(fmt::format("{}: {}", spool->path, Message(merged)));
      }
      member.Take(delta);
      end = std::max(end, delta.interval_end);
    }
    if (!spool->damage.empty()) {
      warnings.push_back(fmt::format("{}: {}", spool->path, spool->damage));
    }
    if (!member.final) {
      warnings.push_back(
          fmt::format("agent '{}' did not come to the end of its load", member.id.name));
    }
  }
  const Nanos duration = std::max<Nanos>(end, std::chrono::milliseconds(1));
  verdict.Evaluate(series, duration, Verdict::Pass::kFinal);
  RecoveredRun run;
  run.summary = BuildSummary({.spec = spec,
                              .series = series,
                              .verdict = verdict,
                              .members = members,
                              .ledger = ledger,
                              .warnings = warnings,
                              .duration = duration});
  std::vector<Finding> findings = std::move(run.summary.soundness.findings);
  findings.push_back({SoundnessLabel::kDegraded, "the controller was lost; " + warnings.front(), "",
                      Nanos(0), duration});
  run.summary.soundness = JudgeFindings(std::move(findings));
  if (!spec.no_thresholds && !verdict.passed()) {
    run.exit_code = kExitThresholds;
    run.message = fmt::format("thresholds on metrics '{}' have been crossed",
                              fmt::join(verdict.FailedMetrics(), ", "));
  }
  return run;
}

}  // namespace kload::controller
