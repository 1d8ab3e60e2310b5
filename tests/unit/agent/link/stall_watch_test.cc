#include "agent/link/stall_watch.h"

#include <gtest/gtest.h>

namespace kload::agent {
namespace {

using namespace std::chrono_literals;

TEST(StallWatchTest, SaysHowLateACallIs) {
  StallWatch watch;
  EXPECT_EQ(watch.Tick(100s, 1s), 0ns);  // the first one is never late
  EXPECT_EQ(watch.Tick(101s, 1s), 0ns);
  EXPECT_EQ(watch.Tick(101500ms, 1s), 0ns);  // early
  EXPECT_EQ(watch.Tick(110s, 1s), 7500ms);
  EXPECT_EQ(watch.Tick(111s, 1s), 0ns);
}

TEST(StallWatchTest, KeepsTheWorstUntilItIsTaken) {
  StallWatch watch;
  watch.Tick(0s, 1s);
  watch.Tick(3s, 1s);
  watch.Tick(5s, 1s);
  EXPECT_EQ(watch.TakeWorst(), 2s);
  EXPECT_EQ(watch.TakeWorst(), 0s);
}

}  // namespace
}  // namespace kload::agent
