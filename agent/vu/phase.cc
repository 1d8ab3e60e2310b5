#include "agent/vu/phase.h"

#include <fmt/format.h>

#include <utility>

#include "common/base/duration.h"
#include "common/base/status.h"

namespace kload::agent {

using Kind = k6::Outcome::Kind;

Phase::Phase(VuShared& shared, PhaseKind kind, std::string data_json,
             std::function<void(PhaseOutcome)> on_ended)
    : shared_(shared),
      kind_(kind),
      data_json_(std::move(data_json)),
      timeout_(kind == PhaseKind::kSetup ? shared.options.setup_timeout
                                         : shared.options.teardown_timeout),
      on_ended_(std::move(on_ended)),
      host_(shared, {"", {}, kind == PhaseKind::kSetup ? "::setup" : "::teardown", 0},
            [this] { return shared_.AgentExecution(); }),
      deadline_(shared.timers, [this] {
        timed_out_ = true;
        Cut();
      }) {}

void Phase::Begin() {
  fiber_ = std::make_unique<Fiber>([this](Fiber&) {
    PhaseOutcome outcome = Run();
    deadline_.Cancel();
    script_.reset();
    on_ended_(std::move(outcome));
  });
  host_.Attach(*fiber_);
  fiber_->Resume();
}

void Phase::Cancel() { Cut(); }

PhaseOutcome Phase::Run() {
  auto script = k6::ScriptInstance::Create(shared_.script, host_, SettingsOf(shared_, 0));
  if (!script.ok()) return {"", kExitScriptException, Message(script.status())};
  script_ = std::move(script).value();
  host_.BeginEntry();
  PhaseOutcome outcome = Call();
  host_.EndEntry(shared_.RunNow());
  return outcome;
}

PhaseOutcome Phase::Call() {
  const Nanos deadline = shared_.clock.Now() + timeout_;
  deadline_.Arm(deadline);
  in_script_ = true;
  const k6::Outcome outcome = kind_ == PhaseKind::kSetup
                                  ? script_->CallSetup(deadline)
                                  : script_->CallTeardown(data_json_, deadline);
  in_script_ = false;
  switch (outcome.kind) {
    case Kind::kOk:
      return {outcome.json, 0, ""};
    case Kind::kException:
      return {"", kExitScriptException,
              fmt::format("{}() failed: {}", name(), ExceptionText(outcome))};
    case Kind::kTimedOut:
      return TimedOut();
    case Kind::kInterrupted:
      break;
  }
  if (timed_out_) return TimedOut();
  return {"", kExitInterrupted, fmt::format("{}() was interrupted", name())};
}

PhaseOutcome Phase::TimedOut() const {
  return {"", kind_ == PhaseKind::kSetup ? kExitSetupTimeout : kExitTeardownTimeout,
          fmt::format("{}() did not end within {}; raise `{}Timeout` if it needs longer", name(),
                      FormatDuration(timeout_), name())};
}

void Phase::Cut() {
  if (!in_script_) return;
  script_->Interrupt();
  host_.Cancel();
}

}  // namespace kload::agent
