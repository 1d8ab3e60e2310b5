// Parts of a plan change hands between agents.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/agent/worker/parts_fixture.h"

namespace kload::agent {
namespace {

TEST_F(PartsTest, LoopingVusOfALostAgentGoOnElsewhere) {
  Plan(ConstantVus(23, 20s), kSleeps);
  Begin(4);
  RunTo(3500ms);
  EXPECT_EQ(VusActive(), 23);
  LoseAgent(1, 4s);
  RunTo(4s + 1ms);
  RunTo(5s + 1ms);
  EXPECT_EQ(VusActive(), 23);
  EXPECT_EQ(VusScheduled(), 23);
  LoseAgent(3, 6s);  // with a part that it had from another
  RunTo(7s + 1ms);
  EXPECT_EQ(VusActive(), 23);
  EXPECT_FALSE(AllEnded());
  RunTo(21500ms);
  EXPECT_TRUE(AllEnded());
}

TEST_F(PartsTest, ARampIsFollowedByWhoTakesOver) {
  Scenario ramp;
  ramp.executor = ExecutorKind::kRampingVus;
  ramp.start_vus = 0;
  ramp.stages = {{10s, 30}, {10s, 0}};
  Plan(ramp, kSleeps);
  Begin(3);
  RunTo(4200ms);
  LoseAgent(0, 4500ms);
  const std::vector<Step> steps = PlannedSteps(plan_.scenarios[0]);
  for (Nanos at = 5s; at < 19s; at += 1s) {
    RunTo(at + 1ms);
    EXPECT_EQ(VusScheduled(), VusAt(steps, at)) << at.count();
  }
}

// Every arrival of the plan is somebody's, but those that were due between the loss and the new deal.
TEST_F(PartsTest, ArrivalsOfALostAgentAreTheOthersExactly) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    std::mt19937 random(seed);
    agents_.clear();
    plan_ = {};
    const int64_t rate = 5 + random() % 60;
    const uint32_t agents = 2 + random() % 4;
    Plan(Arriving(rate, 10s, 2 * agents + random() % 20), kTellsNumber);
    Begin(agents);
    const Nanos lost_at = Nanos(std::chrono::milliseconds(500 + random() % 6000));
    const Nanos from = lost_at + 1s;
    RunTo(lost_at);
    const uint32_t lost = random() % agents;
    LoseAgent(lost, from);
    RunTo(12s);
    std::vector<int64_t> wanted;
    const ArrivalTimes times(plan_.scenarios[0]);
    for (int64_t k = 0; k < times.count(); ++k) {
      const bool gone = k % plan_.scenarios[0].max_vus % agents == lost && *times.At(k) > lost_at &&
                        *times.At(k) < from;
      if (!gone) wanted.push_back(k);
    }
    EXPECT_EQ(Numbers(), wanted) << "seed " << seed;
    TearDown();
  }
  agents_.clear();
}

TEST_F(PartsTest, ACededShareChangesHandsWithoutAGapOrADouble) {
  Plan(Arriving(37, 10s, 12), kTellsNumber);
  Begin(2);
  RunTo(2s);
  Agent& newcomer = AddAgent({kSliceCountMax - 1, kSliceCountMax});
  Start(newcomer);
  RunTo(2500ms);
  for (uint32_t holder = 0; holder < 2; ++holder) {
    const Slice share = ShareOfSlice({holder, 2}, 2, 3);
    Cede(agents_[holder], share, 4s);
    Adopt(agents_[2], {share, 4s, {}});
  }
  RunTo(12s);
  std::vector<int64_t> wanted;
  for (int64_t k = 0; k < ArrivalTimes(plan_.scenarios[0]).count(); ++k) wanted.push_back(k);
  EXPECT_EQ(Numbers(), wanted);
  EXPECT_GT(Iterations(2), 50U);
  EXPECT_TRUE(AllEnded());
}

