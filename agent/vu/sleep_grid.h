// When a sleep ends: on a grid as fine as a thousandth of it, so that VUs that think end their sleeps together.
//
// What a request of a thinking VU costs is mostly waking up: a bare C loop that does nothing but send and receive, for 1,000
// connections that each pause a second, takes 41 us of processor per request when it wakes for each, and 19 us with half as many
// wake-ups. Linux gives a poll() of a second the same thousandth of slack (select_estimate_accuracy() in fs/select.c), and k6's
// sleeps end with Go's poller, which waits in whole milliseconds.
//
// Thread: a pure function.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "common/base/clock.h"

namespace kload::agent {

// Of a sleep; a longer one ends no later. A power of 2, like all grids, so that sleeps of different lengths end together.
inline constexpr Nanos kSleepGridMax{int64_t{1} << 20};
inline constexpr int64_t kSleepPerGrid = 1000;

// Steady time at which a sleep of `duration`, begun at `now`, ends: not before its time, and later by less than a thousandth of
// it and than kSleepGridMax.
inline Nanos EndOfSleep(Nanos now, Nanos duration) {
  const Nanos due = now + duration;
  const int64_t slack = std::min(duration.count() / kSleepPerGrid, kSleepGridMax.count());
  if (slack <= 0) return due;
  const auto grid = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(slack)));
  return Nanos((due.count() + grid - 1) & ~(grid - 1));
}

}  // namespace kload::agent
