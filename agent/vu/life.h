// When one VU iterates, waits, is cut off and ends: k6's lifecycle as arithmetic on run time.
//
// Data path: Scenario, VuSchedule (plan) -> Stretch -> VuLife -> Vu, which does what it decides.
// Thread:    plain values, no clock: `now` is run time, passed in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "common/base/clock.h"
#include "common/plan/plan.h"
#include "common/plan/slice.h"
#include "common/plan/timeline.h"

namespace kload::agent {

// A time in which a VU starts iterations, [begin, end); one that still runs at `cut` is
// interrupted. Run time.
struct Stretch {
  Nanos begin{0};
  Nanos end{0};
  Nanos cut{0};  // >= end: graceful ramp-down or graceful stop over
  friend bool operator==(const Stretch&, const Stretch&) = default;
};

// The VU's active intervals with the scenario's start time and graceful periods applied. `reserved`
// is ReservedSteps(scenario): the VU is cut off when the plan no longer keeps it. Where it is
// active again before that, its cut-off is the later stretch's: it just goes on.
std::vector<Stretch> StretchesOf(const Scenario& scenario, const std::vector<Step>& reserved,
                                 const VuSchedule& schedule);

// Steps of how many of the VUs' stretches hold, for VusAt(): what the plan wants of them.
std::vector<Step> ScheduledSteps(const std::vector<std::vector<Stretch>>& vus);

class VuLife {
 public:
  struct Decision {
    enum class Kind { kIterate, kWait, kEnd };
    Kind kind = Kind::kEnd;
    Nanos until{0};  // kWait: ask again then. kIterate: the end of the stretch.
    Nanos cut{0};    // kIterate: the iteration is interrupted then
  };

  explicit VuLife(std::vector<Stretch> stretches) : stretches_(std::move(stretches)) {}
  // What to do between iterations at `now`, which never falls from call to call.
  Decision Decide(Nanos now);
  // No iteration starts any more.
  void Stop() { stopped_ = true; }
  // No iteration starts at `end` or later; one that runs then is interrupted after `grace`.
  void EndAt(Nanos end, Nanos grace);
  const std::vector<Stretch>& stretches() const { return stretches_; }

 private:
  std::vector<Stretch> stretches_;
  size_t current_ = 0;
  bool stopped_ = false;
};

// Iterations that VUs take from together: those of one VU, of all VUs of a scenario on a worker, or
// no limit.
class IterationPool {
 public:
  static constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();
  explicit IterationPool(int64_t left) : all_(left), left_(left) {}
  // Whether there was one left.
  bool Take() {
    if (left_ == kUnlimited) return true;
    if (left_ == 0) return false;
    --left_;
    return true;
  }
  // One that was taken has ended.
  void NoteDone() { ++done_; }
  // Whether there is a limit, and then the part that is done, 0 to 1.
  bool limited() const { return all_ != kUnlimited; }
  double progress() const {
    return all_ == 0 ? 1 : static_cast<double>(done_) / static_cast<double>(all_);
  }
  // Those that nobody will start: k6's dropped_iterations. 0 the second time.
  int64_t TakeRest() {
    if (left_ == kUnlimited) return 0;
    const int64_t rest = left_;
    left_ = 0;
    return rest;
  }

 private:
  int64_t all_;
  int64_t left_;
  int64_t done_ = 0;
};

}  // namespace kload::agent
