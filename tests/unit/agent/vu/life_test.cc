#include "agent/vu/life.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ostream>
#include <random>

namespace kload::agent {

void PrintTo(const Stretch& stretch, std::ostream* out) {
  *out << "[" << stretch.begin.count() << ", " << stretch.end.count() << ") cut "
       << stretch.cut.count() << " ns";
}

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = VuLife::Decision::Kind;

Scenario Ramping(int64_t start_vus, std::vector<Stage> stages) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kRampingVus;
  scenario.start_vus = start_vus;
  scenario.stages = std::move(stages);
  return scenario;
}

// Stretches of the scenario's VU `vu`, all of them on one agent.
std::vector<Stretch> StretchesOfVu(const Scenario& scenario, int64_t vu) {
  const std::vector<Step> reserved = ReservedSteps(scenario);
  for (const VuSchedule& schedule : SchedulesOf(scenario, {0, 1})) {
    if (schedule.vu - scenario.first_vu == vu) return StretchesOf(scenario, reserved, schedule);
  }
  return {};
}

TEST(StretchesTest, ConstantVusGetGracefulStop) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kConstantVus;
  scenario.vus = 2;
  scenario.duration = seconds(10);
  scenario.graceful_stop = seconds(3);
  const std::vector<Stretch> expected = {{seconds(0), seconds(10), seconds(13)}};
  EXPECT_EQ(StretchesOfVu(scenario, 0), expected);
  EXPECT_EQ(StretchesOfVu(scenario, 1), expected);
}

TEST(StretchesTest, GracefulStopOfZeroCutsAtTheEnd) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kConstantVus;
  scenario.duration = seconds(10);
  scenario.graceful_stop = seconds(0);
  const std::vector<Stretch> expected = {{seconds(0), seconds(10), seconds(10)}};
  EXPECT_EQ(StretchesOfVu(scenario, 0), expected);
}

TEST(StretchesTest, StartTimeMovesEverything) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kConstantVus;
  scenario.duration = seconds(10);
  scenario.graceful_stop = seconds(3);
  scenario.start_time = seconds(100);
  scenario.first_vu = 7;
  const std::vector<Stretch> expected = {{seconds(100), seconds(110), seconds(113)}};
  EXPECT_EQ(StretchesOfVu(scenario, 0), expected);
}

TEST(StretchesTest, IterationsMayStartUntilMaxDuration) {
  Scenario scenario;
  scenario.executor = ExecutorKind::kPerVuIterations;
  scenario.max_duration = seconds(60);
  scenario.graceful_stop = seconds(5);
  const std::vector<Stretch> expected = {{seconds(0), seconds(60), seconds(65)}};
  EXPECT_EQ(StretchesOfVu(scenario, 0), expected);
}

// 1 VU for 10 s, 3 until 20 s, back to 1 at once, 1 until 60 s.
TEST(StretchesTest, RampedDownVuGetsGracefulRampDown) {
  Scenario scenario = Ramping(
      1, {{seconds(10), 1}, {seconds(0), 3}, {seconds(10), 3}, {seconds(0), 1}, {seconds(40), 1}});
  scenario.graceful_ramp_down = seconds(5);
  scenario.graceful_stop = seconds(30);
  const std::vector<Stretch> third = {{seconds(10), seconds(20), seconds(25)}};
  EXPECT_EQ(StretchesOfVu(scenario, 2), third);
  const std::vector<Stretch> first = {{seconds(0), seconds(60), seconds(90)}};
  EXPECT_EQ(StretchesOfVu(scenario, 0), first);
}

// Ramped down at 10 s, wanted again at 12 s, before its 5 s are over: an iteration in between just goes on.
TEST(StretchesTest, VuThatIsWantedAgainIsNotCutInBetween) {
  Scenario scenario = Ramping(
      2, {{seconds(10), 2}, {seconds(0), 1}, {seconds(2), 1}, {seconds(0), 2}, {seconds(8), 2}});
  scenario.graceful_ramp_down = seconds(5);
  scenario.graceful_stop = seconds(30);
  const std::vector<Stretch> second = {{seconds(0), seconds(10), seconds(50)},
                                       {seconds(12), seconds(20), seconds(50)}};
  EXPECT_EQ(StretchesOfVu(scenario, 1), second);
}

TEST(StretchesTest, VuThatIsWantedTooLateIsCut) {
  Scenario scenario = Ramping(
      2, {{seconds(10), 2}, {seconds(0), 1}, {seconds(8), 1}, {seconds(0), 2}, {seconds(2), 2}});
  scenario.graceful_ramp_down = seconds(5);
  scenario.graceful_stop = seconds(30);
  const std::vector<Stretch> second = {{seconds(0), seconds(10), seconds(15)},
                                       {seconds(18), seconds(20), seconds(50)}};
  EXPECT_EQ(StretchesOfVu(scenario, 1), second);
}

