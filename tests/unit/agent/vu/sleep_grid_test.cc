#include "agent/vu/sleep_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace kload::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(EndOfSleep, IsNeverEarlyAndLateByLessThanItsGrid) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    const Nanos now(static_cast<int64_t>(random() % 1'000'000'000'000));
    const Nanos duration(static_cast<int64_t>(random() >> (random() % 48 + 16)));
    const Nanos end = EndOfSleep(now, duration);
    ASSERT_GE(end, now + duration);
    if (end == now + duration) continue;
    ASSERT_LT(end, now + duration + duration / kSleepPerGrid) << duration.count();
    ASSERT_LT(end, now + duration + kSleepGridMax) << duration.count();
  }
}

TEST(EndOfSleep, AShortOneEndsExactly) {
  for (const Nanos duration : {Nanos(0), Nanos(1), Nanos(499), Nanos(999)}) {
    EXPECT_EQ(EndOfSleep(Nanos(12345), duration), Nanos(12345) + duration);
  }
}

TEST(EndOfSleep, SleepsThatEndWithinAGridEndTogether) {
  // A second's grid is 2^20 ns.
  const Nanos grid(int64_t{1} << 20);
  const Nanos begun = grid * 1000 - seconds(1) + Nanos(1);  // due one nanosecond into a grid
  const Nanos end = EndOfSleep(begun, seconds(1));
  EXPECT_EQ(end, grid * 1001);
  EXPECT_EQ(EndOfSleep(begun + grid - Nanos(1), seconds(1)), end);
  EXPECT_EQ(EndOfSleep(begun + grid, seconds(1)), grid * 1002);
}

TEST(EndOfSleep, ACoarserGridIsPartOfAFinerOne) {
  for (const Nanos duration : {Nanos(milliseconds(3)), Nanos(milliseconds(700)), Nanos(seconds(3)),
                               Nanos(seconds(3600))}) {
    const Nanos end = EndOfSleep(Nanos(987'654'321), duration);
    const int64_t slack = std::min(duration / kSleepPerGrid, kSleepGridMax).count();
    const auto grid = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(slack)));
    EXPECT_EQ(end.count() % grid, 0) << duration.count();
  }
}

}  // namespace
}  // namespace kload::agent
