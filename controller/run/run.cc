#include "controller/run/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "controller/run/plausible.h"
#include "controller/run/report.h"

namespace kload::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kExitNotTrustworthy = 98;
constexpr int kExitThresholds = 99;
constexpr int kExitSetupTimeout = 100;
constexpr int kExitTeardownTimeout = 101;
constexpr int kExitStopped = 103;
constexpr int kExitAborted = 108;
constexpr int kExitMarkedFailed = 110;
constexpr int kExitOther = 255;

// Of a rate of requests; it is none any more when no samples have come for so long.
constexpr Nanos kRateTimeMin = milliseconds(500);
constexpr Nanos kRateStaleAfter = seconds(3);
// Progress is taken this long after the full second, when the second's deltas have arrived.
constexpr Nanos kProgressLag = milliseconds(250);

}  // namespace

std::string_view PhaseName(RunPhase phase) {
  switch (phase) {
    case RunPhase::kWaiting:
      return "waiting";
    case RunPhase::kPreparing:
      return "preparing";
    case RunPhase::kSetup:
      return "setup";
    case RunPhase::kRunning:
      return "running";
    case RunPhase::kTeardown:
      return "teardown";
    case RunPhase::kFinished:
      return "finished";
  }
  return "";
}

Run::Run(RunSpec spec, Nanos now)
    : spec_(std::move(spec)),
      verdict_(spec_.thresholds),
      deal_(spec_.plan),
      created_(now),
      wanted_(spec_.agents),
      short_since_(now) {
  verdict_.WatchIn(series_);
}

std::vector<RunAction> Run::Handle(const RunInput& event, Nanos now) {
  actions_.clear();
  now_ = now;
  if (phase_ != RunPhase::kFinished) {
    std::visit([&](const auto& which) { On(which, now); }, event);
  }
  return std::move(actions_);
}

size_t Run::agents_connected() const {
  return phase_ == RunPhase::kWaiting ? connected_ : Living();
}

size_t Run::agents_wanted() const {
  if (wanted_ > 0) return wanted_;
  return std::max<size_t>(1, members_.size());
}

Nanos Run::Elapsed(Nanos now) const {
  return test_start_ ? std::max(Nanos(0), now - *test_start_) : Nanos(0);
}

// ---- Waiting for agents ----

void Run::On(const AgentsSeen& event, Nanos now) {
  if (phase_ != RunPhase::kWaiting) return;
  if (event.connected >= agents_wanted()) short_since_ = now;
  const bool changed = connected_ != event.connected;
  connected_ = event.connected;
  if (event.idle.size() >= agents_wanted()) {
    std::vector<AgentId> agents = event.idle;
    if (spec_.agents > 0) agents.resize(spec_.agents);
    BeginPreparing(agents, now);
  } else if (changed) {
    Do(AnnounceState{});
  }
}

void Run::TickWaiting(Nanos now) {
  if (now - short_since_ < spec_.agents_timeout) return;
  const std::string waited = FormatDuration(spec_.agents_timeout);
  if (connected_ == 0) {
    return Abandon(
        kExitOther,
        fmt::format(
            "no agent is connected after {}; start one with kload-agent --controller ADDRESS",
            waited),
        now);
  }
  Abandon(
      kExitOther,
      fmt::format(
          "{} of {} agents {} connected after {}; start more with kload-agent --controller ADDRESS "
          "or lower --agents",
          connected_, spec_.agents, connected_ == 1 ? "is" : "are", waited),
      now);
}

// ---- Phases ----

void Run::Enter(RunPhase phase) {
  phase_ = phase;
  deadline_ = Nanos(0);
  Note("phase", "", std::string(PhaseName(phase)));
  Do(AnnounceState{});
}

void Run::BeginPreparing(const std::vector<AgentId>& agents, Nanos now) {
  ClaimAgents claim;
  std::vector<std::string> holders;
  for (const AgentId& agent : agents) {
    holders.push_back(agent.incarnation);
    Member member;
    member.id = agent;
    member.slice = {uint32_t(members_.size()), uint32_t(agents.size())};
    members_.push_back(member);
    vus_.AddAgent(agent.name);
    claim.names.push_back(agent.name);
  }
  deal_.Begin(holders);
  Do(std::move(claim));
  Enter(RunPhase::kPreparing);
  deadline_ = now + kPrepareTimeout;
  for (const Member& member : members_) Do(SendPrepare{member.id.name, member.slice});
}

