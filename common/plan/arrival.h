// When the iterations of an arrival-rate scenario are due, and which of them are whose.
//
// Data path: Scenario -> ArrivalTimes (of the whole cluster), ArrivalShare (of one worker) -> the agent's ticks.
// Thread:    plain values, pure functions.
// Units:     times since the scenario's start; iterations are numbered from 0 over the whole cluster.
// Source:    k6's constant-arrival-rate and ramping-arrival-rate executors as documented (README.md).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/plan/plan.h"

namespace kload {

class ArrivalTimes {
 public:
  // `scenario` is one for which IsArrivalRate() holds; it is not kept.
  explicit ArrivalTimes(const Scenario& scenario);

  // When iteration `number` is due; nothing when the scenario has fewer. A constant rate has its first one at 0
  // and then one a period (timeUnit / rate, cut to nanoseconds), each before the end. A ramp has its
  // iteration n at the moment at which the area below the line of the rate reaches n + 1; what would be due at the very
  // end is due a nanosecond before, while VUs still take iterations.
  std::optional<Nanos> At(int64_t number) const;
  // How many there are.
  int64_t count() const { return count_; }
  // The number of the first iteration that is not due before `from`; count() when there is none.
  int64_t FirstFrom(Nanos from) const;
  // Of a constant rate: from `from` on it is `rate` (> 0) iterations per `time_unit`, the first of them due then. Numbers go
  // on. Changes must come by rising `from`; whoever applies the same ones has the same times.
  void ChangeRate(Nanos from, int64_t rate, Nanos time_unit);

 private:
  // Areas are kept doubled and multiplied by the time unit, which makes them integers.
  __extension__ typedef __int128 Area;
  struct Ramp {
    Nanos begin{0};
    Nanos duration{0};
    int64_t from = 0;  // iterations per time unit
    int64_t to = 0;
    Area done = 0;  // before it
  };

  // A constant rate, up to the next stretch.
  struct Steady {
    Nanos begin{0};
    int64_t first = 0;  // number of the iteration that is due at `begin`
    Nanos period{1};
  };

  Nanos WithinRamp(const Ramp& ramp, Area need) const;
  // Counts the iterations of the last stretch of a constant rate.
  void CountSteady();

  std::vector<Steady> steady_;  // of a constant rate; empty: ramps_ count
  Nanos end_{0};
  Area unit_ = 1;  // area of one iteration
  std::vector<Ramp> ramps_;
  int64_t count_ = 0;
};

// Iteration k belongs to whoever owns VU k mod max VUs: each owner gets as large a part of the iterations as it has of
// the VUs, in turn with the others, and every iteration belongs to exactly one.
class ArrivalShare {
 public:
  // The owner's VUs are `first`, `first` + `step`, ... of [0, `vus`), 0-based in the scenario.
  ArrivalShare(int64_t vus, int64_t first, int64_t step);

  // Whether it has any iteration at all.
  bool empty() const { return first_ >= vus_; }
  // The own iteration at hand, at first the earliest. Not when empty().
  int64_t number() const { return base_ + vu_; }
  // Goes on to the next own iteration.
  void Advance();
  // Goes on to the first own iteration that is `number` or higher. Not when empty().
  void SkipTo(int64_t number);

 private:
  int64_t vus_;
  int64_t first_;
  int64_t step_;
  int64_t base_ = 0;  // number of the round's first iteration
  int64_t vu_;        // 0-based in the scenario
};

}  // namespace kload
