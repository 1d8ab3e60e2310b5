// When a sleep ends: on a grid as fine as a five-hundredth of it, so that VUs that think end their sleeps together.
//
// What a request of a thinking VU costs is mostly waking up: a bare loop that does nothing but send and receive, for 1,000
// connections that each pause a second, takes 46 us of processor per request when each wakes by itself (tests/bench/pause_bench.cc).
// 3,000 VUs spread over the second took 66 us with exact ends, 56 with grids of half a millisecond and 43 with these. k6's
// sleeps end with Go's poller, which waits in whole milliseconds; Linux gives a poll() a thousandth of slack
// (select_estimate_accuracy() in fs/select.c).
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
inline constexpr int64_t kSleepPerGrid = 500;

// Steady time at which a sleep of `duration`, begun at `now`, ends: not before its time, and later by less than
// duration / kSleepPerGrid and than kSleepGridMax.
inline Nanos EndOfSleep(Nanos now, Nanos duration) {
  const Nanos due = now + duration;
  const int64_t slack = std::min(duration.count() / kSleepPerGrid, kSleepGridMax.count());
  if (slack <= 0) return due;
  const auto grid = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(slack)));
  return Nanos((due.count() + grid - 1) & ~(grid - 1));
}

}  // namespace kload::agent
