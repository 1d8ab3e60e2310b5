#include "controller/core/live_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/status.h"
#include "common/wire/summary_wire.h"
#include "controller/run/run_wire.h"

namespace kload::controller {

RunRecord RecordOf(const LiveRun& live, Nanos unix_now) {
  const RunSpec& spec = live.run.spec();
  const RunOutcome& outcome = live.run.outcome();
  RunRecord record;
  record.id = spec.id;
  record.script = spec.script;
  record.state = PhaseName(live.run.phase());
  record.started_unix = spec.created_unix;
  record.duration = std::max(Nanos(0), unix_now - spec.created_unix);
  record.exit_code = outcome.exit_code;
  record.message = outcome.message;
  record.agents = uint32_t(live.run.members().size());
  record.plan = EncodeShownPlan(spec.plan).SerializeAsString();
  if (outcome.summary) {
    record.duration = outcome.summary->duration;
    record.summary = wire::EncodeSummary(*outcome.summary).SerializeAsString();
  }
  return record;
}

RunFigures FiguresOf(const LiveRun& live) {
  RunFigures figures;
  figures.id = live.id();
  figures.script = live.run.spec().script;
  figures.state = PhaseName(live.run.phase());
  figures.started_unix = live.run.spec().created_unix;
  if (live.run.phase() == RunPhase::kFinished) figures.exit_code = live.run.outcome().exit_code;
  const RunOutcome& outcome = live.run.outcome();
  figures.soundness = SoundnessName(outcome.summary ? outcome.summary->soundness.label
                                                    : live.run.progress().soundness.label);
  figures.series = &live.run.series();
  return figures;
}

v1::RunInfo EncodeRunInfo(const RunRecord& record) {
  v1::RunInfo info;
  info.set_run_id(record.id);
  info.set_script(record.script);
  info.set_state(record.state);
  info.set_started_unix_ns(record.started_unix.count());
  info.set_duration_ns(record.duration.count());
  info.set_exit_code(record.exit_code);
  info.set_agents(record.agents);
  info.set_message(record.message);
  return info;
}

v1::SeriesPoint EncodePoint(const SecondFigures& figures) {
  v1::SeriesPoint point;
  point.set_at_ns(figures.at.count());
  point.set_length_ns(Nanos(std::chrono::seconds(1)).count());
  point.set_vus(figures.vus);
  point.set_iterations(figures.iterations);
  point.set_requests(figures.requests);
  point.set_failed_requests(figures.requests_failed);
  point.set_p50_ms(figures.p50);
  point.set_p95_ms(figures.p95);
  point.set_p99_ms(figures.p99);
  point.set_bytes_sent(static_cast<uint64_t>(figures.bytes_sent));
  point.set_bytes_received(static_cast<uint64_t>(figures.bytes_received));
  point.set_dropped_iterations(figures.iterations_dropped);
  *point.mutable_heat() = {figures.heat.begin(), figures.heat.end()};
  return point;
}

absl::Status NoSuchRun(const std::string& run_id) {
  return absl::NotFoundError(
      fmt::format("there is no run \"{}\"; `kctl get runs` lists them", run_id));
}

absl::StatusOr<std::vector<RemoteWriteSettings>> DecodeTargets(
    const std::vector<v1::PrometheusWrite>& targets) {
  std::vector<RemoteWriteSettings> decoded;
  for (const v1::PrometheusWrite& each : targets) {
    KLOAD_ASSIGN_OR_RETURN(RemoteWriteSettings settings, DecodePrometheus(each));
    decoded.push_back(std::move(settings));
  }
  return decoded;
}

}  // namespace kload::controller
