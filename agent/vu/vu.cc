#include "agent/vu/vu.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/base/status.h"
#include "common/plan/timeline.h"

namespace kload::agent {
namespace {

using Kind = k6::Outcome::Kind;

double Milliseconds(Nanos duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

VuHost::Identity IdentityOf(const Vu::Spec& spec) {
  return {spec.scenario->name, spec.scenario->tags, "", spec.index + 1};
}

}  // namespace

Vu::Vu(VuShared& shared, Spec spec, VuListener& listener)
    : shared_(shared),
      listener_(listener),
      spec_(std::move(spec)),
      life_(spec_.stretches),
      cut_(shared.timers, [this] { Cut(); }),
      host_(shared, IdentityOf(spec_), [this] { return Execution(); }) {}

void Vu::Begin() {
  fiber_.emplace([this](Fiber&) { Live(); });
  host_.Attach(*fiber_);
  fiber_->Resume();
}

void Vu::Launch(const std::string& setup_json) {
  setup_json_ = &setup_json;
  host_.Wake();
}

void Vu::Give(const Arrival& arrival) {
  given_ = arrival;
  host_.Wake();
}

bool Vu::allowed() const {
  return spec_.allowed == nullptr || spec_.index - spec_.scenario->first_vu < *spec_.allowed;
}

void Vu::Stop(Nanos grace) {
  stopped_ = true;
  life_.Stop();
  host_.Wake();
  if (grace <= Nanos::zero()) return Cut();
  const Nanos due = shared_.clock.Now() + grace;
  if (active_ && (!cut_.armed() || due < cut_.due())) cut_.Arm(due);
}

void Vu::EndAt(Nanos from) {
  life_.EndAt(from, graceful_stop());
  host_.Wake();
  if (!shared_.start) return;
  const Nanos due = *shared_.start + from + graceful_stop();
  if (active_ && cut_.armed() && due < cut_.due()) cut_.Arm(due);
}

Nanos Vu::ArrivalsEnd() const {
  const std::vector<Stretch>& stretches = life_.stretches();
  return stretches.empty() ? Nanos::zero() : stretches.front().end;
}

bool Vu::Takes(Nanos due) const { return !done() && !stopped_ && due < ArrivalsEnd(); }

void Vu::Live() {
  absl::Status status = Init();
  listener_.OnReady(status);
  if (status.ok()) {
    while (setup_json_ == nullptr && !stopped_) host_.Wait();
    if (!stopped_) status = TakeSetupData();
    if (!stopped_ && status.ok()) {
      spec_.arrivals != nullptr ? RunArrivals(*spec_.arrivals) : RunStretches();
    }
  }
  cut_.Cancel();
  script_.reset();
  listener_.OnEnded();
}

absl::Status Vu::Init() {
  const Scenario& scenario = *spec_.scenario;
  KLOAD_ASSIGN_OR_RETURN(script_, k6::ScriptInstance::Create(shared_.script, host_,
                                                             SettingsOf(shared_, spec_.index + 1)));
  const std::vector<std::string> functions = script_->ExportedFunctions();
  if (std::find(functions.begin(), functions.end(), scenario.exec) == functions.end()) {
    return absl::InvalidArgumentError(fmt::format(
        "scenario {}: the script exports no function `{}`; export it, or name another with `exec`",
        scenario.name, scenario.exec));
  }
  script_->OverlayEnv(scenario.env);
  return absl::OkStatus();
}

absl::Status Vu::TakeSetupData() {
  absl::Status status = script_->SetData(*setup_json_);
  if (!status.ok()) {
    host_.Log(k6::LogLevel::kError,
              fmt::format("VU {} could not read setup()'s data and runs no iterations: {}",
                          spec_.index + 1, Message(status)),
              "kload");
  }
  return status;
}

void Vu::RunStretches() {
  Nanos start = shared_.clock.Now();
  while (true) {
    const VuLife::Decision decision = life_.Decide(shared_.RunTime(start));
    if (decision.kind == VuLife::Decision::Kind::kEnd) break;
    if (decision.kind == VuLife::Decision::Kind::kWait || !allowed()) {
      SetActive(false);
      host_.WaitUntil(*shared_.start + decision.until);
      start = shared_.clock.Now();
      continue;
    }
    if (!spec_.pool->Take()) break;
    SetActive(true);
    ArmCut(decision.cut);
    number_in_test_ = spec_.numbers->in_test.Next();
    number_in_agent_ = spec_.numbers->in_agent.Next();
    const Nanos end = Iterate(start);
    spec_.pool->NoteDone();
    start = PauseAfter(start, end, decision.until);
  }
  const int64_t dropped = spec_.pool->TakeRest();
  if (dropped > 0)
    host_.Record(Builtin::kDroppedIterations, static_cast<double>(dropped), shared_.RunNow());
  SetActive(false);
}

void Vu::RunArrivals(Arrivals& arrivals) {
  while (true) {
    arrivals.OnIdle(*this);
    while (!given_ && !stopped_ && shared_.RunNow() < ArrivalsEnd()) {
      host_.WaitUntil(*shared_.start + ArrivalsEnd());
    }
    if (!given_ || stopped_) break;
    SetActive(true);
    // One that was given late may begin when there are no more to come.
    ArmCut(life_.stretches().empty() ? ArrivalsEnd() + graceful_stop()
                                     : life_.stretches().front().cut);
    const Nanos start = shared_.clock.Now();
    host_.BeginArrival(std::max(start - *shared_.start - given_->due, Nanos::zero()));
    number_in_test_ = given_->number;
    number_in_agent_ = given_->number_in_agent;
    given_.reset();
    const Nanos end = Iterate(start);
    PauseAfter(start, end, ArrivalsEnd());
    SetActive(false);
  }
}

Nanos Vu::Iterate(Nanos start) {
  host_.BeginEntry();
  in_script_ = true;
  const k6::Outcome outcome = script_->CallIteration(spec_.scenario->exec, iteration_++);
  in_script_ = false;
  const Nanos end = shared_.clock.Now();
  const Nanos at = shared_.RunTime(end);
  host_.EndEntry(at);
  const bool complete = outcome.kind == Kind::kOk || outcome.kind == Kind::kException;
  if (outcome.kind == Kind::kException) {
    host_.Log(k6::LogLevel::kError, ExceptionText(outcome), "stacktrace");
    host_.Record(Builtin::kIterationExceptions, 1, at);
  }
  if (complete) {
    host_.Record(Builtin::kIterations, 1, at);
    host_.Record(Builtin::kIterationDuration, Milliseconds(end - start), at);
  }
  listener_.OnIteration(spec_.scenario_index, complete);
  if (shared_.options.no_vu_connection_reuse) host_.CloseIdle();
  return end;
}

k6::Execution Vu::Execution() const {
  k6::Execution execution = shared_.AgentExecution();
  const Scenario& scenario = *spec_.scenario;
  k6::Execution::ScenarioPart& part = execution.scenario.emplace();
  part.name = scenario.name;
  part.executor = ExecutorName(scenario.executor);
  part.start_unix = shared_.clock.UnixNow() - shared_.RunNow() + scenario.start_time;
  part.progress = Progress();
  part.iteration_in_instance = number_in_agent_;
  part.iteration_in_test = number_in_test_;
  execution.vu_in_instance = spec_.index_in_agent + 1;
  execution.vu_in_test = spec_.index + 1;
  execution.iteration_in_instance = execution.iteration_in_scenario =
      std::max<int64_t>(iteration_ - 1, 0);
  return execution;
}

// Of the time, or of the iterations that this VU takes from where their number is fixed.
double Vu::Progress() const {
  if (spec_.pool != nullptr && spec_.pool->limited()) return spec_.pool->progress();
  const Nanos whole = RegularDuration(*spec_.scenario);
  if (whole <= Nanos::zero()) return 1;
  const Nanos spent = shared_.RunNow() - spec_.scenario->start_time;
  return std::clamp(static_cast<double>(spent.count()) / static_cast<double>(whole.count()), 0.0,
                    1.0);
}

Nanos Vu::PauseAfter(Nanos iteration_start, Nanos iteration_end, Nanos stretch_end) {
  const Nanos next = iteration_start + shared_.options.min_iteration_duration;
  const Nanos until = std::min(next, *shared_.start + stretch_end);
  if (until <= iteration_end || stopped_) {
    return host_.YieldIfBusy() ? shared_.clock.Now() : iteration_end;
  }
  // Others may wake the VU, when its scenario is scaled.
  Nanos now = shared_.clock.Now();
  for (; !stopped_ && now < until; now = shared_.clock.Now()) host_.WaitUntil(until);
  return now;
}

void Vu::SetActive(bool active) {
  if (active_ == active) return;
  active_ = active;
  if (!active) cut_.Cancel();
  listener_.OnActive(spec_.scenario_index, active);
}

void Vu::ArmCut(Nanos run_time) {
  const Nanos due = *shared_.start + run_time;
  if (!cut_.armed() || cut_.due() != due) cut_.Arm(due);
}

void Vu::Cut() {
  if (!in_script_) return;
  script_->Interrupt();
  host_.Cancel();
}

}  // namespace kload::agent
