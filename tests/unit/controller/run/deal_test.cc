#include "controller/run/deal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace kload::controller {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Scenario Looping(const std::string& name, int64_t first, int64_t vus) {
  Scenario scenario;
  scenario.name = name;
  scenario.executor = ExecutorKind::kConstantVus;
  scenario.first_vu = first;
  scenario.vus = vus;
  scenario.duration = seconds(60);
  return scenario;
}
Scenario Fixed(ExecutorKind kind, const std::string& name, int64_t first, int64_t vus,
               int64_t iterations) {
  Scenario scenario = Looping(name, first, vus);
  scenario.executor = kind;
  scenario.iterations = iterations;
  return scenario;
}
TestPlan PlanOf(std::vector<Scenario> scenarios) {
  TestPlan plan;
  plan.scenarios = std::move(scenarios);
  return plan;
}

int64_t BudgetIn(const Deal::Shift& shift, const std::string& scenario) {
  int64_t sum = 0;
  for (const Deal::Adoption& adoption : shift.adoptions) {
    for (const Part& part : adoption.parts) {
      for (const PartBudget& budget : part.budgets) {
        if (budget.scenario == scenario) sum += budget.iterations;
      }
    }
  }
  return sum;
}

TEST(DealTest, TheFirstDealIsEqualSlices) {
  Deal deal(PlanOf({Looping("a", 0, 5)}));
  deal.Begin({"x", "y"});
  EXPECT_EQ(deal.VusOf("x"), 3);
  EXPECT_EQ(deal.VusOf("y"), 2);
  EXPECT_EQ(deal.epoch(), 0u);
  EXPECT_THAT(deal.PartsOf("z"), IsEmpty());
}

TEST(DealTest, ALostPartIsCutForAllSurvivors) {
  Deal deal(PlanOf({Looping("a", 0, 12)}));
  deal.Begin({"x", "y", "z"});
  const Deal::Shift shift = deal.Lose("y", {"x", "z"}, {}, seconds(7));
  EXPECT_EQ(shift.epoch, 1u);
  ASSERT_THAT(shift.adoptions, SizeIs(2));
  EXPECT_EQ(shift.adoptions[0].holder, "x");
  EXPECT_EQ(shift.adoptions[0].parts[0].slice.index, 1u);
  EXPECT_EQ(shift.adoptions[0].parts[0].slice.count, 6u);
  EXPECT_EQ(shift.adoptions[0].parts[0].from, seconds(7));
  EXPECT_EQ(shift.adoptions[1].parts[0].slice.index, 4u);
  EXPECT_EQ(deal.VusOf("x"), 6);
  EXPECT_EQ(deal.VusOf("z"), 6);
  EXPECT_EQ(deal.VusOf("y"), 0);
}

TEST(DealTest, APartThatBeginsLaterDoesNotBeginEarlierElsewhere) {
  Deal deal(PlanOf({Looping("a", 0, 12)}));
  deal.Begin({"x", "y"});
  deal.Join("z", {"x", "y"}, seconds(20));
  const Deal::Shift shift = deal.Lose("z", {"x", "y"}, {}, seconds(19));
  for (const Deal::Adoption& adoption : shift.adoptions) {
    for (const Part& part : adoption.parts) EXPECT_EQ(part.from, seconds(20));
  }
}

TEST(DealTest, WhoJoinsGetsAnEqualShare) {
  Deal deal(PlanOf({Looping("a", 0, 100)}));
  deal.Begin({"w", "x", "y"});
  const Deal::Shift shift = deal.Join("z", {"w", "x", "y"}, seconds(9));
  EXPECT_THAT(shift.cessions, SizeIs(3));
  EXPECT_NEAR(double(deal.VusOf("z")), 25, 2);
  for (const char* holder : {"w", "x", "y"}) EXPECT_NEAR(double(deal.VusOf(holder)), 25, 2);
}

TEST(DealTest, ThereMayBeNothingForWhoJoins) {
  Deal deal(PlanOf({Looping("a", 0, 2)}));
  deal.Begin({"x", "y"});
  EXPECT_TRUE(deal.Join("z", {"x", "y"}, seconds(1)).empty());
  EXPECT_EQ(deal.epoch(), 0u);
}

TEST(DealTest, WhatIsLeftOfFixedIterationsGoesWithThePart) {
  Deal deal(PlanOf({Fixed(ExecutorKind::kSharedIterations, "s", 0, 6, 100),
                    Fixed(ExecutorKind::kPerVuIterations, "p", 6, 6, 7)}));
  deal.Begin({"x", "y", "z"});
  EXPECT_EQ(deal.BudgetOf("x", "s") + deal.BudgetOf("y", "s") + deal.BudgetOf("z", "s"), 100);
  EXPECT_EQ(deal.BudgetOf("y", "p"), 14);
  const int64_t had = deal.BudgetOf("y", "s");
  const Deal::Shift shift = deal.Lose("y", {"x", "z"}, {{"s", 10}, {"p", 14}}, seconds(1));
  EXPECT_EQ(BudgetIn(shift, "s"), had - 10);
  EXPECT_EQ(BudgetIn(shift, "p"), 0);
  EXPECT_THAT(shift.unassigned, IsEmpty());
  EXPECT_EQ(deal.BudgetOf("x", "s") + deal.BudgetOf("z", "s"), 100 - 10);
}

