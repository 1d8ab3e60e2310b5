#include "controller/run/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "common/base/duration.h"
#include "controller/run/report.h"

namespace kload::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kExitThresholds = 99;
constexpr int kExitSetupTimeout = 100;
constexpr int kExitTeardownTimeout = 101;
constexpr int kExitStopped = 103;
constexpr int kExitAborted = 108;
constexpr int kExitMarkedFailed = 110;
constexpr int kExitOther = 255;

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
    : spec_(std::move(spec)), verdict_(spec_.thresholds), short_since_(now) {
  verdict_.WatchIn(series_);
}

std::vector<RunAction> Run::Handle(const RunInput& event, Nanos now) {
  actions_.clear();
  if (phase_ != RunPhase::kFinished) {
    std::visit([&](const auto& which) { On(which, now); }, event);
  }
  return std::move(actions_);
}

size_t Run::agents_connected() const {
  return phase_ == RunPhase::kWaiting ? connected_ : Living();
}

size_t Run::agents_wanted() const {
  if (spec_.agents > 0) return spec_.agents;
  return std::max<size_t>(1, members_.size());
}

Nanos Run::Elapsed(Nanos now) const {
  return test_start_ ? std::max(Nanos(0), now - *test_start_) : Nanos(0);
}

// ---- Agents come and go ----

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

void Run::On(const AgentLost& event, Nanos now) {
  Member* member = Find(event.agent);
  if (member == nullptr || member->lost) return;
  const bool led = member == Lead();
  member->lost = true;
  if (phase_ == RunPhase::kPreparing || phase_ == RunPhase::kSetup) {
    return Abandon(
        kExitOther,
        fmt::format(
            "agent '{}' was lost before the load began; no load was sent, start the run again",
            member->id.name),
        now);
  }
  member->lost_at = std::max(Nanos(0), RunTime(now));
  vus_.Lose(member->id.name);
  AddVuGauges();
  if (!member->final) {
    const int64_t total = TotalVus(spec_.plan);
    Warn(fmt::format(
        "agent '{}' was lost at {}: its share of the load ({} of {} VUs) from then on and up to a "
        "second of its samples are missing",
        member->id.name, FormatDuration(std::chrono::floor<milliseconds>(member->lost_at)),
        ShareOf(total, member->slice), total));
  }
  Do(AnnounceState{});
  if (Living() == 0) {
    return Abandon(kExitOther, "all agents of the run were lost; the result is not complete", now);
  }
  if (phase_ == RunPhase::kRunning) return EndRunningIfDone(now);
  if (phase_ == RunPhase::kTeardown && led) {
    Warn(fmt::format(
        "agent '{}' was lost while it ran teardown(): what the script created may be left over",
        member->id.name));
    FinishRun(now);
  }
}

void Run::On(const AgentReturned& event, Nanos) {
  Member* member = Find(event.agent);
  if (member == nullptr || member->lost) return;
  // What was said while it was away did not arrive. Agents take each order once, however often it
  // comes.
  const std::string& name = member->id.name;
  if (phase_ == RunPhase::kPreparing && !member->prepared) Do(SendPrepare{name, member->slice});
  if (phase_ == RunPhase::kSetup && member == Lead()) Do(SendSetup{name});
  if (phase_ == RunPhase::kRunning && !member->final) {
    Do(SendStart{name, *zero_, setup_json_});
    if (scaled_) Do(SendScale{name, scaled_->scenario, scaled_->vus});
    if (stopping_) Do(SendStop{name, !stopping_at_once_});
  }
  if (phase_ == RunPhase::kTeardown && member == Lead()) Do(SendTeardown{name, setup_json_});
}

// ---- Phases ----

void Run::Enter(RunPhase phase) {
  phase_ = phase;
  deadline_ = Nanos(0);
  Do(AnnounceState{});
}

void Run::BeginPreparing(const std::vector<AgentId>& agents, Nanos now) {
  ClaimAgents claim;
  for (const AgentId& agent : agents) {
    Member member;
    member.id = agent;
    member.slice = {uint32_t(members_.size()), uint32_t(agents.size())};
    members_.push_back(member);
    vus_.AddAgent(agent.name);
    claim.names.push_back(agent.name);
  }
  Do(std::move(claim));
  Enter(RunPhase::kPreparing);
  deadline_ = now + kPrepareTimeout;
  for (const Member& member : members_) Do(SendPrepare{member.id.name, member.slice});
}

void Run::On(const AgentPrepared& event, Nanos now) {
  Member* member = Find(event.agent);
  if (member == nullptr || phase_ != RunPhase::kPreparing) return;
  if (!event.error.empty()) {
    return Abandon(
        kExitOther,
        fmt::format("agent '{}' could not prepare the run: {}", member->id.name, event.error), now);
  }
  member->prepared = true;
  const bool all = std::all_of(members_.begin(), members_.end(),
                               [](const Member& each) { return each.prepared; });
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
  for (const Member& member : members_) Do(SendStart{member.id.name, *zero_, setup_json_});
}

