#include "common/analysis/capacity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "common/analysis/recovery.h"

namespace kload::analysis {
namespace {

using ::testing::HasSubstr;

Window At(int seconds, double vus, double rate, double p95, double failed = 0) {
  return {.at = std::chrono::seconds(seconds),
          .length = std::chrono::seconds(10),
          .vus = vus,
          .requests = rate * 10,
          .requests_per_second = rate,
          .failed_ratio = failed,
          .p50 = p95 / 2,
          .p95 = p95,
          .p99 = p95 * 2};
}

// A ramp to 500 VUs at a target that serves 300 requests/s at most; then down again. 1 request per VU and second.
std::vector<Window> Ramp(uint64_t seed, double noise) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<Window> windows;
  for (int i = 1; i <= 50; ++i) {
    const double vus = 10.0 * i;
    const double rate = std::min(vus, 300.0) * (1 + noise * normal(random));
    windows.push_back(At(i * 10, vus, rate, vus <= 300 ? 100 : 100 + (vus - 300) * 5));
  }
  for (int i = 51; i <= 55; ++i) windows.push_back(At(i * 10, 20, 20, 90));
  return windows;
}

TEST(Capacity, TheBreakingPointIsWhereLimitsAreLeftForGood) {
  const auto point = FindBreakingPoint(
      Ramp(1, 0.01), {.p95_ms = 500, .p99_ms = {}, .failed_ratio = {}, .source = ""});
  ASSERT_TRUE(point);
  // 100 + (N - 300) 5 > 500 from 380 on; the load comes in steps of 10.
  EXPECT_NEAR(point->vus, 390, 1);
  EXPECT_THAT(point->broke, HasSubstr("p95"));
}

TEST(Capacity, ALimitThatIsLeftAtTimesIsNoBreakingPoint) {
  std::vector<Window> windows = Ramp(1, 0);
  for (size_t i = 0; i < windows.size(); ++i) windows[i].p95 = i % 3 == 0 ? 900 : 100;
  EXPECT_FALSE(
      FindBreakingPoint(windows, {.p95_ms = 500, .p99_ms = {}, .failed_ratio = {}, .source = ""}));
  for (Window& window : windows) window.p95 = 900;
  // Never within the limits: no load is to blame.
  EXPECT_FALSE(
      FindBreakingPoint(windows, {.p95_ms = 500, .p99_ms = {}, .failed_ratio = {}, .source = ""}));
}

TEST(Capacity, ErrorsBreakToo) {
  std::vector<Window> windows = Ramp(1, 0);
  for (size_t i = 40; i < 50; ++i) windows[i].failed_ratio = 0.2;
  const auto point =
      FindBreakingPoint(windows, {.p95_ms = {}, .p99_ms = {}, .failed_ratio = 0.05, .source = ""});
  ASSERT_TRUE(point);
  EXPECT_EQ(point->vus, 410);
  EXPECT_THAT(point->broke, HasSubstr("20 % of the requests failed"));
}

TEST(Capacity, TheKneeIsFoundInNoise) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const auto knee = FindKnee(Ramp(seed, 0.03));
    ASSERT_TRUE(knee) << seed;
    EXPECT_NEAR(knee->vus, 300, 30);
    EXPECT_NEAR(knee->requests_per_second, 300, 20);
    EXPECT_NEAR(knee->slope_before, 1, 0.05);
    EXPECT_GT(knee->r_squared, 0.95);
  }
}

TEST(Capacity, AStraightLineHasNoKnee) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  int found = 0;
  for (int trial = 0; trial < 100; ++trial) {
    std::vector<Window> windows;
    for (int i = 1; i <= 50; ++i) {
      windows.push_back(At(i * 10, 10.0 * i, 10.0 * i * (1 + 0.03 * normal(random)), 100));
    }
    found += FindKnee(windows).has_value();
  }
  EXPECT_LE(found, 2);
}

std::vector<Window> Spike(int slow_for) {
  std::vector<Window> windows;
  for (int i = 1; i <= 10; ++i) windows.push_back(At(i * 10, 10, 10, 50));
  for (int i = 11; i <= 20; ++i) windows.push_back(At(i * 10, 300, 200, 900));
  for (int i = 21; i <= 40; ++i) {
    windows.push_back(At(i * 10, 10, 10, i <= 20 + slow_for ? 400 : 55));
  }
  return windows;
}