TEST(DealTest, FixedIterationsStayWhereTheyAreWhenAgentsJoinOrRetire) {
  Deal deal(PlanOf({Fixed(ExecutorKind::kSharedIterations, "s", 0, 8, 80)}));
  deal.Begin({"x", "y"});
  const Deal::Shift join = deal.Join("z", {"x", "y"}, seconds(1));
  EXPECT_EQ(BudgetIn(join, "s"), 0);
  for (const Part& part : join.adoptions[0].parts) EXPECT_THAT(part.budgets, SizeIs(1));
  deal.Retire("x", {"y", "z"}, seconds(2));
  EXPECT_EQ(deal.BudgetOf("x", "s"), 40);
  // Nobody can be told to run them for it: it has no part that they would go with.
  const Deal::Shift lost = deal.Lose("x", {"y", "z"}, {{"s", 30}}, seconds(3));
  EXPECT_THAT(lost.unassigned, ElementsAre(std::pair<const std::string, int64_t>("s", 10)));
}

TEST(DealTest, MoreAgentsThanVusIsNoTrouble) {
  Deal deal(PlanOf({Looping("a", 0, 2)}));
  deal.Begin({"w", "x", "y", "z"});
  EXPECT_TRUE(deal.Lose("z", {"w", "x", "y"}, {}, seconds(1)).empty());
  const Deal::Shift shift = deal.Lose("w", {"x", "y"}, {}, seconds(1));
  ASSERT_THAT(shift.adoptions, SizeIs(1));
  EXPECT_EQ(shift.adoptions[0].holder, "y");
}

// ---- Whatever happens ----

class DealProperty : public testing::TestWithParam<unsigned> {
 protected:
  int Draw(int below) { return std::uniform_int_distribution(0, below - 1)(random_); }

  void CheckPartition(const Deal& deal, int64_t total, const std::vector<std::string>& living) {
    std::vector<int> owners(size_t(total), 0);
    for (const std::string& holder : living) {
      for (const Part& part : deal.PartsOf(holder)) {
        ASSERT_LE(part.slice.count, kSliceCountMax);
        for (int64_t vu = part.slice.index; vu < total; vu += part.slice.count) {
          ++owners[size_t(vu)];
        }
      }
    }
    EXPECT_THAT(owners, testing::Each(1));
  }

  std::mt19937 random_{GetParam()};
};

TEST_P(DealProperty, EveryVuHasExactlyOneLivingHolderAndNoIterationIsLost) {
  const int64_t looping = Draw(60);
  const int64_t shared = 1 + Draw(20);
  const int64_t iterations = Draw(1000);
  const TestPlan plan = PlanOf({Looping("a", 0, looping), Fixed(ExecutorKind::kSharedIterations,
                                                                "s", looping, shared, iterations)});
  const int64_t total = looping + shared;
  Deal deal(plan);
  std::vector<std::string> living;
  std::map<std::string, int64_t> done;
  int64_t done_by_lost = 0;
  int64_t unassigned = 0;
  int named = 1 + Draw(6);
  for (int i = 0; i < named; ++i) living.push_back("a" + std::to_string(i));
  deal.Begin(living);
  const auto others = [&](const std::string& name) {
    std::vector<std::string> rest = living;
    std::erase(rest, name);
    return rest;
  };
  uint64_t epoch = 0;
  for (int step = 0; step < 25; ++step) {
    const std::string which = living[size_t(Draw(int(living.size())))];
    Deal::Shift shift;
    // Some iterations are run in between, never more than an agent was given.
    for (const std::string& agent : living) {
      const int64_t left = deal.BudgetOf(agent, "s") - done[agent];
      ASSERT_GE(left, 0);
      done[agent] += left == 0 ? 0 : Draw(int(left) + 1) / 4;
    }
    switch (living.size() == 1 ? 0 : Draw(3)) {
      case 0: {
        const std::string name = "a" + std::to_string(named++);
        shift = deal.Join(name, living, seconds(step));
        living.push_back(name);
        break;
      }
      case 1: {
        shift = deal.Lose(which, others(which), {{"s", done[which]}}, seconds(step));
        std::erase(living, which);
        done_by_lost += done[which];
        for (const auto& [name, count] : shift.unassigned) unassigned += count;
        break;
      }
      default: {
        shift = deal.Retire(which, others(which), seconds(step));
        break;
      }
    }
    if (!shift.empty()) {
      EXPECT_EQ(shift.epoch, ++epoch);
    }
    CheckPartition(deal, total, living);
    int64_t budgets = done_by_lost + unassigned;
    for (const std::string& agent : living) budgets += deal.BudgetOf(agent, "s");
    EXPECT_EQ(budgets, iterations);
    // What is ceded is adopted, at the same instant.
    if (!shift.cessions.empty()) {
      int64_t ceded = 0;
      int64_t adopted = 0;
      for (const auto& cession : shift.cessions) {
        for (const Slice& slice : cession.slices) ceded += ShareOf(total, slice);
      }
      for (const auto& adoption : shift.adoptions) {
        for (const Part& part : adoption.parts) {
          adopted += ShareOf(total, part.slice);
          EXPECT_GE(part.from, shift.from);
        }
      }
      EXPECT_EQ(ceded, adopted);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, DealProperty, testing::Range(0U, 200U));

TEST(DealTest, AShareOfAScenarioIsCountedAsItIsOwned) {
  for (uint32_t count = 1; count <= 5; ++count) {
    for (uint32_t index = 0; index < count; ++index) {
      for (int64_t first = 0; first < 12; ++first) {
        for (int64_t vus = 0; vus < 12; ++vus) {
          int64_t owned = 0;
          for (int64_t vu = first; vu < first + vus; ++vu)
            owned += Owns({index, count}, vu) ? 1 : 0;
          EXPECT_EQ(ShareOfScenario(first, vus, {index, count}), owned);
        }
      }
    }
  }
}

}  // namespace
}  // namespace kload::controller
