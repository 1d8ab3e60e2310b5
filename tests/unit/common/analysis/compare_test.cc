#include "common/analysis/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/common/analysis/made_result.h"

namespace kload::analysis {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Comparison& RowOf(const RunComparison& comparison, const std::string& measure) {
  for (const Comparison& row : comparison.rows) {
    if (row.measure == measure) return row;
  }
  ADD_FAILURE() << "no row " << measure;
  static const Comparison kNone;
  return kNone;
}

// How many of `trials` pairs of runs, alike but for the seed and what `change` does to the second, are judged so.
template <typename Edit>
int Count(Made base, int trials, Change verdict, Edit change) {
  int count = 0;
  for (int i = 0; i < trials; ++i) {
    base.seed = static_cast<uint64_t>(2 * i + 1);
    Made other = base;
    other.seed = static_cast<uint64_t>(2 * i + 2);
    change(other);
    count += Compare(MakeResult(base), MakeResult(other), {}).verdict == verdict;
  }
  ::testing::Test::RecordProperty(std::string(ChangeName(verdict)), count);
  return count;
}

const auto kNothing = [](Made&) {};

// min_change is what keeps small noise quiet; here the statistics alone must.
int FalseAlarms(Made base, int trials) {
  CompareOptions options;
  options.min_change = 0;
  options.min_change_ms = 0;
  options.min_failed = 0;
  int alarms = 0;
  for (int i = 0; i < trials; ++i) {
    base.seed = static_cast<uint64_t>(2 * i + 1);
    Made other = base;
    other.seed = static_cast<uint64_t>(2 * i + 2);
    const RunComparison result = Compare(MakeResult(base), MakeResult(other), options);
    alarms += result.verdict != Change::kSame;
  }
  ::testing::Test::RecordProperty("false_alarms", alarms);
  return alarms;
}

TEST(Compare, FalseAlarmsOfIndependentRequestsAreRare) {
  // 95 % confidence allows 10 of 200.
  EXPECT_LE(FalseAlarms({.seconds = 60, .requests_per_second = 60}, 200), 10);
}

// A target whose seconds are good or bad for all its requests, and for a while: 25 % up and down.
TEST(Compare, FalseAlarmsOfCorrelatedRequestsAreRare) {
  EXPECT_LE(
      FalseAlarms({.seconds = 120, .requests_per_second = 60, .moment = 0.25, .persistence = 0.5},
                  200),
      14);
}

// Bad phases of many seconds reach from one block to the next: more than the blocks can see, and the reason for min_change.
TEST(Compare, LongBadPhasesRaiseMoreFalseAlarms) {
  const Made made{.seconds = 240, .requests_per_second = 30, .moment = 0.15, .persistence = 0.95};
  EXPECT_LE(FalseAlarms(made, 100), 20);
  EXPECT_GE(Count(made, 100, Change::kSame, kNothing), 80);
}

TEST(Compare, FindsWhatGotSlower) {
  const Made base{.seconds = 60, .requests_per_second = 100};
  EXPECT_GE(Count(base, 40, Change::kWorse, [](Made& made) { made.median_ms *= 1.15; }), 38);
  EXPECT_GE(Count(base, 40, Change::kBetter, [](Made& made) { made.median_ms *= 0.85; }), 38);
  EXPECT_GE(Count(base, 40, Change::kSame, kNothing), 38);
}

TEST(Compare, ASmallChangeIsTheSameHoweverCertain) {
  const Made base{.seconds = 120, .requests_per_second = 400};
  // By chance p99 may move by more.
  EXPECT_GE(Count(base, 10, Change::kSame, [](Made& made) { made.median_ms *= 1.02; }), 8);
}

TEST(Compare, FindsMoreErrorsAndFewerRequests) {
  const Made base{.seconds = 60, .requests_per_second = 100};
  EXPECT_GE(Count(base, 20, Change::kWorse, [](Made& made) { made.failed = 0.02; }), 20);
  EXPECT_GE(Count(base, 20, Change::kWorse, [](Made& made) { made.requests_per_second = 85; }), 20);
}

TEST(Compare, TheIntervalHoldsTheTrueChange) {
  int held = 0;
  constexpr int kTrials = 100;
  for (int i = 0; i < kTrials; ++i) {
    const Made before{.seed = static_cast<uint64_t>(2 * i + 1), .seconds = 60};
    Made after = before;
    after.seed += 1;
    after.median_ms = 50;
    const RunComparison result = Compare(MakeResult(before), MakeResult(after), {});
    const Comparison& p50 = RowOf(result, "p50");
    held += p50.difference.low <= 10 && 10 <= p50.difference.high;
  }
  EXPECT_GE(held, 97);
}

TEST(Compare, FewRequestsSaySo) {
  const Made made{.seconds = 10, .requests_per_second = 3};
  const RunComparison result = Compare(MakeResult(made), MakeResult(made), {});
  EXPECT_EQ(RowOf(result, "p99").change, Change::kTooFewSamples);
  const Made tiny{.seconds = 10, .requests_per_second = 0.5};
  EXPECT_EQ(Compare(MakeResult(tiny), MakeResult(tiny), {}).verdict, Change::kTooFewSamples);
}

TEST(Compare, FailuresAreToldWithoutEndpointsToo) {
  Result before = MakeResult({.seconds = 60, .requests_per_second = 100});
  Result after = MakeResult({.seed = 2, .seconds = 60, .requests_per_second = 100, .failed = 0.9});
  before.endpoints.clear();
  after.endpoints.clear();
  const RunComparison result = Compare(before, after, {});
  EXPECT_EQ(RowOf(result, "failed").change, Change::kWorse);
}

TEST(Compare, AServiceAtAnotherAddressIsTheSame) {
  const Result before = MakeResult({.seconds = 20});
  Result after = before;
  Endpoint other = before.endpoints[0];
  other.name = "http://target/api/others";
  after.endpoints.push_back(other);
  Result both = before;
  both.endpoints.push_back(other);
  for (Endpoint& endpoint : after.endpoints) endpoint.name.replace(7, 6, "staging:8080");
  const RunComparison result = Compare(both, after, {});
  EXPECT_TRUE(std::any_of(result.rows.begin(), result.rows.end(),
                          [](const Comparison& row) { return row.subject == "GET /api/others"; }));
  EXPECT_THAT(result.remarks, ::testing::Not(Contains(HasSubstr("only"))));
}

TEST(Compare, OtherPlansAreNotComparable) {
  const Result before = MakeResult({.seconds = 20});
  Result after = before;
  EXPECT_THAT(Compare(before, after, {}).incomparable, IsEmpty());
  after.plan.scenarios[0].vus = 100;
  EXPECT_THAT(Compare(before, after, {}).incomparable,
              Contains(HasSubstr("another load in scenario \"default\": 50 looping VUs")));
  after = before;
  after.plan.scenarios[0].name = "other";
  EXPECT_EQ(Compare(before, after, {}).incomparable.size(), 2U);
  after = before;
  after.plan.options.time_scale = 0.5;
  EXPECT_THAT(Compare(before, after, {}).incomparable, Contains(HasSubstr("another time scale")));
}

TEST(Compare, UntrustworthyRunsAreNotComparable) {
  const Result before = MakeResult({.seconds = 20});
  Result after = before;
  after.run_id = "starved";
  after.summary->soundness = {SoundnessLabel::kInvalid,
                              {{SoundnessLabel::kInvalid, "agent a1 had no CPU", "a1", {}, {}}}};
  EXPECT_THAT(Compare(before, after, {}).incomparable,
              Contains(HasSubstr("starved is invalid: agent a1 had no CPU")));
  // Stopped, aborted by a threshold or by the script: the light part of a ramp is not the whole.
  after = before;
  after.run_id = "stopped";
  after.points.resize(8);
  EXPECT_THAT(Compare(before, after, {}).incomparable,
              Contains("stopped ended before its plan did, after 8s of 20s"));
  after = before;
  after.run_id = "now";
  after.state = "running";
  EXPECT_THAT(Compare(before, after, {}).incomparable, Contains(HasSubstr("has not finished")));
}

TEST(Compare, RemarksOnAgentsAndEndpoints) {
  const Result before = MakeResult({.seconds = 20});
  Result after = before;
  after.agents = 3;
  after.endpoints[0].name = "http://target/api/others";
  const RunComparison result = Compare(before, after, {});
  EXPECT_THAT(result.remarks, Contains("2 agents against 3"));
  EXPECT_THAT(result.remarks, Contains(HasSubstr("has GET /api/others")));
}

}  // namespace
}  // namespace kload::analysis