TEST(Capacity, RecoveryIsTheTimeAfterTheLoadIsBack) {
  const auto recovery = FindRecovery(Spike(4));
  ASSERT_TRUE(recovery);
  EXPECT_EQ(recovery->base_vus, 10);
  EXPECT_EQ(recovery->peak_vus, 300);
  EXPECT_EQ(recovery->base_p95, 50);
  EXPECT_EQ(recovery->peak_p95, 900);
  ASSERT_TRUE(recovery->took);
  EXPECT_EQ(*recovery->took, std::chrono::seconds(40));
  EXPECT_EQ(*FindRecovery(Spike(0))->took, std::chrono::seconds(0));
}

TEST(Capacity, WhatDoesNotComeBackDidNotRecover) {
  const auto recovery = FindRecovery(Spike(20));
  ASSERT_TRUE(recovery);
  EXPECT_FALSE(recovery->took);
}

// Stages of the guide's scripts: up, hold, down to nothing.
TEST(Capacity, ARampThatGoesUpAndDownIsNoSpike) {
  std::vector<Window> windows;
  for (int i = 1; i <= 20; ++i) windows.push_back(At(i * 10, 2.5 * i, 2 * i, 50 + i));
  for (int i = 21; i <= 50; ++i) windows.push_back(At(i * 10, 50, 40, 70));
  for (int i = 51; i <= 60; ++i)
    windows.push_back(At(i * 10, 50 - 5 * (i - 50), 40 - 4 * (i - 50), 300));
  EXPECT_FALSE(FindRecovery(windows));
}

// The guide's spike begins with a ramp from nothing.
TEST(Capacity, ASpikeAfterARampRecovers) {
  std::vector<Window> windows;
  for (int i = 1; i <= 6; ++i) windows.push_back(At(i * 10, 1.6 * i, 1.6 * i, 50));
  for (int i = 7; i <= 24; ++i) windows.push_back(At(i * 10, 300, 200, 800));
  for (int i = 25; i <= 27; ++i) windows.push_back(At(i * 10, 100, 90, 400));
  for (int i = 28; i <= 40; ++i) windows.push_back(At(i * 10, 10, 10, i < 30 ? 300 : 52));
  windows.back().p95 = 500;  // one slow second at the end is not the target's state
  const auto recovery = FindRecovery(windows);
  ASSERT_TRUE(recovery);
  ASSERT_TRUE(recovery->took);
  EXPECT_LE(*recovery->took, std::chrono::seconds(30));
  EXPECT_GE(*recovery->took, std::chrono::seconds(10));
}

// VUs follow from the rate there, not the other way round.
TEST(Capacity, AnArrivalRateHasNoKnee) {
  std::mt19937_64 random(11);
  std::uniform_int_distribution<int> vus(4, 12);
  Result result;
  for (int i = 1; i <= 120; ++i) {
    result.points.push_back(
        {.at = std::chrono::seconds(i), .length = std::chrono::seconds(1), .vus = vus(random)});
    result.points.back().requests = 100;
  }
  Scenario scenario;
  scenario.executor = ExecutorKind::kConstantArrivalRate;
  result.plan.scenarios = {scenario};
  EXPECT_FALSE(FindKnee(result));
}

TEST(Capacity, NoRequestsHaveNoKnee) {
  std::vector<Window> windows;
  for (int i = 1; i <= 40; ++i) windows.push_back(At(i * 10, i * 5, 0, 0));
  EXPECT_FALSE(FindKnee(windows));
}

TEST(Capacity, ASteadyLoadHasNoSpike) {
  std::vector<Window> windows;
  for (int i = 1; i <= 40; ++i) windows.push_back(At(i * 10, 50, 50, 80));
  EXPECT_FALSE(FindRecovery(windows));
}

TEST(Capacity, LimitsAreTheRunsOwnThresholds) {
  Result result;
  result.summary.emplace();
  const auto metric = [](const std::string& name, const std::vector<std::string>& expressions) {
    MetricSummary summary;
    summary.name = name;
    for (const std::string& expression : expressions) {
      ThresholdResult threshold;
      threshold.expression = expression;
      summary.thresholds.push_back(threshold);
    }
    return summary;
  };
  result.summary->metrics = {metric("http_req_duration", {"p(95)<500", "p(95) <= 200", "avg<3"}),
                             metric("http_req_failed", {"rate<0.05"})};
  const Limits limits = LimitsOf(result);
  EXPECT_EQ(limits.p95_ms, 200);
  EXPECT_EQ(limits.failed_ratio, 0.05);
  EXPECT_FALSE(limits.p99_ms);
}

}  // namespace
}  // namespace kload::analysis
