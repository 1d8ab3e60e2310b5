#include "controller/verdict/soundness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace kload::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A watch of a run of so many seconds; `health` makes that of each.
GeneratorWatch Watch(int length, const std::function<void(int, AgentHealth&)>& health) {
  GeneratorWatch watch;
  for (int second = 0; second < length; ++second) {
    Delta delta;
    delta.interval_start = seconds(second);
    delta.interval_end = seconds(second + 1);
    delta.health.cores = 2;
    delta.health.cpu_ratio = 0.5;
    health(second, delta.health);
    watch.Take(delta);
  }
  return watch;
}
std::vector<Finding> Found(int length, const std::function<void(int, AgentHealth&)>& health) {
  return Watch(length, health).Findings("a", 1000, 1000);
}

TEST(SoundnessTest, AHealthyAgentHasNoFindings) {
  EXPECT_THAT(Found(60, [](int, AgentHealth&) {}), IsEmpty());
  EXPECT_EQ(JudgeFindings({}).label, SoundnessLabel::kTrustworthy);
}

TEST(SoundnessTest, ABusyMachineNowAndThenIsNoFinding) {
  EXPECT_THAT(Found(60,
                    [](int second, AgentHealth& health) {
                      if (second % 10 < 4) health.cpu_ratio = 2;  // never five seconds
                      if (second == 7 || second == 30) health.loop_lag_max = milliseconds(300);
                      if (second == 9) health.stalled = milliseconds(900);
                    }),
              IsEmpty());
}

TEST(SoundnessTest, CpuForSecondsIsDegraded) {
  const auto found = Found(60, [](int second, AgentHealth& health) {
    if (second >= 10 && second < 16) health.cpu_ratio = 1.9;
  });
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].label, SoundnessLabel::kDegraded);
  EXPECT_EQ(found[0].from, seconds(10));
  EXPECT_EQ(found[0].to, seconds(16));
  EXPECT_THAT(found[0].reason, HasSubstr("95% of its CPU"));
}

TEST(SoundnessTest, LagIsDegradedAndWhenItIsTheRuleInvalid) {
  const auto lags = [](int of_ten) {
    return [of_ten](int second, AgentHealth& health) {
      if (second % 10 < of_ten) health.loop_lag_max = milliseconds(150);
    };
  };
  EXPECT_EQ(Found(60, lags(1)).at(0).label, SoundnessLabel::kDegraded);
  EXPECT_EQ(Found(60, lags(6)).at(0).label, SoundnessLabel::kInvalid);
  EXPECT_THAT(Found(2, lags(10)), IsEmpty());  // a run this short had no time to settle
}

// One timer, served as late as that, may be all that a run's agent has to say of it.
TEST(SoundnessTest, AStretchWithoutAnyTimerCountsAsLongAsItWas) {
  const auto late_once = [](int length, Nanos late) {
    return Found(length, [length, late](int second, AgentHealth& health) {
      if (second == length - 2) health.loop_lag_max = late;
    });
  };
  EXPECT_THAT(late_once(60, milliseconds(2900)), IsEmpty());
  EXPECT_EQ(late_once(60, seconds(10)).at(0).label, SoundnessLabel::kDegraded);
  EXPECT_EQ(late_once(600, seconds(5)).at(0).label, SoundnessLabel::kDegraded);
  const auto most = late_once(95, seconds(82));
  ASSERT_THAT(most, SizeIs(1));
  EXPECT_EQ(most[0].label, SoundnessLabel::kInvalid);
  EXPECT_THAT(most[0].reason, HasSubstr("in 82 of 95 seconds, up to 1m22s"));
  EXPECT_EQ(most[0].from, seconds(12));
  EXPECT_THAT(late_once(5, seconds(82)).at(0).reason, HasSubstr("in 4 of 5 seconds"));
  // Lateness that lasts is counted once, not by each delta anew: 15 of 100 seconds.
  const auto lasting = Found(100, [](int second, AgentHealth& health) {
    if (second >= 20 && second < 26) health.loop_lag_max = seconds(9);
  });
  EXPECT_EQ(lasting.at(0).label, SoundnessLabel::kDegraded);
  EXPECT_THAT(lasting[0].reason, HasSubstr("in 14 of 100 seconds"));
}

TEST(SoundnessTest, StallsAndThrottlingAreFindings) {
  const auto found = Found(20, [](int second, AgentHealth& health) {
    if (second == 5) health.stalled = milliseconds(2100);
    if (second == 9) health.cpu_throttled_ratio = 0.4;
  });
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_THAT(found[0].reason, HasSubstr("did not run at all for 2.1s"));
  EXPECT_THAT(found[1].reason, HasSubstr("40% of the time"));
}

TEST(SoundnessTest, WhatIsTheGeneratorsFaultIsWeighedAgainstTheWhole) {
  const auto late = [](uint64_t count) {
    return [count](int, AgentHealth& health) { health.iterations_late = count; };
  };
  EXPECT_THAT(Found(10, late(10)), IsEmpty());
  EXPECT_EQ(Found(10, late(11)).at(0).label, SoundnessLabel::kDegraded);
  EXPECT_EQ(Found(10, late(101)).at(0).label, SoundnessLabel::kInvalid);
  const auto errors = [](uint64_t count) {
    return [count](int, AgentHealth& health) { health.generator_errors = count; };
  };
  EXPECT_EQ(Found(10, errors(1)).at(0).label, SoundnessLabel::kDegraded);
  EXPECT_EQ(Found(10, errors(11)).at(0).label, SoundnessLabel::kInvalid);
}

TEST(SoundnessTest, TheWorstFindingIsTheLabelAndComesFirst) {
  const Soundness judged =
      JudgeFindings({{SoundnessLabel::kDegraded, "b", "", seconds(5), seconds(6)},
                     {SoundnessLabel::kDegraded, "a", "", seconds(1), seconds(2)},
                     {SoundnessLabel::kInvalid, "c", "", seconds(9), seconds(9)}});
  EXPECT_EQ(judged.label, SoundnessLabel::kInvalid);
  EXPECT_EQ(judged.findings[0].reason, "c");
  EXPECT_EQ(judged.findings[1].reason, "a");
}

}  // namespace
}  // namespace kload::controller