void Run::On(const AgentPrepared& event, Nanos now) {
  Member* member = Find(event.agent);
  if (member == nullptr || member->lost || member->prepared) return;
  if (phase_ == RunPhase::kRunning) return EndJoining(*member, event.error, now);
  if (phase_ != RunPhase::kPreparing) return;
  if (!event.error.empty()) {
    return Abandon(
        kExitOther,
        fmt::format("agent '{}' could not prepare the run: {}", member->id.name, event.error), now);
  }
  member->prepared = true;
  RepeatOrders(*member);
  EndPreparingIfDone(now);
}

void Run::EndPreparingIfDone(Nanos now) {
  const bool all = std::all_of(members_.begin(), members_.end(),
                               [](const Member& each) { return each.prepared || each.lost; });
  if (!all) return;
  if (spec_.has_setup) {
    BeginSetup(now);
  } else {
    BeginRunning(now);
  }
}

void Run::BeginSetup(Nanos now) {
  Enter(RunPhase::kSetup);
  test_start_ = now;
  deadline_ = now + spec_.plan.options.setup_timeout + kGrace;
  Do(SendSetup{Lead()->id.name});
}

void Run::On(const SetupEnded& event, Nanos now) {
  if (phase_ != RunPhase::kSetup || Find(event.agent) != Lead()) return;
  if (stopping_) return Abandon(outcome_.exit_code, outcome_.message, now);
  if (event.failure) return Abandon(event.failure->exit_code, event.failure->message, now);
  setup_json_ = event.data_json;
  BeginRunning(now);
}

void Run::BeginRunning(Nanos now) {
  Enter(RunPhase::kRunning);
  zero_ = now + kStartLead;
  if (!test_start_) test_start_ = zero_;
  deadline_ = *zero_ + MaxDuration(spec_.plan) + kGrace;
  next_evaluation_ = *zero_ + Verdict::kInterval;
  next_progress_ = *zero_ + seconds(1) + kProgressLag;
  for (const Member& member : members_) {
    if (!member.lost) Do(SendStart{member.id.name, *zero_, setup_json_});
  }
}

void Run::EndRunningIfDone(Nanos now) {
  if (phase_ != RunPhase::kRunning) return;
  const bool waits = std::any_of(members_.begin(), members_.end(),
                                 [](const Member& member) { return member.awaited(); });
  if (waits) return;
  UpdateProgress(now);
  if (spec_.has_teardown && Lead() != nullptr) {
    BeginTeardown(now);
  } else {
    FinishRun(now);
  }
}

void Run::BeginTeardown(Nanos now) {
  Enter(RunPhase::kTeardown);
  deadline_ = now + spec_.plan.options.teardown_timeout + kGrace;
  Do(SendTeardown{Lead()->id.name, setup_json_});
}

void Run::On(const TeardownEnded& event, Nanos now) {
  if (phase_ != RunPhase::kTeardown || Find(event.agent) != Lead()) return;
  if (event.failure) Fail(event.failure->exit_code, event.failure->message);
  FinishRun(now);
}

void Run::Abandon(int exit_code, std::string message, Nanos now) {
  Fail(exit_code, std::move(message));
  FinishRun(now);
}

void Run::FinishRun(Nanos now) {
  for (const Member& member : members_) {
    if (member.reachable()) Do(SendRelease{member.id.name});
  }
  Note("phase", "", std::string(PhaseName(RunPhase::kFinished)));
  const bool measured = test_start_.has_value();
  if (measured) {
    const Nanos duration = MeasuredDuration(*test_start_, zero_, last_sample_at_, now);
    verdict_.Evaluate(series_, duration, Verdict::Pass::kFinal);
    if (marked_failed_) {
      // k6's order: this says more than that a threshold was crossed.
      Fail(kExitMarkedFailed,
           marked_failed_->empty()
               ? "the script marked the test as failed"
               : fmt::format("the script marked the test as failed: {}", *marked_failed_));
    }
    if (!spec_.no_thresholds && !verdict_.passed()) {
      Fail(kExitThresholds, fmt::format("thresholds on metrics '{}' have been crossed",
                                        fmt::join(verdict_.FailedMetrics(), ", ")));
    }
    for (std::string& warning : SoundnessWarnings(members_, ledger_)) Warn(std::move(warning));
    if (zero_ && progress_.iterations_complete == 0) {
      Do(Say{Say::Level::kWarning, "no iteration was completed"});
    }
    outcome_.setup_json = setup_json_;
    outcome_.summary = Summarize(duration);
    const Soundness& soundness = outcome_.summary->soundness;
    if (spec_.strict && !soundness.findings.empty()) {
      Fail(kExitNotTrustworthy,
           fmt::format("--strict: the result is {}: {}", SoundnessName(soundness.label),
                       soundness.findings.front().reason));
    }
  }
  Keep(seconds_.TakeAll());
  phase_ = RunPhase::kFinished;
  deadline_ = Nanos(0);
  Do(AnnounceState{});
  Do(Finish{});
}

