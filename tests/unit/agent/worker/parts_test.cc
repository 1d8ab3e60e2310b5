// Parts of a plan change hands between agents: whole agents' workers in one thread, under a virtual clock.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "agent/worker/slice_run.h"
#include "common/base/status.h"

namespace kload::agent {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// One worker of one agent.
class VirtualWorker {
 public:
  VirtualWorker(const Clock& clock, std::shared_ptr<const RunSpec> spec, uint32_t worker,
                uint32_t workers)
      : run_(io_, clock, timers_, std::move(spec), worker, workers, nullptr, interrupt_,
             [this](WorkerEvent event) { Take(std::move(event)); }) {
    run_.Prepare();
  }

  SliceRun& run() { return run_; }
  TimerQueue& timers() { return timers_; }
  bool ended() const { return last_.ended; }
  const WorkerDelta& last() const { return last_; }
  // What scripts have logged.
  std::vector<std::string> lines;

 private:
  void Take(WorkerEvent event) {
    if (auto* delta = std::get_if<WorkerDelta>(&event.event)) last_ = std::move(*delta);
    if (auto* line = std::get_if<LogRecord>(&event.event)) lines.push_back(line->text);
  }

  boost::asio::io_context io_;
  std::atomic<bool> interrupt_{false};
  TimerQueue timers_;
  WorkerDelta last_;
  SliceRun run_;
};

class PartsTest : public testing::Test {
 protected:
  static constexpr uint32_t kWorkers = 2;
  struct Agent {
    std::vector<std::unique_ptr<VirtualWorker>> workers;
    bool alive = true;
    std::vector<Slice> slices;
  };

  void Plan(Scenario scenario, const std::string& source) {
    auto script = k6::CompiledScript::Compile({"/script.js", {{"/script.js", source}}});
    ASSERT_TRUE(script.ok()) << Message(script.status());
    script_ = *script;
    plan_.scenarios = {std::move(scenario)};
  }

  void TearDown() override {
    for (Agent& agent : agents_) {
      for (auto& worker : agent.workers) worker->run().Release();
    }
    clock_.Advance(1ms);
    for (Agent& agent : agents_) agent.alive = true;
    for (int i = 0; i < 10; ++i) FireAll();
  }

  Agent& AddAgent(Slice slice) {
    Agent& agent = agents_.emplace_back();
    agent.slices = {slice};
    auto spec = std::make_shared<RunSpec>();
    spec->run_id = "r";
    spec->script = script_;
    spec->plan = plan_;
    spec->slice = slice;
    spec->figures = std::make_shared<RunFigures>(kWorkers);
    for (uint32_t worker = 0; worker < kWorkers; ++worker) {
      agent.workers.push_back(std::make_unique<VirtualWorker>(clock_, spec, worker, kWorkers));
    }
    return agent;
  }
  void Begin(uint32_t agents) {
    for (uint32_t i = 0; i < agents; ++i) AddAgent({i, agents});
    RunUntil(Nanos(100ms));
    zero_ = clock_.Now() + 100ms;
    for (Agent& agent : agents_) Start(agent);
  }
  void Start(Agent& agent) {
    for (auto& worker : agent.workers) worker->run().Start(zero_, "");
  }

  // Fires what is due now; whether there was anything.
  bool FireAll() {
    bool any = false;
    for (Agent& agent : agents_) {
      if (!agent.alive) continue;
      for (auto& worker : agent.workers) {
        any = worker->timers().FireDue(clock_.Now(), 1000).count > 0 || any;
      }
    }
    return any;
  }
  // Up to that steady time, step by step.
  void RunUntil(Nanos until) {
    while (true) {
      while (FireAll()) continue;
      Nanos next = until;
      for (Agent& agent : agents_) {
        if (!agent.alive) continue;
        for (auto& worker : agent.workers) {
          if (const auto due = worker->timers().next()) next = std::min(next, *due);
        }
      }
      if (next > clock_.Now()) clock_.Advance(next - clock_.Now());
      if (clock_.Now() >= until) return;
    }
  }
  void RunTo(Nanos run_time) { RunUntil(zero_ + run_time); }