void Run::EndRunningIfDone(Nanos now) {
  if (phase_ != RunPhase::kRunning) return;
  const bool done = std::all_of(members_.begin(), members_.end(),
                                [](const Member& member) { return member.final || member.lost; });
  if (!done) return;
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
    if (!member.lost) Do(SendRelease{member.id.name});
  }
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
    outcome_.summary = BuildSummary({.spec = spec_,
                                     .series = series_,
                                     .verdict = verdict_,
                                     .members = members_,
                                     .warnings = warnings_,
                                     .duration = duration});
  }
  Enter(RunPhase::kFinished);
  Do(Finish{});
}

// ---- Load ----

void Run::On(const DeltaArrived& event, Nanos now) {
  Member* member = Find(event.agent);
  if (member == nullptr) return;
  const Ledger::Receipt receipt = ledger_.Admit(event.agent.incarnation, event.delta.sequence);
  if (receipt.answer == Ledger::Answer::kNew) {
    if (const absl::Status merged = series_.Add(event.delta); !merged.ok()) {
      Warn(fmt::format("a second's samples of agent '{}' could not be merged: {}", member->id.name,
                       std::string_view(merged.message().data(), merged.message().size())));
    }
    member->Take(event.delta);
    last_sample_at_ = std::max(last_sample_at_, event.delta.interval_end);
    ReportVus(*member, event.delta);
    AddVuGauges();
  }
  if (receipt.acked > 0) Do(AcknowledgeDelta{member->id.name, receipt.acked});
  EndRunningIfDone(now);
}

void Run::ReportVus(const Member& member, const Delta& delta) {
  const AgentHealth& health = delta.health;
  if (!delta.final) {
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
  vus_.Finish(member.id.name);
}

void Run::AddVuGauges() {
  const MetricDef vus{"vus", MetricType::kGauge, ValueKind::kDefault};
  const MetricDef vus_max{"vus_max", MetricType::kGauge, ValueKind::kDefault};
  for (const VuGauge::Point& point : vus_.Take()) {
    series_.AddClusterGauge(vus, double(point.active), point.at);
    series_.AddClusterGauge(vus_max, double(point.initialized), point.at);
    if (spec_.samples && zero_) Do(AnnounceVus{*zero_ + point.at, point.active, point.initialized});
  }
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

void Run::On(const ScaleRequested& event, Nanos now) {
  if (phase_ != RunPhase::kRunning || stopping_) return;
  scaled_ = event;
  for (const Member& member : members_) {
    if (!member.lost && !member.final) Do(SendScale{member.id.name, event.scenario, event.vus});
  }
  const Nanos at = std::max(Nanos(0), RunTime(now));
  Warn(fmt::format("at {} scenario {} was scaled to {} VUs by kctl scale",
                   FormatDuration(std::chrono::floor<milliseconds>(at)), event.scenario,
                   event.vus));
}

void Run::On(const StopRequested& event, Nanos now) {
  Fail(kExitStopped, event.why);
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
  for (const Member& member : members_) {
    if (!member.lost && !member.final) Do(SendStop{member.id.name, graceful});
  }
}

// ---- Time ----

void Run::On(const Tick&, Nanos now) {
  if (phase_ == RunPhase::kWaiting) return TickWaiting(now);
  if (phase_ == RunPhase::kRunning) TickRunning(now);
  if (deadline_ == Nanos(0) || now < deadline_ || phase_ == RunPhase::kFinished) return;
  switch (phase_) {
    case RunPhase::kPreparing: {
      const auto slow = std::find_if(members_.begin(), members_.end(),
                                     [](const Member& member) { return !member.prepared; });
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
    if (member.final || member.lost) continue;
    member.final = true;
    vus_.Finish(member.id.name);
    Warn(fmt::format("agent '{}' did not end its load in time: its last samples may be missing",
                     member.id.name));
  }
  AddVuGauges();
  EndRunningIfDone(now);
}

void Run::UpdateProgress(Nanos now) {
  const double requests = TotalOfCounter(series_, "http_reqs");
  const Nanos since = std::max<Nanos>(milliseconds(1), RunTime(now) - progress_.run_time);
  const double per_second =
      (requests - requests_before_) / std::chrono::duration<double>(since).count();
  requests_before_ = requests;
  progress_ = ComputeProgress(spec_.plan, series_, members_);
  progress_.run_time = std::max(Nanos(0), RunTime(now));
  progress_.requests_per_second = per_second;
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

void Run::Warn(std::string text) {
  Do(Say{Say::Level::kWarning, text});
  warnings_.push_back(std::move(text));
}

Member* Run::Find(const AgentId& agent) {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& member) { return member.id == agent; });
  return found == members_.end() ? nullptr : &*found;
}

Member* Run::Lead() {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [](const Member& member) { return !member.lost; });
  return found == members_.end() ? nullptr : &*found;
}

size_t Run::Living() const {
  return size_t(std::count_if(members_.begin(), members_.end(),
                              [](const Member& member) { return !member.lost; }));
}

}  // namespace kload::controller
