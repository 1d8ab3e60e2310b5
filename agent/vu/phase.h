// setup() or teardown(): one call into a script instance of its own, on a fiber of its own, as VU
// 0.
//
// Thread: its worker's; Begin() and Cancel() are called outside of the fiber. Destroyed only when
// done().
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/fiber/fiber.h"
#include "agent/vu/shared.h"
#include "agent/vu/timer_queue.h"
#include "agent/vu/vu_host.h"
#include "common/k6/script.h"

namespace kload::agent {

enum class PhaseKind { kSetup, kTeardown };

// k6's exit codes for how a phase can fail.
inline constexpr int kExitSetupTimeout = 100;
inline constexpr int kExitTeardownTimeout = 101;
inline constexpr int kExitInterrupted = 105;
inline constexpr int kExitScriptException = 107;

struct PhaseOutcome {
  std::string json;   // setup: what it returned; empty: undefined
  int exit_code = 0;  // not 0: it failed, `message` says why
  std::string message;
};

class Phase {
 public:
  // `on_ended` is called once, inside the fiber, when nothing of the script is left.
  Phase(VuShared& shared, PhaseKind kind, std::string data_json,
        std::function<void(PhaseOutcome)> on_ended);

  void Begin();
  // Ends the call soon; its outcome has kExitInterrupted.
  void Cancel();
  bool done() const { return fiber_ == nullptr || fiber_->done(); }

 private:
  PhaseOutcome Run();
  PhaseOutcome Call();
  PhaseOutcome TimedOut() const;
  const char* name() const { return kind_ == PhaseKind::kSetup ? "setup" : "teardown"; }
  void Cut();

  VuShared& shared_;
  const PhaseKind kind_;
  const std::string data_json_;
  const Nanos timeout_;
  const std::function<void(PhaseOutcome)> on_ended_;
  VuHost host_;
  TimerQueue::Timer deadline_;
  bool timed_out_ = false;
  bool in_script_ = false;
  std::unique_ptr<Fiber> fiber_;
  std::unique_ptr<k6::ScriptInstance> script_;
};

}  // namespace kload::agent