  // The controller's part of it: `lost` is no more, its slices are the others' from `from` on.
  void LoseAgent(size_t lost, Nanos from, std::vector<PartBudget> left = {}) {
    agents_[lost].alive = false;
    std::vector<size_t> others;
    for (size_t i = 0; i < agents_.size(); ++i) {
      if (agents_[i].alive) others.push_back(i);
    }
    const uint32_t shares = static_cast<uint32_t>(others.size());
    for (const Slice slice : agents_[lost].slices) {
      for (uint32_t share = 0; share < shares; ++share) {
        Part part{ShareOfSlice(slice, share, shares), from, left};
        for (PartBudget& budget : part.budgets) {
          budget.iterations = ShareOf(budget.iterations, {share, shares});
        }
        Adopt(agents_[others[share]], part);
      }
    }
  }
  static void Adopt(Agent& agent, const Part& part) {
    agent.slices.push_back(part.slice);
    for (auto& worker : agent.workers) worker->run().Adopt(part);
  }
  static void Cede(Agent& agent, Slice slice, Nanos from) {
    for (auto& worker : agent.workers) worker->run().Cede({slice}, from);
  }

  bool AllEnded() const {
    return std::all_of(agents_.begin(), agents_.end(), [](const Agent& agent) {
      return !agent.alive || std::all_of(agent.workers.begin(), agent.workers.end(),
                                         [](const auto& worker) { return worker->ended(); });
    });
  }
  int64_t VusActive() const {
    int64_t active = 0;
    for (const Agent& agent : agents_) {
      for (const auto& worker : agent.workers) {
        if (agent.alive) active += worker->last().health.vus_active;
      }
    }
    return active;
  }
  int64_t VusScheduled() const {
    int64_t scheduled = 0;
    for (const Agent& agent : agents_) {
      for (const auto& worker : agent.workers) {
        if (agent.alive) scheduled += worker->last().health.vus_scheduled;
      }
    }
    return scheduled;
  }
  uint64_t Iterations(size_t agent) const {
    uint64_t sum = 0;
    for (const auto& worker : agents_[agent].workers) {
      for (const ScenarioProgress& each : worker->last().scenarios) sum += each.iterations_complete;
    }
    return sum;
  }
  // Lines of all agents, sorted as numbers.
  std::vector<int64_t> Numbers() const {
    std::vector<int64_t> numbers;
    for (const Agent& agent : agents_) {
      for (const auto& worker : agent.workers) {
        for (const std::string& line : worker->lines) numbers.push_back(std::stoll(line));
      }
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }

  static Scenario ConstantVus(int64_t vus, Nanos duration) {
    Scenario scenario;
    scenario.executor = ExecutorKind::kConstantVus;
    scenario.vus = vus;
    scenario.duration = duration;
    scenario.graceful_stop = 1s;
    return scenario;
  }
  static Scenario Arriving(int64_t rate, Nanos duration, int64_t vus) {
    Scenario scenario;
    scenario.executor = ExecutorKind::kConstantArrivalRate;
    scenario.rate = rate;
    scenario.duration = duration;
    scenario.pre_allocated_vus = scenario.max_vus = vus;
    scenario.graceful_stop = 1s;
    return scenario;
  }

  static inline const std::string kSleeps =
      "import { sleep } from 'k6'; export default function () { sleep(0.1); }";
  static inline const std::string kTellsNumber =
      "import exec from 'k6/execution'; export default function () { "
      "console.log(exec.scenario.iterationInTest); }";

  FakeClock clock_;
  TestPlan plan_;
  std::shared_ptr<const k6::CompiledScript> script_;
  std::vector<Agent> agents_;
  Nanos zero_{0};
};

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

}  // namespace
}  // namespace kload::agent