// The worked example of k6's documentation: reserved is 0s:4, 1:5, 2:6, 33:5, 42:4, 50:1, 53:0.
TEST(StretchesTest, WorkedExample) {
  const Scenario scenario = Ramping(4, {{seconds(2), 6},
                                        {seconds(5), 1},
                                        {seconds(4), 5},
                                        {seconds(4), 1},
                                        {seconds(3), 4},
                                        {seconds(2), 4},
                                        {seconds(0), 1},
                                        {seconds(3), 1}});
  const std::vector<Stretch> sixth = {{seconds(2), seconds(3), seconds(33)}};
  EXPECT_EQ(StretchesOfVu(scenario, 5), sixth);
  const std::vector<Stretch> fifth = {{seconds(1), seconds(4), seconds(42)},
                                      {seconds(11), seconds(12), seconds(42)}};
  EXPECT_EQ(StretchesOfVu(scenario, 4), fifth);
  const std::vector<Stretch> fourth = {{seconds(0), seconds(5), seconds(50)},
                                       {seconds(10), seconds(13), seconds(50)},
                                       {seconds(18), seconds(20), seconds(50)}};
  EXPECT_EQ(StretchesOfVu(scenario, 3), fourth);
  const std::vector<Stretch> first = {{seconds(0), seconds(23), seconds(53)}};
  EXPECT_EQ(StretchesOfVu(scenario, 0), first);
}

TEST(VuLifeTest, WaitsIteratesAndEnds) {
  VuLife life({{seconds(5), seconds(10), seconds(40)}, {seconds(20), seconds(30), seconds(60)}});
  VuLife::Decision decision = life.Decide(seconds(-1));
  EXPECT_EQ(decision.kind, Kind::kWait);
  EXPECT_EQ(decision.until, seconds(5));
  decision = life.Decide(seconds(5));
  EXPECT_EQ(decision.kind, Kind::kIterate);
  EXPECT_EQ(decision.until, seconds(10));
  EXPECT_EQ(decision.cut, seconds(40));
  EXPECT_EQ(life.Decide(seconds(10) - Nanos(1)).kind, Kind::kIterate);
  decision = life.Decide(seconds(10));
  EXPECT_EQ(decision.kind, Kind::kWait);
  EXPECT_EQ(decision.until, seconds(20));
  decision = life.Decide(seconds(29));
  EXPECT_EQ(decision.kind, Kind::kIterate);
  EXPECT_EQ(decision.cut, seconds(60));
  EXPECT_EQ(life.Decide(seconds(30)).kind, Kind::kEnd);
}

// An iteration that began in the first stretch and ends in the second one is followed by the next without a pause.
TEST(VuLifeTest, LateVuSkipsWhatItMissed) {
  VuLife life({{seconds(0), seconds(10), seconds(60)}, {seconds(12), seconds(30), seconds(60)}});
  EXPECT_EQ(life.Decide(seconds(0)).kind, Kind::kIterate);
  const VuLife::Decision decision = life.Decide(seconds(15));
  EXPECT_EQ(decision.kind, Kind::kIterate);
  EXPECT_EQ(decision.until, seconds(30));
}

TEST(VuLifeTest, StopEndsIt) {
  VuLife life({{seconds(0), seconds(10), seconds(40)}});
  EXPECT_EQ(life.Decide(seconds(1)).kind, Kind::kIterate);
  life.Stop();
  EXPECT_EQ(life.Decide(seconds(2)).kind, Kind::kEnd);
}

TEST(VuLifeTest, WithoutStretchesItEndsAtOnce) {
  VuLife life({});
  EXPECT_EQ(life.Decide(seconds(0)).kind, Kind::kEnd);
}

TEST(IterationPoolTest, GivesWhatItHasAndTellsTheRestOnce) {
  IterationPool pool(3);
  EXPECT_TRUE(pool.Take());
  EXPECT_EQ(pool.TakeRest(), 2);
  EXPECT_EQ(pool.TakeRest(), 0);
  EXPECT_FALSE(pool.Take());
}

TEST(IterationPoolTest, UnlimitedNeverDrops) {
  IterationPool pool(IterationPool::kUnlimited);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(pool.Take());
  EXPECT_EQ(pool.TakeRest(), 0);
}

// ---- Properties