TEST_F(PartsTest, CededVusStopAtTheInstantAndBeginElsewhere) {
  Plan(ConstantVus(12, 10s), kSleeps);
  Begin(2);
  Agent& newcomer = AddAgent({kSliceCountMax - 1, kSliceCountMax});
  Start(newcomer);
  RunTo(2500ms);
  for (uint32_t holder = 0; holder < 2; ++holder) {
    const Slice share = ShareOfSlice({holder, 2}, 2, 3);
    Cede(agents_[holder], share, 3050ms);
    Adopt(agents_[2], {share, 3050ms, {}});
  }
  for (Nanos at = 3s; at < 10s; at += 1s) {
    RunTo(at + 1ms);
    EXPECT_EQ(VusActive(), 12) << at.count();
    EXPECT_EQ(VusScheduled(), 12) << at.count();
  }
  EXPECT_EQ(agents_[2].workers[0]->last().health.vus_active +
                agents_[2].workers[1]->last().health.vus_active,
            4);
}

TEST_F(PartsTest, WhatIsLeftOfIterationsIsRunByTheOthers) {
  for (const ExecutorKind kind :
       {ExecutorKind::kSharedIterations, ExecutorKind::kPerVuIterations}) {
    agents_.clear();
    plan_ = {};
    Scenario scenario;
    scenario.executor = kind;
    scenario.vus = 10;
    scenario.iterations = kind == ExecutorKind::kSharedIterations ? 333 : 33;
    const uint64_t all = kind == ExecutorKind::kSharedIterations ? 333 : 330;
    Plan(scenario, kSleeps);
    Begin(3);
    RunTo(1250ms);
    const uint64_t reported = Iterations(1);  // by the delta of the last full second
    EXPECT_GT(reported, 10U);
    int64_t budget = 0;
    for (int64_t vu = 1; vu < 10; vu += 3) budget += IterationBudget(scenario, vu);
    LoseAgent(1, 1500ms, {{"default", budget - static_cast<int64_t>(reported)}});
    RunTo(60s);
    EXPECT_TRUE(AllEnded());
    EXPECT_EQ(Iterations(0) + reported + Iterations(2), all);
    TearDown();
  }
  agents_.clear();
}

// An agent whose load has ended already takes a part, and ends again.
TEST_F(PartsTest, AnAgentThatHadEndedGoesOn) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kPerVuIterations;
  scenario.vus = 2;
  scenario.iterations = 5;
  Plan(scenario, kSleeps);
  Begin(2);
  RunTo(3s);
  EXPECT_TRUE(AllEnded());
  LoseAgent(1, 4s, {{"default", 2}});
  RunTo(4s + 1ms);
  EXPECT_FALSE(AllEnded());
  RunTo(6s);
  EXPECT_TRUE(AllEnded());
  EXPECT_EQ(Iterations(0), 7U);
}

TEST_F(PartsTest, AChangeOfRateKeepsNumbersAndSpacing) {
  Plan(Arriving(10, 10s, 6), kTellsNumber);
  Begin(3);
  RunTo(2s);
  for (Agent& agent : agents_) {
    for (auto& worker : agent.workers) worker->run().ChangeRate("default", 40, 5s);
  }
  RunTo(12s);
  std::vector<int64_t> wanted;
  for (int64_t k = 0; k < 50 + 200; ++k) wanted.push_back(k);
  EXPECT_EQ(Numbers(), wanted);
}

// Numbers of arrivals depend on every change of the rate so far, whoever heard of it when.
TEST_F(PartsTest, AChangeOfRateHoldsForWhatIsAdoptedLater) {
  for (const bool heard_first : {true, false}) {
    agents_.clear();
    plan_ = {};
    Plan(Arriving(10, 10s, 6), kTellsNumber);
    Begin(3);
    const auto change = [&] {
      for (Agent& agent : agents_) {
        for (auto& worker : agent.workers) {
          worker->run().ChangeRate("default", 40, 3s);
          worker->run().ChangeRate("default", 40, 3s);  // again, after a reconnect
        }
      }
    };
    RunTo(1s);
    if (heard_first) change();
    RunTo(2s);
    LoseAgent(1, heard_first ? 5s : 4s);
    if (!heard_first) change();
    RunTo(12s);
    ArrivalTimes times(plan_.scenarios[0]);
    times.ChangeRate(3s, 40, plan_.scenarios[0].time_unit);
    std::vector<int64_t> wanted;
    for (int64_t k = 0; k < times.count(); ++k) {
      const Nanos due = *times.At(k);
      if (k % 3 != 1 || due <= 2s || due >= (heard_first ? 5s : 4s)) wanted.push_back(k);
    }
    EXPECT_EQ(Numbers(), wanted) << heard_first;
    TearDown();
  }
  agents_.clear();
}

