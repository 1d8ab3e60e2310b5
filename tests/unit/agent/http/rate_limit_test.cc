#include "agent/http/rate_limit.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <optional>
#include <vector>

namespace kload::agent {
namespace {

using std::chrono::milliseconds;

// A slot every tenth of a second from one second on, ten of them.
std::optional<Nanos> Tenths(Nanos from) {
  for (int k = 0; k < 10; ++k) {
    const Nanos slot = milliseconds(1000 + 100 * k);
    if (slot >= from) return slot;
  }
  return std::nullopt;
}

TEST(RateLimitTest, HandsSlotsOutInTheOrderOfAsking) {
  RateLimit limit(Tenths);
  EXPECT_EQ(limit.Reserve(milliseconds(1000)), milliseconds(1000));
  EXPECT_EQ(limit.Reserve(milliseconds(1000)), milliseconds(1100));
  EXPECT_EQ(limit.Reserve(milliseconds(1050)), milliseconds(1200));
  EXPECT_EQ(limit.Reserve(milliseconds(1250)), milliseconds(1300));
}

TEST(RateLimitTest, SavesOneSlotAndNoMore) {
  RateLimit limit(Tenths);
  EXPECT_EQ(limit.Reserve(milliseconds(1350)), milliseconds(1350));
  EXPECT_EQ(limit.Reserve(milliseconds(1350)), milliseconds(1400));
  EXPECT_EQ(limit.Reserve(milliseconds(1350)), milliseconds(1500));
}

TEST(RateLimitTest, KeepsASlotWhoseRequestIsLate) {
  RateLimit limit(Tenths);
  limit.Reserve(milliseconds(1000));
  EXPECT_EQ(limit.Reserve(milliseconds(1000)), milliseconds(1100));
  EXPECT_EQ(limit.Reserve(milliseconds(1000)), milliseconds(1200));
  // The two get to run at 1.25 s: the next slot is still the one after theirs.
  EXPECT_EQ(limit.Reserve(milliseconds(1250)), milliseconds(1300));
}

TEST(RateLimitTest, SaysWhenThereIsNoSlotAnyMore) {
  RateLimit limit(Tenths);
  EXPECT_EQ(limit.Reserve(milliseconds(1900)), milliseconds(1900));
  EXPECT_EQ(limit.Reserve(milliseconds(1900)), RateLimit::kNever);
  EXPECT_EQ(limit.Reserve(milliseconds(5000)), RateLimit::kNever);
}

class SlotWaitTest : public testing::Test {
 protected:
  boost::asio::io_context io_;
  SystemClock clock_;
  DeadlineQueue deadlines_{io_, clock_};
};

TEST_F(SlotWaitTest, EndsWhenTheTimeHasCome) {
  SlotWait wait(deadlines_);
  const Nanos due = clock_.Now() + milliseconds(20);
  Fiber fiber([&](Fiber& self) { wait.Until(self, due); });
  fiber.Resume();
  EXPECT_FALSE(fiber.done());
  io_.run();
  EXPECT_TRUE(fiber.done());
  EXPECT_GE(clock_.Now(), due);
}

TEST_F(SlotWaitTest, EndsWhenItIsCancelled) {
  SlotWait wait(deadlines_);
  for (const Nanos due : {RateLimit::kNever, clock_.Now() + std::chrono::hours(1)}) {
    Fiber fiber([&](Fiber& self) { wait.Until(self, due); });
    fiber.Resume();
    wait.Cancel();
    EXPECT_FALSE(fiber.done());
    io_.restart();
    while (!fiber.done()) io_.run_one();
  }
  wait.Cancel();
}

}  // namespace
}  // namespace kload::agent
