// Hands the due iterations of one arrival-rate scenario to idle VUs of this worker.
//
// Data path: ArrivalTimes, ArrivalShare (plan) -> Arrivals -> Vu::Give().
// Thread:    the worker's. The Vu's calls come from inside of their fibers, all others from outside.
// Rules:     k6's. What is late is caught up at once. An iteration that finds no idle VU is dropped and
//            counted, and one more VU is made if there may be more, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "agent/vu/shared.h"
#include "agent/vu/timer_queue.h"
#include "common/plan/arrival.h"
#include "common/plan/iteration_numbers.h"
#include "common/plan/plan.h"
#include "common/plan/slice.h"

namespace kload::agent {

class Vu;

// One iteration that is due.
struct Arrival {
  int64_t number = 0;           // 0-based in the scenario, over the whole cluster
  int64_t number_in_agent = 0;  // likewise, over the agent's own
  Nanos due{0};                 // run time
};

class Arrivals {
 public:
  // Makes a spare VU: runs its init code and launches it.
  using MakeVu = std::function<void(Vu&)>;

  // Those that are due at run time `from` or later. `numbers`: see Arrival::number_in_agent.
  Arrivals(VuShared& shared, const Scenario& scenario, ArrivalShare share, Nanos from,
           IterationNumbers numbers, MakeVu make);

  // One of this worker's VUs of the scenario, before Start(); at least one, by rising index. A spare one is made when it
  // is needed.
  void Add(Vu& vu, bool spare);
  // VuShared::start is set.
  void Start();
  // No further iterations.
  void Stop() { timer_.Cancel(); }
  // What is due to the slice's VUs at run time `from` or later is somebody else's.
  void Cede(Slice slice, Nanos from);
  // From run time `from` on the scenario, whose rate is constant, has another one. All that have been ordered, also before this
  // was made: numbers depend on them.
  void ChangeRate(Nanos from, int64_t rate);
  const Scenario& scenario() const { return scenario_; }

  // The VU waits for an iteration.
  void OnIdle(Vu& vu);

 private:
  struct Ceded {
    Slice slice;
    Nanos from;
  };

  void Tick();
  void SkipToFirst();
  bool IsCeded(Nanos due) const;
  Vu* TakeIdle(Nanos due);
  void ArmNext();
  void Drop();
  void MakeSpare();

  VuShared& shared_;
  const Scenario& scenario_;
  ArrivalTimes times_;
  ArrivalShare share_;
  const Nanos from_;
  bool begun_ = false;  // an own iteration was due
  std::vector<Ceded> ceded_;
  IterationNumbers numbers_;
  Vu* first_ = nullptr;     // drops are counted in its name
  std::deque<Vu*> spares_;  // the next one first
  const MakeVu make_;
  std::deque<Vu*> idle_;  // the longest idle first
  Vu* making_ = nullptr;  // a spare that is not idle yet
  bool warned_ = false;
  TimerQueue::Timer timer_;
};

}  // namespace kload::agent
