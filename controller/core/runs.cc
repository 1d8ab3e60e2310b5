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
#include "common/wire/sample_wire.h"
#include "controller/core/live_run.h"
#include "controller/core/scaling.h"
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
  KLOAD_ASSIGN_OR_RETURN(std::vector<RemoteWriteSettings> targets,
                         DecodeTargets(admitted.prometheus));
  KLOAD_ASSIGN_OR_RETURN(const uint64_t number, store_.NextNumber());
  admitted.spec.created_unix = clock_.UnixNow();
  admitted.spec.id = MakeId(admitted.spec.created_unix, number);
  const std::vector<std::string> warnings = std::move(admitted.warnings);
  const v1::TargetWatch watched = admitted.request.watch();
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
  KLOAD_RETURN_IF_ERROR(BeginWatch(*live, watched));
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
  CarryOut(live, actions);
}

void Runs::CarryOut(LiveRun& live, const std::vector<RunAction>& actions) {
  for (const RunAction& action : actions) {
    std::visit([&](const auto& what) { Do(live, what); }, action);
  }
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
    TickWatch(*live);
  }
  KeepLastLooks(false);
  CommitRecords();
  ForgetLeftOver();
  StoreAgain(clock_.Now());
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
    const bool pushing = held.pushes && !held.pushes->finished() && clock_.Now() < held.until;
    if (!all && (pushing || held.watch)) continue;
    for (std::string& conclusion :
         held.pushes ? held.pushes->Conclusions() : std::vector<std::string>()) {
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
  KeepLastLooks(true);
  CommitRecords();
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

void Runs::Log(const std::string& run_id, v1::LogLine line) {
  if (RunFeed* feed = FindFeed(run_id)) feed->Log(std::move(line));
}

void Runs::Say(LiveRun& live, v1::LogLine::Level level, const std::string& text) {
  SayTo(live.id(), &live.feed, level, text);
}

void Runs::SayTo(const std::string& run_id, RunFeed* feed, v1::LogLine::Level level,
                 const std::string& text) {
  if (logs_) spdlog::log(ToSpdlog(level), "run {}: {}", run_id, text);
  if (feed == nullptr) return;
  v1::LogLine line;
  line.set_level(level);
  line.set_text(text);
  line.set_source("kload");
  line.set_run_id(run_id);
  line.set_unix_ns(clock_.UnixNow().count());
  feed->Log(std::move(line));
}

std::vector<RunFigures> Runs::Figures() const {
  std::vector<RunFigures> figures;
  if (shown_) figures.push_back(FiguresOf(*shown_));
  for (const auto& live : unfinished_) figures.push_back(FiguresOf(*live));
  return figures;
}

// ---- Actions -----------------------------------------------------------------------------------

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
  KeepTotals(live);
  StoreState(live);
  EndRecord(live);
  if (const absl::Status pruned = store_.Prune(runs_kept_); !pruned.ok()) {
    spdlog::error("old runs stay in the history: {}", Message(pruned));
  }
  const RunOutcome& outcome = live.run.outcome();
  spdlog::info("run {} has ended with exit code {}{}{}", live.id(), outcome.exit_code,
               outcome.message.empty() ? "" : ": ", outcome.message);
  v1::RunResult result = EncodeResult(outcome);
  result.set_samples_made(live.samples_made);
  if (live.pushes == nullptr && live.watch == nullptr) return live.feed.Result(std::move(result));
  if (live.pushes) live.pushes->Finish(FiguresOf(live), clock_.UnixNow(), push_);
  if (live.watch) live.watch->Finish(live.run.zero());
  held_.push_back({live.id(), std::move(result), live.pushes,
                   clock_.Now() + RunPushes::kLastPushMax, live.watch,
                   clock_.Now() + watch::RunWatch::kLastLookMax});
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
