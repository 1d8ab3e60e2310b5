#include "controller/core/live_run.h"

#include <algorithm>

#include "common/wire/plan_wire.h"
#include "common/wire/summary_wire.h"

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
  record.plan = wire::EncodePlan(spec.plan).SerializeAsString();
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

}  // namespace kload::controller