RunSummary Run::Summarize(Nanos duration) {
  RunSummary summary = BuildSummary({.spec = spec_,
                                     .series = series_,
                                     .verdict = verdict_,
                                     .members = members_,
                                     .ledger = ledger_,
                                     .warnings = warnings_,
                                     .duration = duration});
  summary.notes = notes();
  return summary;
}

// ---- Load ----

void Run::On(const DeltaArrived& event, Nanos now) {
  Member* member = Find(event.agent);
  if (member == nullptr) return;
  const Ledger::Receipt receipt = ledger_.Admit(event.agent.incarnation, event.delta.sequence);
  if (receipt.answer == Ledger::Answer::kNew) TakeDelta(*member, event.delta, now);
  // Also of what was refused: an agent that lies shall not keep it for ever.
  if (receipt.acked > 0) Do(AcknowledgeDelta{member->id.name, receipt.acked});
  if (member->final && member->returned) ReleaseReturned(*member);
  if (member->final && member->hands_over) HandOver(*member, now);
  if (member->final && event.delta.final) CheckEnd(*member, now);
  EndRunningIfDone(now);
}

void Run::TakeDelta(Member& member, const Delta& delta, Nanos now) {
  if (member.quarantined.empty()) {
    const absl::Status plausible =
        CheckPlausible(delta, spec_.plan, zero_ ? RunTime(now) : Elapsed(now));
    if (!plausible.ok()) Quarantine(member, Message(plausible), now);
  }
  if (!member.quarantined.empty()) {
    member.final = member.final || delta.final;
    return;
  }
  if (const absl::Status merged = series_.Add(delta); !merged.ok()) {
    Warn(fmt::format("a second's samples of agent '{}' could not be merged: {}", member.id.name,
                     Message(merged)));
  }
  member.Take(delta);
  seconds_.Add(delta);
  if (member.lost) ++member.deltas_late;
  last_sample_at_ = std::max(last_sample_at_, delta.interval_end);
  ReportVus(member, delta);
  AddVuGauges();
}

void Run::ReportVus(const Member& member, const Delta& delta) {
  const AgentHealth& health = delta.health;
  if (!member.final) {
    if (zero_ && delta.interval_end > Nanos(0)) {
      vus_.Report(member.id.name, delta.interval_end, health.vus_active, health.vus_initialized);
    }
    return;
  }
  // The end is no sample of k6's gauge, unless the load was over before its first second.
  if (!vus_.HasReported(member.id.name)) {
    const int64_t active = health.vus_active > 0 ? health.vus_active : health.vus_initialized;
    vus_.Report(member.id.name, delta.interval_end, active, health.vus_initialized);
  }
  if (member.drained) {
    vus_.Lose(member.id.name);  // its VUs are with others
  } else {
    vus_.Finish(member.id.name);
  }
}

void Run::AddVuGauges() {
  const MetricDef vus{"vus", MetricType::kGauge, ValueKind::kDefault};
  const MetricDef vus_max{"vus_max", MetricType::kGauge, ValueKind::kDefault};
  for (const VuGauge::Point& point : vus_.Take()) {
    series_.AddClusterGauge(vus, double(point.active), point.at);
    series_.AddClusterGauge(vus_max, double(point.initialized), point.at);
    seconds_.SetVus(point.at, point.active);
    if (spec_.samples && zero_) Do(AnnounceVus{*zero_ + point.at, point.active, point.initialized});
  }
  Keep(seconds_.TakeClosed());
}

void Run::Keep(const std::vector<SecondFigures>& closed) {
  for (const SecondFigures& figures : closed) Do(KeepSecond{figures});
}

void Run::EvaluateThresholds(Nanos now) {
  const Verdict::Decision decision = verdict_.Evaluate(series_, Elapsed(now), Verdict::Pass::kTick);
  if (!decision.abort || stopping_at_once_) return;
  Fail(kExitThresholds, fmt::format("the run was stopped early by thresholds with abortOnFail: {}",
                                    fmt::join(decision.reasons, ", ")));
  Do(Say{Say::Level::kError, outcome_.message});
  StopAll(false);
}

