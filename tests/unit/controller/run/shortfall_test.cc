#include "controller/run/shortfall.h"

#include <gtest/gtest.h>

#include "common/plan/arrival.h"

namespace kload::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<Part> Whole() { return {{.slice = {0, 1}, .from = Nanos(0), .budgets = {}}}; }

TestPlan PlanOf(const Scenario& scenario) {
  TestPlan plan;
  plan.scenarios = {scenario};
  return plan;
}

TEST(ShortfallTest, LoopingVusAreCountedInVuSeconds) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kRampingVus;
  scenario.start_vus = 0;
  scenario.stages = {{seconds(10), 10}, {seconds(10), 10}};
  scenario.start_time = seconds(5);
  const TestPlan plan = PlanOf(scenario);
  EXPECT_DOUBLE_EQ(ShortfallOf(plan, Whole(), seconds(16), seconds(18), {}).vu_seconds, 20);
  // VU n of a ramp of 1 a second begins after n seconds.
  EXPECT_DOUBLE_EQ(ShortfallOf(plan, Whole(), seconds(0), seconds(8), {}).vu_seconds, 3);
  EXPECT_DOUBLE_EQ(ShortfallOf(plan, Whole(), seconds(24), seconds(60), {}).vu_seconds, 10);
  const Part half{.slice = {1, 2}, .from = seconds(17), .budgets = {}};
  EXPECT_DOUBLE_EQ(ShortfallOf(plan, {half}, seconds(16), seconds(18), {}).vu_seconds, 5);
}

TEST(ShortfallTest, ArrivalsAreThoseThatWereDue) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kConstantArrivalRate;
  scenario.rate = 100;
  scenario.duration = seconds(30);
  scenario.max_vus = 7;
  scenario.first_vu = 3;
  const TestPlan plan = PlanOf(scenario);
  EXPECT_EQ(ShortfallOf(plan, Whole(), seconds(4), milliseconds(7500), {}).iterations, 350);
  // The parts of a whole add up to it.
  int64_t sum = 0;
  for (uint32_t i = 0; i < 3; ++i) {
    const Part part{.slice = {i, 3}, .from = Nanos(0), .budgets = {}};
    sum += ShortfallOf(plan, {part}, seconds(4), milliseconds(7500), {}).iterations;
  }
  EXPECT_EQ(sum, 350);
  EXPECT_EQ(ShortfallOf(plan, Whole(), seconds(29), seconds(90), {}).iterations, 100);
}

TEST(ShortfallTest, AControlledScenarioHasWhatItWasScaledTo) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kExternallyControlled;
  scenario.vus = 2;
  scenario.max_vus = 10;
  scenario.duration = seconds(10);
  const TestPlan plan = PlanOf(scenario);
  EXPECT_DOUBLE_EQ(ShortfallOf(plan, Whole(), seconds(1), seconds(3), {}).vu_seconds, 4);
  EXPECT_DOUBLE_EQ(ShortfallOf(plan, Whole(), seconds(1), seconds(3), {{"default", 8}}).vu_seconds,
                   16);
}

TEST(ShortfallTest, LoadIsDueUntilTheLastScenarioEnds) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kConstantVus;
  scenario.vus = 2;
  scenario.duration = seconds(10);
  scenario.start_time = seconds(5);
  EXPECT_TRUE(LoadIsDueAfter(PlanOf(scenario), milliseconds(14'999)));
  EXPECT_FALSE(LoadIsDueAfter(PlanOf(scenario), seconds(15)));
}

}  // namespace
}  // namespace kload::controller
