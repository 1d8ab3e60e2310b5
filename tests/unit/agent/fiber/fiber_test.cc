#include "agent/fiber/fiber.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace kload::agent {
namespace {

TEST(FiberTest, RunsFromResumeToSuspend) {
  std::string trace;
  Fiber fiber([&](Fiber& self) {
    trace += 'a';
    self.Suspend();
    trace += 'b';
    self.Suspend();
    trace += 'c';
  });
  EXPECT_EQ(trace, "");
  for (const char* expected : {"a", "ab", "abc"}) {
    EXPECT_FALSE(fiber.done());
    fiber.Resume();
    EXPECT_EQ(trace, expected);
    EXPECT_FALSE(fiber.running());
  }
  EXPECT_TRUE(fiber.done());
}

TEST(FiberTest, KnowsWhenItRuns) {
  Fiber fiber([](Fiber& self) { EXPECT_TRUE(self.running()); });
  EXPECT_FALSE(fiber.running());
  fiber.Resume();
  EXPECT_FALSE(fiber.running());
}

TEST(FiberTest, OneThatNeverBeganMayBeDestroyed) {
  const auto held = std::make_shared<int>(1);
  {
    Fiber fiber([held](Fiber&) {});
  }
  EXPECT_EQ(held.use_count(), 1) << "the body was not freed";
}

TEST(FiberTest, AFiberMayResumeAnother) {
  std::string trace;
  Fiber inner([&](Fiber& self) {
    trace += '1';
    self.Suspend();
    trace += '2';
  });
  Fiber outer([&](Fiber& self) {
    inner.Resume();
    trace += 'x';
    self.Suspend();
    inner.Resume();
    trace += 'y';
  });
  outer.Resume();
  outer.Resume();
  EXPECT_EQ(trace, "1x2y");
  EXPECT_TRUE(inner.done());
}

// What is on a fiber's stack survives whatever the other fibers do.
TEST(FiberTest, ThousandsInterleaveInAnyOrder) {
  constexpr int kFibers = 2000;
  constexpr int kTurns = 5;
  std::vector<int> sums(kFibers, 0);
  std::vector<std::unique_ptr<Fiber>> fibers;
  for (int i = 0; i < kFibers; ++i) {
    fibers.push_back(std::make_unique<Fiber>([&sums, i](Fiber& self) {
      int local = i;
      for (int turn = 0; turn < kTurns; ++turn) {
        self.Suspend();
        ++local;
      }
      sums[static_cast<size_t>(i)] = local;
    }));
  }
  std::mt19937 random(7);
  std::vector<Fiber*> left;
  for (const auto& fiber : fibers) left.push_back(fiber.get());
  while (!left.empty()) {
    const size_t at = random() % left.size();
    left[at]->Resume();
    if (left[at]->done()) {
      left[at] = left.back();
      left.pop_back();
    }
  }
  for (int i = 0; i < kFibers; ++i) EXPECT_EQ(sums[static_cast<size_t>(i)], i + kTurns);
}

TEST(FiberDeathTest, MisuseEndsTheProcess) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        Fiber fiber([](Fiber& self) { self.Suspend(); });
        fiber.Resume();
      },
      "destroyed before its body ended");
  EXPECT_DEATH(
      {
        Fiber fiber([](Fiber&) {});
        fiber.Resume();
        fiber.Resume();
      },
      "resumed that runs or has ended");
  EXPECT_DEATH(
      {
        Fiber fiber([](Fiber&) {});
        fiber.Suspend();
      },
      "suspended from outside");
}

}  // namespace
}  // namespace kload::agent