void Run::On(const TestCalled& event, Nanos now) {
  const Member* member = Find(event.agent);
  if (member == nullptr) return;
  if (!event.abort) {
    if (!marked_failed_) marked_failed_ = event.message;
    return;
  }
  if (stopping_at_once_) return;
  Fail(kExitAborted, event.message.empty()
                         ? "the script aborted the test"
                         : fmt::format("the script aborted the test: {}", event.message));
  if (phase_ != RunPhase::kSetup && phase_ != RunPhase::kRunning) return;
  StopAll(false);
  if (phase_ == RunPhase::kSetup) deadline_ = std::min(deadline_, now + kGrace);
}

void Run::On(const StopRequested& event, Nanos now) {
  Fail(kExitStopped, event.why);
  Note("stopped", "", event.why);
  switch (phase_) {
    case RunPhase::kWaiting:
    case RunPhase::kPreparing:
      return FinishRun(now);
    case RunPhase::kSetup:
      // setup() is interrupted; what it measured still arrives with its end.
      StopAll(false);
      deadline_ = std::min(deadline_, now + kGrace);
      return;
    case RunPhase::kRunning:
      return StopAll(event.graceful);
    case RunPhase::kTeardown:
    case RunPhase::kFinished:
      return;
  }
}

void Run::StopAll(bool graceful) {
  stopping_ = true;
  stopping_at_once_ = stopping_at_once_ || !graceful;
  for (Member& member : members_) {
    if (member.lost) continue;
    // What was to begin later begins no more.
    member.adopts_from = Nanos(0);
    if (!member.final) Do(SendStop{member.id.name, graceful});
  }
}

// ---- The controller's own fate ----

void Run::On(const ControllerReturned& event, Nanos now) {
  // Who waited for an agent, or an agent for us, could not be served meanwhile.
  short_since_ = now;
  const bool waits =
      phase_ == RunPhase::kPreparing || phase_ == RunPhase::kSetup || phase_ == RunPhase::kTeardown;
  if (waits && deadline_ > Nanos(0)) deadline_ += event.away;
  Warn("controller", "",
       fmt::format("the controller was away for {} and has taken the run up again; the agents went "
                   "on with the load",
                   FormatDuration(std::chrono::floor<milliseconds>(event.away))));
}

void Run::On(const RecordBroken& event, Nanos) {
  Warn("record", "",
       fmt::format("the record of the run is not complete from here on: {}; the run goes on, but "
                   "would not survive the controller",
                   event.why));
}

// ---- Time ----

bool Run::Due(Nanos now) const {
  if (deadline_ > Nanos(0) && now >= deadline_) return true;
  return phase_ == RunPhase::kRunning && (now >= next_progress_ || now >= next_evaluation_);
}

void Run::On(const Tick&, Nanos now) {
  if (phase_ == RunPhase::kWaiting) return TickWaiting(now);
  if (phase_ == RunPhase::kRunning) TickRunning(now);
  if (deadline_ == Nanos(0) || now < deadline_ || phase_ == RunPhase::kFinished) return;
  switch (phase_) {
    case RunPhase::kPreparing: {
      const auto slow = std::find_if(members_.begin(), members_.end(), [](const Member& member) {
        return !member.prepared && !member.lost;
      });
      return Abandon(
          kExitOther,
          fmt::format("agent '{}' was not ready {} after it was asked to prepare; no load was sent",
                      slow->id.name, FormatDuration(kPrepareTimeout)),
          now);
    }
    case RunPhase::kSetup:
      return Abandon(kExitSetupTimeout,
                     fmt::format("setup() did not end within {}",
                                 FormatDuration(spec_.plan.options.setup_timeout)),
                     now);
    case RunPhase::kRunning:
      return GiveUpOnSilent(now);
    case RunPhase::kTeardown:
      return Abandon(kExitTeardownTimeout,
                     fmt::format("teardown() did not end within {}",
                                 FormatDuration(spec_.plan.options.teardown_timeout)),
                     now);
    case RunPhase::kWaiting:
    case RunPhase::kFinished:
      return;
  }
}

void Run::TickRunning(Nanos now) {
  if (now >= next_progress_) {
    next_progress_ += seconds(1);
    UpdateProgress(now);
  }
  if (now >= next_evaluation_) {
    next_evaluation_ += Verdict::kInterval;
    EvaluateThresholds(now);
  }
  ForgetReturned(now);
  BelieveEarlyFinals(now);
}

