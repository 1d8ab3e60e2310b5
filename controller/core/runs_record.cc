#include "controller/core/runs.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "controller/core/live_run.h"
#include "controller/journal/input_codec.h"
#include "controller/journal/recorded_run.h"
#include "controller/run/run_wire.h"

namespace kload::controller {

// ---- The record of a run -----------------------------------------------------------------------

// What changes nothing is left out. Deltas and ticks are made durable together, once per tick of the
// core; what makes the controller say anything to an agent is durable before that is said.
void Runs::Record(LiveRun& live, const RunInput& event, Nanos now, bool due,
                  const std::vector<RunAction>& actions) {
  const bool ticks = std::holds_alternative<controller::Tick>(event);
  const bool sees = std::holds_alternative<AgentsSeen>(event);
  if (actions.empty() && ((ticks && !due) || sees)) return;
  const absl::Status appended = store_.Append(live.id(), EncodeInput(event, now));
  if (!appended.ok()) return BreakRecords(appended);
  const bool only_tells = std::all_of(actions.begin(), actions.end(), [](const RunAction& action) {
    return std::holds_alternative<AcknowledgeDelta>(action) ||
           std::holds_alternative<AnnounceVus>(action) ||
           std::holds_alternative<AnnounceProgress>(action) ||
           std::holds_alternative<KeepSecond>(action) || std::holds_alternative<KeepNote>(action);
  });
  const bool may_wait = ticks || std::holds_alternative<DeltaArrived>(event);
  if (!may_wait || !only_tells) CommitRecords();
}

void Runs::CommitRecords() {
  const absl::Status kept = std::exchange(unkept_, absl::OkStatus());
  const absl::Status committed = kept.ok() ? store_.Commit() : kept;
  if (!committed.ok()) BreakRecords(committed);
  for (auto& [agent, ack] : std::exchange(acks_, {})) agents_.Send(agent, std::move(ack));
}

// What was appended since the last commit is gone, whose it ever was. The runs are worth more than
// their records, and half a record is worse than none.
void Runs::BreakRecords(const absl::Status& why) {
  for (const auto& live : unfinished_) {
    if (!live->recorded) continue;
    EndRecord(*live);
    CarryOut(*live, live->run.Handle(RecordBroken{Message(why)}, clock_.Now()));
  }
}

void Runs::Restore() {
  absl::StatusOr<std::vector<Store::Recorded>> records = store_.Records();
  if (!records.ok()) {
    spdlog::error("runs of an earlier controller cannot be taken up: {}",
                  Message(records.status()));
    return;
  }
  for (const Store::Recorded& recorded : *records) {
    const absl::Status restored = RestoreOne(recorded);
    if (restored.ok()) continue;
    spdlog::error("run {} cannot be taken up again: {}", recorded.id, Message(restored));
    if (const absl::Status gone = store_.Forget(recorded.id); !gone.ok()) {
      spdlog::error("{}", Message(gone));
    }
  }
  if (const absl::Status aborted = store_.AbortUnrecorded(clock_.UnixNow()); !aborted.ok()) {
    spdlog::error("{}", Message(aborted));
  }
  Sweep();
}

absl::Status Runs::RestoreOne(const Store::Recorded& recorded) {
  const Nanos now = clock_.Now();
  KLOAD_ASSIGN_OR_RETURN(RecordedRun run, DecodeRun(recorded.run, now, clock_.UnixNow()));
  KLOAD_ASSIGN_OR_RETURN(const std::vector<std::string> inputs, store_.InputsOf(recorded.id));
  KLOAD_ASSIGN_OR_RETURN(std::vector<RemoteWriteSettings> targets,
                         DecodeTargets(run.admitted.prometheus));
  const std::vector<std::string> warnings = std::move(run.admitted.warnings);
  const v1::TargetWatch watched = run.admitted.request.watch();
  const Nanos created = now - (clock_.UnixNow() - run.admitted.spec.created_unix);
  const Nanos created_unix = run.admitted.spec.created_unix;
  auto live = std::make_unique<LiveRun>(std::move(run.admitted), created, created_unix);
  Nanos last = created;
  for (const std::string& bytes : inputs) {
    KLOAD_ASSIGN_OR_RETURN(const TimedInput input, DecodeInput(bytes));
    last = input.at + run.shift;
    // What it wanted was done then; of its history the last part may not have become durable.
    for (const RunAction& action : live->run.Handle(input.input, last)) {
      if (const auto* second = std::get_if<KeepSecond>(&action)) Do(*live, *second);
      if (const auto* note = std::get_if<KeepNote>(&action)) Do(*live, *note);
    }
  }
  live->recorded = true;
  live->stored = live->run.phase();
  if (!targets.empty() && push_) live->pushes = std::make_shared<RunPushes>(std::move(targets));
  KLOAD_RETURN_IF_ERROR(BeginWatch(*live, watched));
  for (const Member& member : live->run.members()) {
    // Who leaves is waited for, too, as long as its last word is missing.
    if (member.lost || (member.left && member.final)) continue;
    agents_.roster().Expect(member.id.name, member.id.incarnation, live->id(), now);
  }
  ++started_;
  unfinished_.push_back(std::move(live));
  LiveRun& restored = *unfinished_.back();
  spdlog::warn(
      "run {} of {} is taken up again, {} after its last record", restored.id(),
      restored.run.spec().script,
      FormatDuration(std::chrono::floor<std::chrono::seconds>(std::max(now - last, Nanos(0)))));
  if (restored.run.phase() == RunPhase::kFinished) {
    Do(restored, Finish{});
    return absl::OkStatus();
  }
  restored.feed.State(EncodeState(restored.run));
  for (const std::string& warning : warnings) Say(restored, v1::LogLine::WARNING, warning);
  Handle(restored, ControllerReturned{std::max(now - last, Nanos(0))});
  return absl::OkStatus();
}

// Once the result is stored, or the record broken, nobody may take the run up from it. What cannot
// go on a full disk goes when there is room again.
void Runs::EndRecord(LiveRun& live) {
  if (!std::exchange(live.recorded, false)) return;
  const absl::Status gone = store_.Forget(live.id());
  if (gone.ok()) return;
  spdlog::error("run {}: its record is left over for now: {}", live.id(), Message(gone));
  left_over_.insert(live.id());
}

void Runs::ForgetLeftOver() {
  std::erase_if(left_over_, [this](const std::string& id) { return store_.Forget(id).ok(); });
}

}  // namespace kload::controller
