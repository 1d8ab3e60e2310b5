// Any sequence of losses, cessions and newcomers, for every executor without a fixed number of iterations.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "tests/unit/agent/worker/parts_fixture.h"

namespace kload::agent {
namespace {

class PartsPropertyTest : public PartsTest, public testing::WithParamInterface<ExecutorKind> {
 protected:
  // A slice that was nobody's in (since, until).
  struct Gap {
    Slice slice;
    Nanos since{0};
    Nanos until{0};
  };

  static constexpr int64_t kVus = 14;

  static Scenario ScenarioOf(ExecutorKind kind) {
    Scenario scenario = Arriving(30, 12s, kVus);
    scenario.executor = kind;
    scenario.vus = kind == ExecutorKind::kExternallyControlled ? 9 : kVus;
    if (kind == ExecutorKind::kRampingVus) {
      scenario.stages = {{5s, kVus}, {3s, 4}, {4s, kVus}};
    } else if (kind == ExecutorKind::kRampingArrivalRate) {
      scenario.stages = {{6s, 60}, {6s, 10}};
    }
    return scenario;
  }

  uint32_t Any(size_t below) { return static_cast<uint32_t>(random_() % below); }
  std::vector<size_t> Living() const {
    std::vector<size_t> living;
    for (size_t i = 0; i < agents_.size(); ++i) {
      if (agents_[i].alive) living.push_back(i);
    }
    return living;
  }

  // One change at run time `at`; when all of the plan is somebody's again.
  Nanos ChangeSomething(Nanos at) {
    const std::vector<size_t> living = Living();
    const size_t which = living[Any(living.size())];
    if (living.size() > 1 && Any(2) == 0) {
      const Nanos from = at + 900ms;
      for (const Slice slice : agents_[which].slices) gaps_.push_back({slice, at, from});
      LoseAgent(which, from);
      return from;
    }
    size_t taker = living[Any(living.size())];
    if (living.size() == 1 || Any(2) == 0) {
      taker = agents_.size();
      Agent& newcomer = AddAgent({kSliceCountMax - 1, kSliceCountMax});
      newcomer.slices.clear();
      Start(newcomer);
      for (auto& worker : newcomer.workers) worker->run().Scale("default", vus_);
    }
    std::vector<Slice>& slices = agents_[which].slices;
    if (taker == which || slices.empty()) return at;
    const size_t chosen = Any(slices.size());
    const Slice whole = slices[chosen];
    slices.erase(slices.begin() + static_cast<int64_t>(chosen));
    const uint32_t shares = 1 + Any(3);
    for (uint32_t share = 1; share < shares; ++share) {
      slices.push_back(ShareOfSlice(whole, share, shares));
    }
    const Nanos from = at + Nanos(std::chrono::milliseconds(300 + Any(600)));
    Cede(agents_[which], ShareOfSlice(whole, 0, shares), from);
    Adopt(agents_[taker], {ShareOfSlice(whole, 0, shares), from, {}});
    return from;
  }

  int64_t Wanted(Nanos at) const {
    const Scenario& scenario = plan_.scenarios[0];
    return IsControlled(scenario) ? vus_ : VusAt(PlannedSteps(scenario), at);
  }

  void ExpectArrivalsOnce(const std::vector<int64_t>& numbers) const {
    std::vector<int64_t> wanted;
    const ArrivalTimes times(plan_.scenarios[0]);
    for (int64_t k = 0; k < times.count(); ++k) {
      const Nanos due = *times.At(k);
      const bool gone = std::any_of(gaps_.begin(), gaps_.end(), [&](const Gap& gap) {
        return Owns(gap.slice, k % kVus) && due > gap.since && due < gap.until;
      });
      if (!gone) wanted.push_back(k);
    }
    EXPECT_EQ(numbers, wanted);
  }

  std::mt19937 random_;
  std::vector<Gap> gaps_;
  int64_t vus_ = 9;  // of a controlled scenario
};

TEST_P(PartsPropertyTest, TheSumIsThePlanWhateverComesAndGoes) {
  const bool arrives = IsArrivalRate(ScenarioOf(GetParam()));
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    random_.seed(seed);
    agents_.clear();
    gaps_.clear();
    vus_ = 9;
    Plan(ScenarioOf(GetParam()),
         arrives ? kTellsNumber
                 : "import exec from 'k6/execution'; import { sleep } from 'k6'; export default "
                   "function () { console.log(exec.scenario.iterationInTest); sleep(0.2); }");
    Begin(2 + Any(3));
    Nanos settled{0};
    for (Nanos second = 1s; second < 12s; second += 1s) {
      RunTo(second + 1ms);
      if (!arrives && second > settled) {
        EXPECT_EQ(VusScheduled(), Wanted(second)) << second.count();
      }
      if (second < settled || second > 10s) continue;
      const Nanos at = second + Nanos(std::chrono::milliseconds(2 + Any(90)));
      RunTo(at);
      settled = ChangeSomething(at);
      if (second != 5s) continue;
      vus_ = 3 + Any(kVus - 3);
      for (Agent& agent : agents_) {
        for (auto& worker : agent.workers) worker->run().Scale("default", vus_);
      }
    }
    RunTo(14s);
    EXPECT_TRUE(AllEnded());
    const std::vector<int64_t> numbers = Numbers();
    EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end()), numbers.end());
    if (arrives) ExpectArrivalsOnce(numbers);
    TearDown();
  }
  agents_.clear();
}

INSTANTIATE_TEST_SUITE_P(Executors, PartsPropertyTest,
                         testing::Values(ExecutorKind::kConstantVus, ExecutorKind::kRampingVus,
                                         ExecutorKind::kConstantArrivalRate,
                                         ExecutorKind::kRampingArrivalRate,
                                         ExecutorKind::kExternallyControlled));

}  // namespace
}  // namespace kload::agent
