// One worker's part of `rps`: when it may send its next request.
//
// Data path: TestPlan, Slice -> RateShare -> the agent's RateLimit.
// Thread:    a plain value.
// Units:     run time.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/plan/plan.h"
#include "common/plan/slice.h"
#include "common/plan/timeline.h"

namespace kload {

// VUs whose index is `residue` modulo `stride` (> 0).
struct VuClass {
  int64_t residue = 0;
  int64_t stride = 1;
  friend bool operator==(const VuClass&, const VuClass&) = default;
};

// The VUs of the class that the slice has; nothing when it has none of them.
std::optional<VuClass> Within(VuClass vus, Slice slice);

// The cluster sends its request k at k / rps at the earliest. Slot k belongs to the owner of one of the A VUs that the
// plan has at that time, graceful periods included: number k mod A of them, scenario by scenario. So every slot is
// exactly one worker's, shares add up to rps at every instant, and each worker has as large a part of the slots as of the
// VUs.
class RateShare {
 public:
  // Of the VUs of `slice`, in turn, worker `worker` of `workers` has each `workers`-th one. rps > 0.
  RateShare(const TestPlan& plan, Slice slice, uint32_t worker, uint32_t workers);
  // Of the VUs of a class. rps > 0.
  RateShare(const TestPlan& plan, VuClass vus);

  // From run time `from` on an externally controlled scenario has so many VUs. Before the first call it has those that it
  // begins with.
  void SetVus(size_t scenario, Nanos from, int64_t vus);
  // The first slot of the worker's that is not before `from`; nothing when the plan has no more VUs of its own.
  std::optional<Nanos> NextSlot(Nanos from) const;

 private:
  struct Part {  // a scenario
    int64_t first_vu = 0;
    std::vector<Step> steps;  // run time
  };
  struct Own {
    int64_t vus = 0;       // of the cluster, at the time in question
    int64_t distance = 0;  // from a number to the next one that is the worker's
    bool any = false;
  };

  Own OwnAt(Nanos at, int64_t slot) const;
  Nanos NextChange(Nanos after) const;

  int64_t rps_;
  VuClass own_;
  std::vector<Part> parts_;
};

// Slots of somebody who has all of them: the first multiple of 1 / rps not before `from`.
Nanos NextSlotOfAll(int64_t rps, Nanos from);

}  // namespace kload
