#include "controller/core/runs.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "common/wire/plan_wire.h"
#include "common/wire/sample_wire.h"
#include "common/wire/summary_wire.h"
#include "controller/core/live_run.h"
#include "controller/core/scaling.h"
#include "controller/journal/input_codec.h"
#include "controller/journal/recorded_run.h"
#include "controller/run/run_wire.h"

namespace kload::controller {
namespace {

constexpr int kExitOther = 255;

std::string MakeId(Nanos unix_now, uint64_t number) {
  const auto at = std::chrono::duration_cast<std::chrono::seconds>(unix_now).count();
  return fmt::format("{:%Y%m%d-%H%M%S}-{}", fmt::gmtime(std::time_t(at)), number);
}

spdlog::level::level_enum ToSpdlog(v1::LogLine::Level level) {
  switch (level) {
    case v1::LogLine::WARNING:
      return spdlog::level::warn;
    case v1::LogLine::ERROR:
      return spdlog::level::err;
    default:
      return spdlog::level::info;
  }
}

absl::Status NoSuchRun(const std::string& run_id) {
  return absl::NotFoundError(
      fmt::format("there is no run \"{}\"; `kctl get runs` lists them", run_id));
}

}  // namespace

Runs::Runs(const Clock& clock, Store& store, Agents& agents, Push push, bool logs)
    : clock_(clock), store_(store), agents_(agents), push_(std::move(push)), logs_(logs) {}
Runs::~Runs() = default;

absl::StatusOr<std::string> Runs::Start(AdmittedRun admitted) {
  if (unfinished_.size() >= kUnfinishedMax) {
    return absl::ResourceExhaustedError(
        fmt::format("{} runs go on or wait for agents already; stop one with `kctl stop RUN`",
                    unfinished_.size()));
  }
  std::vector<RemoteWriteSettings> targets;
  for (const v1::PrometheusWrite& each : admitted.prometheus) {
    KLOAD_ASSIGN_OR_RETURN(RemoteWriteSettings settings, DecodePrometheus(each));
    targets.push_back(std::move(settings));
  }
  KLOAD_ASSIGN_OR_RETURN(const uint64_t number, store_.NextNumber());
  admitted.spec.created_unix = clock_.UnixNow();
  admitted.spec.id = MakeId(admitted.spec.created_unix, number);
  const std::vector<std::string> warnings = std::move(admitted.warnings);
  const std::string record =
      store_.durable() ? EncodeRun(admitted, clock_.Now(), clock_.UnixNow()) : "";
  auto live = std::make_unique<LiveRun>(std::move(admitted), clock_.Now(), clock_.UnixNow());
  KLOAD_RETURN_IF_ERROR(store_.Put(RecordOf(*live, clock_.UnixNow())));
  if (store_.durable()) {
    KLOAD_RETURN_IF_ERROR(store_.BeginRecord(live->id(), record));
    live->recorded = true;
  }
  live->stored = live->run.phase();
  if (!targets.empty() && push_) live->pushes = std::make_shared<RunPushes>(std::move(targets));
  ++started_;
  const std::string id = live->id();
  spdlog::info("run {} of {} was started", id, live->run.spec().script);
  live->feed.State(EncodeState(live->run));
  for (const std::string& warning : warnings) Say(*live, v1::LogLine::WARNING, warning);
  unfinished_.push_back(std::move(live));
  Offer(*unfinished_.back());
  Sweep();
  return id;
}

void Runs::Handle(LiveRun& live, const RunInput& event) {
  const Nanos now = clock_.Now();
  const bool due = live.run.Due(now);
  const std::vector<RunAction> actions = live.run.Handle(event, now);
  if (live.recorded) Record(live, event, now, due, actions);
  for (const RunAction& action : actions) {
    std::visit([&](const auto& what) { Do(live, what); }, action);
  }
}

// ---- The record of a run -----------------------------------------------------------------------

// What changes nothing is left out. Deltas and ticks are made durable together, once per tick of the core; what makes the
// controller say anything to an agent is durable before that is said.
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
           std::holds_alternative<AnnounceProgress>(action);
  });
  const bool may_wait = ticks || std::holds_alternative<DeltaArrived>(event);
  if (!may_wait || !only_tells) CommitRecords();
}

void Runs::CommitRecords() {
  if (const absl::Status committed = store_.Commit(); !committed.ok()) BreakRecords(committed);
  for (auto& [agent, ack] : std::exchange(acks_, {})) agents_.Send(agent, std::move(ack));
}

