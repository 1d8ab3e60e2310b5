// One virtual user: a script instance on a fiber that iterates when the plan says so.
//
// Data path: Stretch (VuLife) -> Vu -> script -> VuHost -> samples.
// Thread:    its worker's. Every public function is called outside of the VU's fiber; the
// listener's are called inside. Life:      Begin() -> OnReady -> Launch() -> OnActive, OnIteration
// ... -> OnEnded. Destroyed only before Begin() or when
//            done().
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/fiber/fiber.h"
#include "agent/vu/arrivals.h"
#include "agent/vu/life.h"
#include "agent/vu/shared.h"
#include "agent/vu/timer_queue.h"
#include "agent/vu/vu_host.h"
#include "common/k6/script.h"
#include "common/plan/iteration_numbers.h"
#include "common/plan/plan.h"

namespace kload::agent {

// Gives numbers to the iterations of a scenario's VUs on one worker.
struct VuNumbers {
  IterationNumbers in_agent;
  IterationNumbers in_test;
};

class VuListener {
 public:
  virtual ~VuListener() = default;
  // Init code has run; the VU ends after this when it failed.
  virtual void OnReady(absl::Status status) = 0;
  // The VU begins (true) or stops (false) to be active: it iterates, or finishes an iteration.
  virtual void OnActive(size_t scenario, bool active) = 0;
  virtual void OnIteration(size_t scenario, bool complete) = 0;
  // Nothing of the script is left; done() as soon as the loop runs again.
  virtual void OnEnded() = 0;
};

class Vu {
 public:
  struct Spec {
    int64_t index = 0;                   // cluster-wide, 0-based
    size_t scenario_index = 0;           // in the plan
    const Scenario* scenario = nullptr;  // outlives the VU
    std::vector<Stretch> stretches;
    std::shared_ptr<IterationPool> pool;  // shared with the VUs that take from it
    int64_t index_in_agent = 0;           // 0-based, over all its scenarios
    std::shared_ptr<VuNumbers> numbers;   // for its iterations, shared likewise
    // Of an externally controlled scenario: the VU runs while its index there is below this. Outlives it. Null: it always
    // does.
    const int64_t* allowed = nullptr;
    // Of an arrival-rate scenario: its iterations are given to the VU. Outlives it. Null: it loops.
    Arrivals* arrivals = nullptr;
  };

  Vu(VuShared& shared, Spec spec, VuListener& listener);

  // Makes the script instance and runs its init code.
  void Begin();
  // Lets the VU live its stretches; VuShared::start is set. `setup_json` outlives the run.
  void Launch(const std::string& setup_json);
  // One iteration for a VU that told Arrivals that it is idle.
  void Give(const Arrival& arrival);
  // Adds a sample in the VU's name.
  void Record(MetricId metric, double value) { host_.Record(metric, value, shared_.RunNow()); }
  // What Spec::allowed says has changed.
  void Rescale() { host_.Wake(); }
  // Whether the VU is one of those that the plan wants now, of an externally controlled scenario.
  bool allowed() const;
  bool controlled() const { return spec_.allowed != nullptr; }
  // No further iterations. A running one gets `grace` to finish.
  void Stop(Nanos grace);
  // Another agent has the VU from run time `from` on: no iteration starts then or later, a running one gets its graceful stop.
  void EndAt(Nanos from);
  // Of its scenario: whether it takes an iteration that is due at run time `due`.
  bool Takes(Nanos due) const;
  int64_t index() const { return spec_.index; }
  const Scenario& scenario() const { return *spec_.scenario; }
  // When it iterates; run time.
  const std::vector<Stretch>& stretches() const { return life_.stretches(); }
  bool arrives() const { return spec_.arrivals != nullptr; }
  // Of its scenario.
  Nanos graceful_stop() const { return spec_.scenario->graceful_stop; }
  // Whether the VU has never begun or has ended.
  bool done() const { return !fiber_ || fiber_->done(); }

 private:
  void Live();
  Nanos ArrivalsEnd() const;
  absl::Status Init();
  absl::Status TakeSetupData();
  void RunStretches();
  void RunArrivals(Arrivals& arrivals);
  // Both ends in steady time, which each step is given: reading the clock costs as much as recording a sample.
  Nanos Iterate(Nanos start);
  // Returns the time behind it.
  Nanos PauseAfter(Nanos iteration_start, Nanos iteration_end, Nanos stretch_end);
  k6::Execution Execution() const;
  double Progress() const;
  void SetActive(bool active);
  void ArmCut(Nanos run_time);
  void Cut();

  // What an iteration touches comes first, here and in the host: a VU that thought has left the caches.
  VuShared& shared_;
  VuListener& listener_;
  const Spec spec_;
  VuLife life_;
  std::unique_ptr<k6::ScriptInstance> script_;  // none any more when the VU ends
  int64_t iteration_ = 0;
  int64_t number_in_agent_ = 0;  // of the iteration at hand, in the scenario
  int64_t number_in_test_ = 0;
  bool stopped_ = false;
  bool active_ = false;
  bool in_script_ = false;
  std::optional<Fiber> fiber_;
  TimerQueue::Timer cut_;
  VuHost host_;
  std::optional<Arrival> given_;
  const std::string* setup_json_ = nullptr;  // set by Launch()
};

}  // namespace kload::agent
