#include "common/plan/rate_share.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace kload {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Scenario Constant(int64_t vus, Nanos duration, Nanos start = Nanos(0)) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kConstantVus;
  scenario.vus = vus;
  scenario.duration = duration;
  scenario.start_time = start;
  scenario.graceful_stop = Nanos(0);
  return scenario;
}

TestPlan Plan(int64_t rps, std::vector<Scenario> scenarios) {
  TestPlan plan;
  plan.options.network.rps = rps;
  int64_t next = 0;
  for (Scenario& scenario : scenarios) {
    scenario.first_vu = next;
    next += MaxVus(scenario);
  }
  plan.scenarios = std::move(scenarios);
  return plan;
}

// All slots of a worker before `end`.
std::vector<Nanos> SlotsOf(const RateShare& share, Nanos end) {
  std::vector<Nanos> slots;
  Nanos from{0};
  while (true) {
    const std::optional<Nanos> slot = share.NextSlot(from);
    if (!slot || *slot >= end) return slots;
    EXPECT_GE(*slot, from);
    slots.push_back(*slot);
    from = *slot + Nanos(1);
  }
}

// How often each slot is somebody's, over all workers; agent i has workers[i] of them.
std::map<Nanos, int> Merged(const TestPlan& plan, const std::vector<uint32_t>& workers, Nanos end) {
  std::map<Nanos, int> merged;
  for (uint32_t agent = 0; agent < workers.size(); ++agent) {
    for (uint32_t worker = 0; worker < workers[agent]; ++worker) {
      const Slice slice{agent, static_cast<uint32_t>(workers.size())};
      for (const Nanos slot : SlotsOf({plan, slice, worker, workers[agent]}, end)) ++merged[slot];
    }
  }
  return merged;
}

TEST(RateShareTest, OneWorkerHasAllSlots) {
  const RateShare share(Plan(10, {Constant(1, seconds(1))}), {0, 1}, 0, 1);
  const std::vector<Nanos> slots = SlotsOf(share, seconds(5));
  ASSERT_EQ(slots.size(), 10U);
  for (size_t k = 0; k < slots.size(); ++k) EXPECT_EQ(slots[k], milliseconds(100) * k);
}

TEST(RateShareTest, TwoAgentsTakeTurns) {
  const TestPlan plan = Plan(10, {Constant(4, seconds(1))});
  EXPECT_EQ(SlotsOf({plan, {0, 2}, 0, 1}, seconds(1)),
            (std::vector<Nanos>{milliseconds(0), milliseconds(200), milliseconds(400),
                                milliseconds(600), milliseconds(800)}));
  EXPECT_EQ(SlotsOf({plan, {1, 2}, 0, 1}, seconds(1)),
            (std::vector<Nanos>{milliseconds(100), milliseconds(300), milliseconds(500),
                                milliseconds(700), milliseconds(900)}));
}

TEST(RateShareTest, WhoHasNoVuHasNoSlot) {
  const TestPlan plan = Plan(10, {Constant(1, seconds(1)), Constant(3, seconds(1), seconds(2))});
  EXPECT_EQ(SlotsOf({plan, {0, 2}, 0, 1}, seconds(1)).size(), 10U);
  EXPECT_EQ(RateShare(plan, {1, 2}, 0, 1).NextSlot(Nanos(0)), seconds(2));
  EXPECT_EQ(RateShare(plan, {0, 1}, 0, 8).NextSlot(seconds(1)), std::nullopt);
  EXPECT_EQ(RateShare(plan, {0, 1}, 7, 8).NextSlot(Nanos(0)), std::nullopt);
}

TEST(RateShareTest, SlotsAreNotCutShortByRounding) {
  const RateShare share(Plan(3, {Constant(1, seconds(1))}), {0, 1}, 0, 1);
  EXPECT_EQ(SlotsOf(share, seconds(1)),
            (std::vector<Nanos>{Nanos(0), Nanos(333'333'333), Nanos(666'666'666)}));
}

TEST(RateShareTest, EverythingIsForHimWhoIsAlone) {
  EXPECT_EQ(NextSlotOfAll(10, Nanos(0)), Nanos(0));
  EXPECT_EQ(NextSlotOfAll(10, Nanos(1)), milliseconds(100));
  EXPECT_EQ(NextSlotOfAll(10, milliseconds(100)), milliseconds(100));
  EXPECT_EQ(NextSlotOfAll(kRpsMax, kTimeMax), kTimeMax);
}

