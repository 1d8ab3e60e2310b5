// A slice for a part of a run's time: what is dealt out anew when agents come and go.
//
// Data path: Deal (controller) -> Part -> wire -> SliceRun (agent).
// Thread:    plain values, pure functions.
// Rule:      a slice i of N is the union of the slices i, i + N, ... i + (M - 1) N of M N, which share nothing. So any
//            part of the plan can be dealt out to others without moving a VU, an arrival or an iteration of anybody else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/plan/slice.h"

namespace kload {

// What is left of a fixed number of iterations.
struct PartBudget {
  std::string scenario;
  int64_t iterations = 0;  // of the slice's VUs together
  friend bool operator==(const PartBudget&, const PartBudget&) = default;
};

struct Part {
  Slice slice;
  Nanos from{0};                    // run time: nothing of it is due before
  std::vector<PartBudget> budgets;  // scenarios that are not named have all of theirs
};

// Share `share` of `shares` of the slice. The new count must not be above kSliceCountMax.
Slice ShareOfSlice(Slice slice, uint32_t share, uint32_t shares);
// The most parts that a plan is cut into.
inline constexpr uint32_t kSliceCountMax = 1U << 30;

// Whether all of `inner` lies within `outer`.
bool Contains(Slice outer, Slice inner);

}  // namespace kload