class LifeProperty : public testing::TestWithParam<uint32_t> {
 protected:
  int64_t Pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  Scenario RandomRamping() {
    std::vector<Stage> stages;
    for (int64_t left = Pick(1, 6); left > 0; --left) {
      stages.push_back({milliseconds(Pick(0, 3) == 0 ? 0 : Pick(1, 20'000)), Pick(0, 12)});
    }
    Scenario scenario = Ramping(Pick(0, 12), std::move(stages));
    scenario.graceful_ramp_down = milliseconds(Pick(0, 3) == 0 ? 0 : Pick(0, 15'000));
    scenario.graceful_stop = milliseconds(Pick(0, 3) == 0 ? 0 : Pick(0, 15'000));
    scenario.start_time = milliseconds(Pick(0, 5'000));
    scenario.first_vu = Pick(0, 20);
    return scenario;
  }

  std::mt19937 random_{GetParam()};
};

// A VU is kept from the beginning of a stretch to its cut, and no longer: `reserved` falls below it exactly there.
TEST_P(LifeProperty, CutIsWhereThePlanNoLongerKeepsTheVu) {
  const Scenario scenario = RandomRamping();
  const std::vector<Step> reserved = ReservedSteps(scenario);
  for (const VuSchedule& schedule : SchedulesOf(scenario, {0, 1})) {
    const int64_t vu = schedule.vu - scenario.first_vu;
    Nanos before{-1};
    for (const Stretch& stretch : StretchesOf(scenario, reserved, schedule)) {
      EXPECT_LT(before, stretch.begin) << "stretches rise";
      EXPECT_LT(stretch.begin, stretch.end);
      EXPECT_LE(stretch.end, stretch.cut);
      before = stretch.end - Nanos(1);
      const Nanos begin = stretch.begin - scenario.start_time;
      const Nanos cut = stretch.cut - scenario.start_time;
      EXPECT_LE(VusAt(reserved, cut), vu) << "the VU is kept at its cut";
      for (const Step& step : reserved) {
        if (begin <= step.at && step.at < cut) {
          EXPECT_GT(step.vus, vu) << "VU " << vu << " is given up at " << step.at.count()
                                  << ", before its cut " << cut.count();
        }
      }
      EXPECT_LE(cut, RegularDuration(scenario) + scenario.graceful_stop);
    }
  }
}

// What all agents' VUs are scheduled for is the plan, at every instant.
TEST_P(LifeProperty, ScheduledOverAllSlicesIsThePlan) {
  const Scenario scenario = RandomRamping();
  const auto slices = static_cast<uint32_t>(Pick(1, 4));
  const std::vector<Step> planned = PlannedSteps(scenario);
  std::vector<std::vector<Step>> scheduled;
  for (uint32_t i = 0; i < slices; ++i) {
    std::vector<std::vector<Stretch>> stretches;
    for (const VuSchedule& schedule : SchedulesOf(scenario, {i, slices})) {
      stretches.push_back(StretchesOf(scenario, ReservedSteps(scenario), schedule));
    }
    scheduled.push_back(ScheduledSteps(stretches));
  }
  for (const Step& step : planned) {
    for (const Nanos at : {step.at - Nanos(1), step.at, step.at + Nanos(1)}) {
      int64_t sum = 0;
      for (const std::vector<Step>& steps : scheduled)
        sum += VusAt(steps, at + scenario.start_time);
      EXPECT_EQ(sum, VusAt(planned, at)) << "at " << at.count();
    }
  }
}

// A VU whose iterations take any time starts them in stretches only, and ends by the last cut.
TEST_P(LifeProperty, IterationsStartInStretchesOnly) {
  const Scenario scenario = RandomRamping();
  for (const VuSchedule& schedule : SchedulesOf(scenario, {0, 1})) {
    const std::vector<Stretch> stretches = StretchesOf(scenario, ReservedSteps(scenario), schedule);
    VuLife life(stretches);
    Nanos now{0};
    for (VuLife::Decision decision = life.Decide(now); decision.kind != Kind::kEnd;
         decision = life.Decide(now)) {
      if (decision.kind == Kind::kWait) {
        EXPECT_GT(decision.until, now) << "it would wait for the past";
        now = decision.until;
        continue;
      }
      const auto inside = [&](const Stretch& s) { return s.begin <= now && now < s.end; };
      EXPECT_TRUE(std::any_of(stretches.begin(), stretches.end(), inside)) << now.count();
      now = std::min(now + milliseconds(Pick(1, 4'000)), decision.cut);
    }
    EXPECT_LE(now, stretches.back().cut);
  }
}

INSTANTIATE_TEST_SUITE_P(Seed, LifeProperty, testing::Range(0u, 60u));

}  // namespace
}  // namespace kload::agent