TEST(RateShareProperty, EachSlotIsExactlyOneWorkers) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto number = [&](int64_t low, int64_t high) {
      return std::uniform_int_distribution<int64_t>(low, high)(random);
    };
    std::vector<Scenario> scenarios;
    for (int64_t i = number(1, 3); i > 0; --i) {
      Scenario scenario = Constant(number(1, 9), seconds(number(1, 3)), seconds(number(0, 2)));
      if (number(0, 1) == 1) {
        scenario.executor = ExecutorKind::kRampingVus;
        scenario.start_vus = number(0, 4);
        scenario.stages = {{seconds(1), number(1, 9)}, {milliseconds(1500), number(0, 9)}};
        scenario.graceful_ramp_down = milliseconds(number(0, 900));
      }
      scenario.graceful_stop = milliseconds(number(0, 1500));
      scenarios.push_back(scenario);
    }
    const TestPlan plan = Plan(number(1, 300), std::move(scenarios));
    std::vector<uint32_t> workers;
    for (int64_t i = number(1, 4); i > 0; --i) workers.push_back(number(1, 3));
    const Nanos end = seconds(6);
    const std::map<Nanos, int> merged = Merged(plan, workers, end);
    // The oracle: at each slot's time there is somebody, and then one.
    for (int64_t k = 0;; ++k) {
      const Nanos at(k * 1'000'000'000 / plan.options.network.rps);
      if (at >= end) break;
      int64_t vus = 0;
      for (const Scenario& scenario : plan.scenarios) {
        vus += VusAt(ReservedSteps(scenario), at - scenario.start_time);
      }
      const auto found = merged.find(at);
      ASSERT_EQ(found == merged.end() ? 0 : found->second, vus > 0 ? 1 : 0) << k;
    }
  }
}

// What is kept of a part that is cut stays with the workers whose VUs it is.
TEST(RateShareTest, AClassOfVusIsCutIntoThoseOfSlices) {
  for (uint32_t count = 1; count <= 3; ++count) {
    for (uint32_t workers = 1; workers <= 4; ++workers) {
      for (uint32_t shares = 1; shares <= 4; ++shares) {
        for (uint32_t worker = 0; worker < workers; ++worker) {
          const VuClass whole{count - 1 + count * worker, int64_t{count} * workers};
          for (uint32_t share = 0; share < shares; ++share) {
            const Slice slice{count - 1 + count * share, count * shares};
            const std::optional<VuClass> part = Within(whole, slice);
            for (int64_t vu = 0; vu < 200; ++vu) {
              const bool wanted = vu % whole.stride == whole.residue && Owns(slice, vu);
              EXPECT_EQ(part && vu % part->stride == part->residue, wanted);
            }
          }
        }
      }
    }
  }
}

TEST(RateShareTest, AWorkerWithoutVusAfterACutLeavesTheSlotsToTheOthers) {
  const TestPlan plan = Plan(40, {Constant(8, seconds(2))});
  const Slice kept{0, 2};  // of the whole plan on two workers, which have every second VU
  EXPECT_EQ(Within({1, 2}, kept), std::nullopt);
  const std::optional<VuClass> first = Within({0, 2}, kept);
  ASSERT_TRUE(first);
  EXPECT_EQ(SlotsOf({plan, *first}, seconds(1)).size(), 20u);
}

TEST(RateShare, AControlledScenarioComesBackFromNoVus) {
  for (const Nanos duration : {Nanos(0), Nanos(seconds(100))}) {
    Scenario scenario = Constant(2, duration);
    scenario.executor = ExecutorKind::kExternallyControlled;
    scenario.max_vus = 10;
    RateShare share(Plan(10, {scenario}), {0, 1}, 0, 1);
    EXPECT_EQ(share.NextSlot(seconds(5)), seconds(5));
    share.SetVus(0, seconds(10), 0);
    share.SetVus(0, seconds(20), 4);
    EXPECT_EQ(share.NextSlot(seconds(12)), seconds(20));
    EXPECT_EQ(share.NextSlot(seconds(30)), seconds(30));
  }
  // One that begins with none.
  Scenario scenario = Constant(0, Nanos(0));
  scenario.executor = ExecutorKind::kExternallyControlled;
  scenario.max_vus = 10;
  RateShare share(Plan(10, {scenario}), {0, 1}, 0, 1);
  EXPECT_EQ(share.NextSlot(Nanos(0)), std::nullopt);
  share.SetVus(0, seconds(3), 1);
  EXPECT_EQ(share.NextSlot(Nanos(0)), seconds(3));
}

}  // namespace
}  // namespace kload