// An agent whose final delta seemed to be from before the part that it was given has said nothing since: it had nothing to
// do for that part.
void Run::BelieveEarlyFinals(Nanos now) {
  bool believed = false;
  for (Member& member : members_) {
    if (!member.ended_early || !member.awaited() || RunTime(now) < member.adopts_from + kGrace)
      continue;
    member.final = true;
    vus_.Finish(member.id.name);
    CheckEnd(member, now);
    believed = true;
  }
  if (!believed) return;
  AddVuGauges();
  EndRunningIfDone(now);
}

// Who came back and does not hand over its last delta must not hold the run.
void Run::ForgetReturned(Nanos now) {
  bool forgot = false;
  for (Member& member : members_) {
    if (!member.returned || now - member.returned_at < kGrace) continue;
    ReleaseReturned(member);
    forgot = true;
  }
  if (forgot) EndRunningIfDone(now);
}

// The plan's time is over but not all agents have said that they are done: first they are told once
// more, then the run goes on without their word.
void Run::GiveUpOnSilent(Nanos now) {
  if (!gave_up_) {
    gave_up_ = true;
    deadline_ = now + kGrace;
    return StopAll(false);
  }
  for (Member& member : members_) {
    if (!member.awaited()) continue;
    member.final = true;
    vus_.Finish(member.id.name);
    Warn(fmt::format("agent '{}' did not end its load in time: its last samples may be missing",
                     member.id.name));
  }
  AddVuGauges();
  EndRunningIfDone(now);
}

void Run::UpdateProgress(Nanos now) {
  const Nanos run_time = std::max(Nanos(0), RunTime(now));
  // By the samples' time: at the end there are those of a whole second, a part of one after the progress before.
  double per_second = progress_.requests_per_second;
  if (const Nanos time = last_sample_at_ - rate_until_; time >= kRateTimeMin) {
    const double requests = TotalOfCounter(series_, "http_reqs");
    per_second = (requests - requests_before_) / std::chrono::duration<double>(time).count();
    requests_before_ = requests;
    rate_until_ = last_sample_at_;
  } else if (run_time - last_sample_at_ > kRateStaleAfter) {
    per_second = 0;
  }
  progress_ = ComputeProgress(spec_.plan, series_, members_);
  progress_.run_time = run_time;
  progress_.requests_per_second = per_second;
  progress_.soundness = JudgeProgress({.spec = spec_,
                                       .series = series_,
                                       .verdict = verdict_,
                                       .members = members_,
                                       .ledger = ledger_,
                                       .warnings = warnings_,
                                       .duration = progress_.run_time});
  Do(AnnounceProgress{});
}

// ---- Small things ----

void Run::Fail(int exit_code, std::string message) {
  if (outcome_.exit_code == 0) {
    outcome_.exit_code = exit_code;
    outcome_.message = std::move(message);
  } else if (message != outcome_.message) {
    Do(Say{Say::Level::kError, std::move(message)});
  }
}

void Run::Warn(std::string kind, std::string agent, std::string text) {
  Do(Say{Say::Level::kWarning, text});
  warnings_.push_back(text);
  Note(std::move(kind), std::move(agent), std::move(text));
}

void Run::Tell(std::string kind, std::string agent, std::string text) {
  Do(Say{Say::Level::kInfo, text});
  Note(std::move(kind), std::move(agent), std::move(text));
}

void Run::Note(std::string kind, std::string agent, std::string text) {
  notes_.push_back({.at = now_,
                    .unix_time = spec_.created_unix + (now_ - created_),
                    .kind = std::move(kind),
                    .agent = std::move(agent),
                    .text = std::move(text)});
  RunNote note = notes_.back();
  note.at = RunTime(now_);
  Do(KeepNote{notes_.size() - 1, std::move(note)});
}

std::vector<RunNote> Run::notes() const {
  std::vector<RunNote> notes = notes_;
  for (RunNote& note : notes) note.at -= zero_ ? *zero_ : now_;
  return notes;
}

Member* Run::Find(const AgentId& agent) {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& member) { return member.id == agent; });
  return found == members_.end() ? nullptr : &*found;
}

Member* Run::Lead() {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& member) {
    return !member.lost && !member.left && (member.prepared || phase_ == RunPhase::kPreparing);
  });
  return found == members_.end() ? nullptr : &*found;
}

size_t Run::Living() const {
  return size_t(std::count_if(members_.begin(), members_.end(),
                              [](const Member& member) { return !member.lost && !member.left; }));
}

}  // namespace kload::controller