// What was appended since the last commit is gone, whose it ever was. The runs are worth more than their records, and half
// a record is worse than none.
void Runs::BreakRecords(const absl::Status& why) {
  for (const auto& live : unfinished_) {
    if (!live->recorded) continue;
    EndRecord(*live);
    for (const RunAction& action : live->run.Handle(RecordBroken{Message(why)}, clock_.Now())) {
      std::visit([&](const auto& what) { Do(*live, what); }, action);
    }
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
  std::vector<RemoteWriteSettings> targets;
  for (const v1::PrometheusWrite& each : run.admitted.prometheus) {
    KLOAD_ASSIGN_OR_RETURN(RemoteWriteSettings settings, DecodePrometheus(each));
    targets.push_back(std::move(settings));
  }
  const std::vector<std::string> warnings = std::move(run.admitted.warnings);
  const Nanos created = now - (clock_.UnixNow() - run.admitted.spec.created_unix);
  auto live = std::make_unique<LiveRun>(std::move(run.admitted), created,
                                        clock_.UnixNow() - (now - created));
  Nanos last = created;
  for (const std::string& bytes : inputs) {
    KLOAD_ASSIGN_OR_RETURN(const TimedInput input, DecodeInput(bytes));
    last = input.at + run.shift;
    live->run.Handle(input.input, last);  // what it wanted was done then
  }
  live->recorded = true;
  live->stored = live->run.phase();
  if (!targets.empty() && push_) live->pushes = std::make_shared<RunPushes>(std::move(targets));
  for (const Member& member : live->run.members()) {
    if (member.lost || member.left) continue;
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

bool Runs::Deliver(const std::string& run_id, const RunInput& event) {
  LiveRun* live = Find(run_id);
  if (live == nullptr) return false;
  Handle(*live, event);
  Sweep();
  return true;
}

Runs::Counted Runs::DeliverDelta(const AgentId& agent, Delta delta) {
  LiveRun* live = Find(delta.run_id);
  if (live == nullptr) return {};
  const auto duplicates = [&] {
    const Ledger::Account* account = live->run.ledger().Find(agent.incarnation);
    return account == nullptr ? 0 : account->duplicates;
  };
  const uint64_t before = duplicates();
  Handle(*live, DeltaArrived{agent, std::move(delta)});
  const Counted counted{.known_run = true, .duplicate = duplicates() > before};
  Sweep();
  return counted;
}

void Runs::DeliverSamples(const AgentId& agent, std::optional<Nanos> clock_offset,
                          v1::SampleBatch batch) {
  LiveRun* live = Find(batch.run_id());
  if (live == nullptr || !live->run.spec().samples) return;
  const std::vector<Member>& members = live->run.members();
  const bool ours = std::any_of(members.begin(), members.end(),
                                [&](const Member& member) { return member.id == agent; });
  // After a reconnect the agent sends again what it does not know to have arrived.
  uint64_t& last = live->samples_sequences[agent.incarnation];
  if (!ours || batch.sequence() <= last) return;
  last = batch.sequence();
  live->samples_made += static_cast<uint64_t>(batch.value_size()) + batch.dropped();
  if (batch.value_size() == 0) return;
  // Of an agent that has just come back: it was a moment ago.
  const Nanos base = clock_offset ? Nanos(batch.base_ns()) - *clock_offset : clock_.Now();
  batch.set_base_ns((base + live->unix_minus_steady).count());
  live->feed.Samples(std::move(batch));
}

void Runs::OnLost(const LostAgent& lost) {
  // Its run is named, but the roster forgets that when it frees a run: all are asked, strangers are ignored.
  for (const auto& live : unfinished_)
    Handle(*live, AgentLost{{lost.name, lost.incarnation}, lost.why});
  Sweep();
}

void Runs::OnReturned(const AgentId& agent) {
  for (const auto& live : unfinished_) Handle(*live, AgentReturned{agent});
  Sweep();
}

void Runs::Tick() {
  for (const auto& live : unfinished_) {
    if (live->run.phase() == RunPhase::kWaiting) Offer(*live);
    Handle(*live, controller::Tick{});
    if (live->pushes != nullptr && live->run.phase() != RunPhase::kFinished) TickPushes(*live);
  }
  CommitRecords();
  ForgetLeftOver();
  ReleaseHeld(false);
  Sweep();
}

void Runs::TickPushes(LiveRun& live) {
  live.pushes->Tick(FiguresOf(live), clock_.Now(), clock_.UnixNow(), push_);
  for (const std::string& warning : live.pushes->TakeWarnings()) {
    Say(live, v1::LogLine::WARNING, warning);
  }
}

void Runs::ReleaseHeld(bool all) {
  for (Held& held : held_) {
    if (!all && !held.pushes->finished() && clock_.Now() < held.until) continue;
    for (std::string& conclusion : held.pushes->Conclusions()) {
      spdlog::warn("run {}: {}", held.id, conclusion);
      if (held.result.has_summary()) {
        held.result.mutable_summary()->add_warnings(std::move(conclusion));
      }
    }
    if (RunFeed* feed = FindFeed(held.id)) feed->Result(std::move(held.result));
    held.id.clear();
  }
  std::erase_if(held_, [](const Held& held) { return held.id.empty(); });
}

void Runs::Offer(LiveRun& live) {
  Handle(live, AgentsSeen{agents_.Idle(), agents_.roster().connected()});
}

absl::StatusOr<std::string> Runs::Stop(const std::string& run_id, bool graceful) {
  if (LiveRun* live = Find(run_id)) {
    Handle(*live, StopRequested{graceful, "the run was stopped on request"});
    Sweep();
    return graceful ? fmt::format("run {} is stopping: iterations may end", run_id)
                    : fmt::format("run {} is stopping: iterations are interrupted", run_id);
  }
  KLOAD_ASSIGN_OR_RETURN(const std::optional<RunRecord> record, store_.Find(run_id));
  if (!record) return NoSuchRun(run_id);
  return absl::FailedPreconditionError(fmt::format("run {} has ended already", run_id));
}

absl::StatusOr<std::string> Runs::Scale(const std::string& run_id, const ScaleOrder& order) {
  LiveRun* live = Find(run_id);
  if (live == nullptr) return Stop(run_id, true).status();  // says what there is of it
  if (live->run.phase() != RunPhase::kRunning) {
    return absl::FailedPreconditionError(
        fmt::format("run {} is {}; only a run whose load goes on can be scaled", run_id,
                    PhaseName(live->run.phase())));
  }
  KLOAD_ASSIGN_OR_RETURN(const Scaling scaling, PlanScaling(live->run, order, agents_.Idle()));
  for (const RunInput& event : scaling.events) Handle(*live, event);
  Sweep();
  return scaling.text;
}

void Runs::StopAll(const std::string& why) {
  for (const auto& live : unfinished_) Handle(*live, StopRequested{false, why});
  Sweep();
}

void Runs::AbortAll(const std::string& why) {
  ReleaseHeld(true);
  for (const auto& live : unfinished_) {
    for (const Member& member : live->run.members()) {
      if (member.reachable()) Do(*live, SendRelease{member.id.name});
    }
    RunRecord record = RecordOf(*live, clock_.UnixNow());
    record.state = "aborted";
    record.exit_code = kExitOther;
    record.message = why;
    Put(*live, record);
    EndRecord(*live);
    v1::RunResult result;
    result.set_exit_code(kExitOther);
    result.set_message(why);
    live->feed.Result(std::move(result));
    agents_.roster().Free(live->id());
  }
  unfinished_.clear();
}

// ---- Followers ---------------------------------------------------------------------------------

absl::Status Runs::Watch(const std::string& run_id, std::shared_ptr<RunWatcher> watcher) {
  if (RunFeed* feed = FindFeed(run_id)) {
    feed->Add(std::move(watcher));
    return absl::OkStatus();
  }
  return ReplayFromStore(run_id, *watcher);
}

void Runs::Unwatch(const std::string& run_id, const RunWatcher* watcher) {
  if (RunFeed* feed = FindFeed(run_id)) feed->Remove(watcher);
}

absl::Status Runs::ReplayFromStore(const std::string& run_id, RunWatcher& watcher) {
  KLOAD_ASSIGN_OR_RETURN(const std::optional<RunRecord> record, store_.Find(run_id));
  if (!record) return NoSuchRun(run_id);
  auto state = std::make_shared<v1::RunEvent>();
  state->mutable_state()->set_run_id(run_id);
  state->mutable_state()->set_phase(v1::RunState::FINISHED);
  state->mutable_state()->set_agents_wanted(record->agents);
  auto result = std::make_shared<v1::RunEvent>();
  result->mutable_result()->set_exit_code(record->exit_code);
  result->mutable_result()->set_message(record->message);
  const bool read = state->mutable_state()->mutable_plan()->ParseFromString(record->plan) &&
                    (record->summary.empty() ||
                     result->mutable_result()->mutable_summary()->ParseFromString(record->summary));
  if (!read) {
    return absl::DataLossError(
        fmt::format("run {} cannot be read from the history: another version stored it", run_id));
  }
  watcher.Send(std::move(state));
  watcher.Send(std::move(result));
  watcher.End();
  return absl::OkStatus();
}

void Runs::Log(const std::string& run_id, v1::LogLine line) {
  if (RunFeed* feed = FindFeed(run_id)) feed->Log(std::move(line));
}

void Runs::Say(LiveRun& live, v1::LogLine::Level level, const std::string& text) {
  if (logs_) spdlog::log(ToSpdlog(level), "run {}: {}", live.id(), text);
  v1::LogLine line;
  line.set_level(level);
  line.set_text(text);
  line.set_source("kload");
  line.set_run_id(live.id());
  line.set_unix_ns(clock_.UnixNow().count());
  live.feed.Log(std::move(line));
}

absl::StatusOr<v1::ListRunsResponse> Runs::List() {
  KLOAD_ASSIGN_OR_RETURN(const std::vector<RunRecord> records, store_.List(kListed));
  v1::ListRunsResponse response;
  for (const RunRecord& record : records) {
    LiveRun* live = Find(record.id);
    *response.add_runs() =
        EncodeRunInfo(live == nullptr ? record : RecordOf(*live, clock_.UnixNow()));
  }
  return response;
}

std::vector<RunFigures> Runs::Figures() const {
  std::vector<RunFigures> figures;
  if (shown_) figures.push_back(FiguresOf(*shown_));
  for (const auto& live : unfinished_) figures.push_back(FiguresOf(*live));
  return figures;
}

// ---- Actions -----------------------------------------------------------------------------------

void Runs::Do(LiveRun& live, const ClaimAgents& action) {
  for (const std::string& name : action.names) agents_.roster().Assign(name, live.id());
  // From now on there are new figures to come.
  shown_.reset();
}

void Runs::Do(LiveRun& live, const SendPrepare& action) {
  v1::ControllerMessage message;
  *message.mutable_prepare() = live.order;
  message.mutable_prepare()->set_run_id(live.id());
  v1::RunHeader& header = *message.mutable_prepare()->mutable_header();
  header.set_created_unix_ns(live.run.spec().created_unix.count());
  header.set_agents(static_cast<uint32_t>(live.run.members().size()));
  *message.mutable_prepare()->mutable_slice() = wire::EncodeSlice(action.slice);
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendSetup& action) {
  v1::ControllerMessage message;
  message.mutable_setup()->set_run_id(live.id());
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendStart& action) {
  agents_.SendStart(action.agent, live.id(), action.at, action.setup_json);
}

void Runs::Do(LiveRun& live, const SendScale& action) {
  v1::ControllerMessage message;
  message.mutable_scale()->set_run_id(live.id());
  message.mutable_scale()->set_scenario(action.scenario);
  if (action.vus) message.mutable_scale()->set_vus(*action.vus);
  if (action.rate) message.mutable_scale()->set_rate(*action.rate);
  message.mutable_scale()->set_from_ns(action.from.count());
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendAdopt& action) {
  v1::ControllerMessage message;
  message.mutable_adopt()->set_run_id(live.id());
  message.mutable_adopt()->set_epoch(action.epoch);
  for (const Part& part : action.parts) {
    *message.mutable_adopt()->add_parts() = wire::EncodePart(part);
  }
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendCede& action) {
  v1::ControllerMessage message;
  message.mutable_cede()->set_run_id(live.id());
  message.mutable_cede()->set_epoch(action.epoch);
  message.mutable_cede()->set_from_ns(action.from.count());
  for (const Slice slice : action.slices) {
    *message.mutable_cede()->add_slices() = wire::EncodeSlice(slice);
  }
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendStop& action) {
  v1::ControllerMessage message;
  message.mutable_stop()->set_run_id(live.id());
  message.mutable_stop()->set_graceful(action.graceful);
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendTeardown& action) {
  v1::ControllerMessage message;
  message.mutable_teardown()->set_run_id(live.id());
  message.mutable_teardown()->set_data_json(action.data_json);
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendRelease& action) {
  v1::ControllerMessage message;
  message.mutable_release()->set_run_id(live.id());
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const FreeAgent& action) {
  agents_.roster().Free(action.agent, live.id());
}

void Runs::Do(LiveRun& live, const AcknowledgeDelta& action) {
  v1::ControllerMessage message;
  message.mutable_ack()->set_run_id(live.id());
  message.mutable_ack()->set_sequence(action.sequence);
  if (live.recorded) {
    acks_.emplace_back(action.agent, std::move(message));
  } else {
    agents_.Send(action.agent, std::move(message));
  }
}

void Runs::Do(LiveRun& live, const AnnounceVus& action) {
  const std::map<std::string, std::string>& run_tags = live.run.spec().plan.options.tags;
  const Tags tags(run_tags.begin(), run_tags.end());
  const Nanos at = action.at + live.unix_minus_steady;
  SampleBatchBuilder builder;
  builder.Add({"vus", MetricType::kGauge, ValueKind::kDefault}, double(action.active), tags, at);
  builder.Add({"vus_max", MetricType::kGauge, ValueKind::kDefault}, double(action.initialized),
              tags, at);
  v1::SampleBatch batch = wire::EncodeSamples(builder.Take());
  batch.set_run_id(live.id());
  live.samples_made += static_cast<uint64_t>(batch.value_size());
  live.feed.Samples(std::move(batch));
}

void Runs::Do(LiveRun& live, const AnnounceState&) {
  live.feed.State(EncodeState(live.run));
  // The end is stored with its result, by Finish.
  if (live.stored == live.run.phase() || live.run.phase() == RunPhase::kFinished) return;
  StoreState(live);
}

void Runs::Do(LiveRun& live, const AnnounceProgress&) {
  live.feed.Progress(EncodeProgress(live.run.progress()));
}

void Runs::Do(LiveRun& live, const controller::Say& action) {
  using Level = controller::Say::Level;
  Say(live,
      action.level == Level::kInfo      ? v1::LogLine::INFO
      : action.level == Level::kWarning ? v1::LogLine::WARNING
                                        : v1::LogLine::ERROR,
      action.text);
}

void Runs::Do(LiveRun& live, const Finish&) {
  agents_.roster().Free(live.id());
  StoreState(live);
  EndRecord(live);
  const RunOutcome& outcome = live.run.outcome();
  spdlog::info("run {} has ended with exit code {}{}{}", live.id(), outcome.exit_code,
               outcome.message.empty() ? "" : ": ", outcome.message);
  v1::RunResult result = EncodeResult(outcome);
  result.set_samples_made(live.samples_made);
  if (live.pushes == nullptr) return live.feed.Result(std::move(result));
  live.pushes->Finish(FiguresOf(live), clock_.UnixNow(), push_);
  held_.push_back(
      {live.id(), std::move(result), live.pushes, clock_.Now() + RunPushes::kLastPushMax});
}

// ---- Small things ------------------------------------------------------------------------------

LiveRun* Runs::Find(const std::string& run_id) {
  for (const auto& live : unfinished_) {
    if (live->id() == run_id) return live.get();
  }
  return nullptr;
}

RunFeed* Runs::FindFeed(const std::string& run_id) {
  if (LiveRun* live = Find(run_id)) return &live->feed;
  for (Ended& ended : ended_) {
    if (ended.id == run_id) return &ended.feed;
  }
  return nullptr;
}

// Once the result is stored, or the record broken, nobody may take the run up from it. What cannot go on a full disk goes when
// there is room again.
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

void Runs::StoreState(LiveRun& live) {
  live.stored = live.run.phase();
  Put(live, RecordOf(live, clock_.UnixNow()));
}

void Runs::Put(LiveRun& live, const RunRecord& record) {
  const absl::Status stored = store_.Put(record);
  if (stored.ok()) return;
  // The run is worth more than its row: it goes on, and says so once per change of its state.
  Say(live, v1::LogLine::WARNING,
      fmt::format("the run's state could not be stored: {}", Message(stored)));
}

void Runs::Sweep() {
  for (auto& live : unfinished_) {
    if (live->run.phase() != RunPhase::kFinished) continue;
    ++finished_;
    ended_.push_back({live->id(), std::move(live->feed)});
    if (ended_.size() > kFinishedKept) ended_.pop_front();
    // One that never had an agent has no figures to show.
    if (!live->run.members().empty()) shown_ = std::move(live);
    live.reset();
  }
  std::erase(unfinished_, nullptr);
}

}  // namespace kload::controller
