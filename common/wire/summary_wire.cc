#include "common/wire/summary_wire.h"

#include <fmt/format.h>

#include <cmath>

#include "common/base/status.h"
#include "common/wire/metric_wire.h"

namespace kload::wire {
namespace {

v1::MetricSummary EncodeMetric(const MetricSummary& metric) {
  v1::MetricSummary message;
  message.set_name(metric.name);
  message.set_parent(metric.parent);
  message.set_type(EncodeType(metric.type));
  message.set_contains(EncodeKind(metric.contains));
  message.mutable_values()->insert(metric.values.begin(), metric.values.end());
  for (const ThresholdResult& threshold : metric.thresholds) {
    v1::ThresholdResult& encoded = *message.add_thresholds();
    encoded.set_expression(threshold.expression);
    encoded.set_ok(threshold.ok);
    encoded.set_method(threshold.method);
    encoded.set_observed(threshold.observed);
    encoded.set_abort_on_fail(threshold.abort_on_fail);
  }
  return message;
}

absl::StatusOr<MetricSummary> DecodeMetric(const v1::MetricSummary& message) {
  MetricSummary metric;
  metric.name = message.name();
  metric.parent = message.parent();
  KLOAD_ASSIGN_OR_RETURN(metric.type, DecodeType(message.type()));
  KLOAD_ASSIGN_OR_RETURN(metric.contains, DecodeKind(message.contains()));
  for (const auto& [name, value] : message.values()) {
    if (!std::isfinite(value)) {
      return absl::InvalidArgumentError(fmt::format("{} is not finite", name));
    }
    metric.values[name] = value;
  }
  for (const v1::ThresholdResult& threshold : message.thresholds()) {
    if (!std::isfinite(threshold.observed())) {
      return absl::InvalidArgumentError(
          fmt::format("the value of {} is not finite", threshold.expression()));
    }
    metric.thresholds.push_back({threshold.expression(), threshold.ok(), threshold.method(),
                                 threshold.observed(), threshold.abort_on_fail()});
  }
  return metric;
}

v1::GroupSummary EncodeGroup(const GroupSummary& group) {
  v1::GroupSummary message;
  message.set_name(group.name);
  message.set_path(group.path);
  for (const GroupSummary& child : group.groups) *message.add_groups() = EncodeGroup(child);
  for (const CheckSummary& check : group.checks) {
    v1::CheckSummary& encoded = *message.add_checks();
    encoded.set_name(check.name);
    encoded.set_path(check.path);
    encoded.set_passes(check.passes);
    encoded.set_fails(check.fails);
  }
  for (const MetricSummary& metric : group.metrics) *message.add_metrics() = EncodeMetric(metric);
  return message;
}

// `metrics` of a summary, or of a part of it.
template <typename Messages>
absl::Status DecodeMetrics(const Messages& messages, std::vector<MetricSummary>& into) {
  for (const v1::MetricSummary& message : messages) {
    absl::StatusOr<MetricSummary> decoded = DecodeMetric(message);
    if (!decoded.ok()) {
      return Annotate(decoded.status(), fmt::format("summary of {}", message.name()));
    }
    into.push_back(*std::move(decoded));
  }
  return absl::OkStatus();
}

absl::StatusOr<GroupSummary> DecodeGroup(const v1::GroupSummary& message, int depth) {
  if (depth > kGroupDepthMax) {
    return absl::InvalidArgumentError(
        fmt::format("groups are nested deeper than {}: {}", kGroupDepthMax, message.path()));
  }
  GroupSummary group;
  group.name = message.name();
  group.path = message.path();
  for (const v1::GroupSummary& child : message.groups()) {
    KLOAD_ASSIGN_OR_RETURN(GroupSummary decoded, DecodeGroup(child, depth + 1));
    group.groups.push_back(std::move(decoded));
  }
  for (const v1::CheckSummary& check : message.checks()) {
    group.checks.push_back({check.name(), check.path(), check.passes(), check.fails()});
  }
  KLOAD_RETURN_IF_ERROR(DecodeMetrics(message.metrics(), group.metrics));
  return group;
}

v1::AgentSummary EncodeAgent(const AgentSummary& agent) {
  v1::AgentSummary message;
  message.set_name(agent.name);
  message.set_lost(agent.lost);
  message.set_lost_at_ns(agent.lost_at.count());
  message.set_deltas(agent.deltas);
  message.set_requests(agent.requests);
  message.set_cpu_ratio_max(agent.cpu_ratio_max);
  message.set_loop_lag_max_ns(agent.loop_lag_max.count());
  message.set_lost_until_ns(agent.lost_until.count());
  message.set_lost_why(agent.lost_why);
  message.set_joined_at_ns(agent.joined_at.count());
  message.set_iterations(agent.iterations);
  message.set_iterations_late(agent.iterations_late);
  message.set_iterations_dropped(agent.iterations_dropped);
  message.set_generator_errors(agent.generator_errors);
  message.set_deltas_duplicate(agent.deltas_duplicate);
  message.set_cores(agent.cores);
  return message;
}

AgentSummary DecodeAgent(const v1::AgentSummary& message) {
  return {.name = message.name(),
          .lost = message.lost(),
          .lost_at = Nanos(message.lost_at_ns()),
          .deltas = message.deltas(),
          .requests = message.requests(),
          .cpu_ratio_max = message.cpu_ratio_max(),
          .loop_lag_max = Nanos(message.loop_lag_max_ns()),
          .lost_until = Nanos(message.lost_until_ns()),
          .lost_why = message.lost_why(),
          .joined_at = Nanos(message.joined_at_ns()),
          .iterations = message.iterations(),
          .iterations_late = message.iterations_late(),
          .iterations_dropped = message.iterations_dropped(),
          .generator_errors = message.generator_errors(),
          .deltas_duplicate = message.deltas_duplicate(),
          .cores = message.cores()};
}

SoundnessLabel DecodeLabel(v1::Soundness::Label label) {
  return v1::Soundness::Label_IsValid(label) ? static_cast<SoundnessLabel>(label)
                                             : SoundnessLabel::kNotJudged;
}

}  // namespace

v1::Soundness EncodeSoundness(const Soundness& soundness) {
  v1::Soundness message;
  message.set_label(static_cast<v1::Soundness::Label>(soundness.label));
  for (const Finding& finding : soundness.findings) {
    v1::Finding& encoded = *message.add_findings();
    encoded.set_label(static_cast<v1::Soundness::Label>(finding.label));
    encoded.set_reason(finding.reason);
    encoded.set_agent(finding.agent);
    encoded.set_from_ns(finding.from.count());
    encoded.set_to_ns(finding.to.count());
  }
  return message;
}

// A label of a newer version is read as not judged.
Soundness DecodeSoundness(const v1::Soundness& message) {
  Soundness soundness;
  soundness.label = DecodeLabel(message.label());
  for (const v1::Finding& finding : message.findings()) {
    soundness.findings.push_back({DecodeLabel(finding.label()), finding.reason(), finding.agent(),
                                  Nanos(finding.from_ns()), Nanos(finding.to_ns())});
  }
  return soundness;
}

v1::RunNote EncodeNote(const RunNote& note) {
  v1::RunNote message;
  message.set_at_ns(note.at.count());
  message.set_unix_ns(note.unix_time.count());
  message.set_kind(note.kind);
  message.set_agent(note.agent);
  message.set_text(note.text);
  return message;
}

RunNote DecodeNote(const v1::RunNote& message) {
  return {Nanos(message.at_ns()), Nanos(message.unix_ns()), message.kind(), message.agent(),
          message.text()};
}

v1::RunSummary EncodeSummary(const RunSummary& summary) {
  v1::RunSummary message;
  message.set_run_id(summary.run_id);
  message.set_script(summary.script);
  message.set_duration_ns(summary.duration.count());
  message.set_started_unix_ns(summary.started_unix.count());
  for (const std::string& stat : summary.trend_stats) message.add_trend_stats(stat);
  for (const MetricSummary& metric : summary.metrics) *message.add_metrics() = EncodeMetric(metric);
  *message.mutable_root_group() = EncodeGroup(summary.root_group);
  for (const GroupSummary& scenario : summary.scenarios) {
    *message.add_scenarios() = EncodeGroup(scenario);
  }
  for (const AgentSummary& agent : summary.agents) *message.add_agents() = EncodeAgent(agent);
  for (const std::string& warning : summary.warnings) message.add_warnings(warning);
  message.set_summary_time_unit(summary.summary_time_unit);
  message.set_no_thresholds(summary.no_thresholds);
  *message.mutable_soundness() = EncodeSoundness(summary.soundness);
  for (const RunNote& note : summary.notes) *message.add_notes() = EncodeNote(note);
  return message;
}

absl::StatusOr<RunSummary> DecodeSummary(const v1::RunSummary& message) {
  RunSummary summary;
  summary.run_id = message.run_id();
  summary.script = message.script();
  summary.duration = Nanos(message.duration_ns());
  summary.started_unix = Nanos(message.started_unix_ns());
  summary.trend_stats.assign(message.trend_stats().begin(), message.trend_stats().end());
  KLOAD_RETURN_IF_ERROR(DecodeMetrics(message.metrics(), summary.metrics));
  KLOAD_ASSIGN_OR_RETURN(summary.root_group, DecodeGroup(message.root_group(), 0));
  for (const v1::GroupSummary& scenario : message.scenarios()) {
    KLOAD_ASSIGN_OR_RETURN(GroupSummary decoded, DecodeGroup(scenario, 0));
    summary.scenarios.push_back(std::move(decoded));
  }
  for (const v1::AgentSummary& agent : message.agents()) {
    summary.agents.push_back(DecodeAgent(agent));
  }
  summary.warnings.assign(message.warnings().begin(), message.warnings().end());
  summary.summary_time_unit = message.summary_time_unit();
  summary.no_thresholds = message.no_thresholds();
  summary.soundness = DecodeSoundness(message.soundness());
  for (const v1::RunNote& note : message.notes()) summary.notes.push_back(DecodeNote(note));
  return summary;
}

}  // namespace kload::wire