TEST_F(PartsTest, ANewcomerHasTheRateThatItHeardOfBeforeItsPart) {
  Plan(Arriving(10, 10s, 6), kTellsNumber);
  Begin(1);
  RunTo(1s);
  Start(AddAgent({kSliceCountMax - 1, kSliceCountMax}));
  for (Agent& agent : agents_) {
    for (auto& worker : agent.workers) worker->run().ChangeRate("default", 40, 3s);
  }
  RunTo(4s);
  Cede(agents_[0], {1, 2}, 5s);
  Adopt(agents_[1], {{1, 2}, 5s, {}});
  RunTo(12s);
  std::vector<int64_t> wanted;
  for (int64_t k = 0; k < 30 + 280; ++k) wanted.push_back(k);
  EXPECT_EQ(Numbers(), wanted);
}

// A VU goes through the hands of three agents, the last of which has had fewer parts than the one before.
TEST_F(PartsTest, NumbersOfIterationsAreGivenOnceByAllOwnersOfAVu) {
  Plan(ConstantVus(8, 12s),
       "import exec from 'k6/execution'; import { sleep } from 'k6'; export default function () { "
       "console.log(exec.scenario.iterationInTest); sleep(0.1); }");
  Begin(2);
  RunTo(2s);
  LoseAgent(0, 3s);
  RunTo(4s);
  Start(AddAgent({kSliceCountMax - 1, kSliceCountMax}));
  RunTo(4500ms);
  Cede(agents_[1], {0, 2}, 5s);
  Adopt(agents_[2], {{0, 2}, 5s, {}});
  RunTo(8s);
  LoseAgent(2, 9s);  // back to one that has had it before
  RunTo(14s);
  const std::vector<int64_t> numbers = Numbers();
  EXPECT_GT(numbers.size(), 600U);
  EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end()), numbers.end());
}

TEST_F(PartsTest, SmallPartsSpreadOverTheWorkers) {
  Plan(ConstantVus(8, 10s), kSleeps);
  Begin(2);
  RunTo(2s);
  agents_[1].alive = false;
  for (uint32_t share = 0; share < 4; ++share) {
    Adopt(agents_[0], {ShareOfSlice({1, 2}, share, 4), 3s, {}});
  }
  RunTo(5s + 1ms);
  for (const auto& worker : agents_[0].workers) EXPECT_EQ(worker->last().health.vus_active, 4);
}

// Who gave it the part waits for a last delta from after the part's begin.
TEST_F(PartsTest, AStoppedRunSaysThatItDoesNotRunAFurtherPart) {
  Plan(ConstantVus(4, 10s), kSleeps);
  Begin(2);
  RunTo(2s);
  for (auto& worker : agents_[0].workers) worker->run().Stop(false);
  RunTo(2500ms);
  const uint64_t iterations = Iterations(0);
  for (const auto& worker : agents_[0].workers) ASSERT_TRUE(worker->ended());
  Adopt(agents_[0], {{1, 2}, 4s, {}});
  RunTo(3s + 1ms);
  for (const auto& worker : agents_[0].workers) EXPECT_FALSE(worker->ended());
  RunTo(4s + 1ms);
  for (const auto& worker : agents_[0].workers) {
    EXPECT_TRUE(worker->ended());
    EXPECT_GE(worker->last().interval_end, Nanos(4s));
  }
  EXPECT_EQ(Iterations(0), iterations);
}

// What has happened before is not its lateness.
TEST_F(PartsTest, WhoJoinsARunningLoadIsNotLate) {
  Plan(ConstantVus(4, 10s), kSleeps);
  Begin(1);
  RunTo(2600ms);
  Start(AddAgent({kSliceCountMax - 1, kSliceCountMax}));
  for (const auto& worker : agents_[1].workers) {
    ASSERT_TRUE(worker->timers().next());
    EXPECT_GE(*worker->timers().next(), clock_.Now());
  }
  Cede(agents_[0], {1, 2}, 4s);
  Adopt(agents_[1], {{1, 2}, 4s, {}});
  for (Nanos at = 3s; at < 10s; at += 1s) {
    RunTo(at + 1ms);
    EXPECT_EQ(VusScheduled(), 4) << at.count();
  }
}

}  // namespace
}  // namespace kload::agent
