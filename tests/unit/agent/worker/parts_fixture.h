// Whole agents' workers in one thread, under a virtual clock, and what a controller would tell them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/worker/slice_run.h"
#include "common/base/status.h"

namespace kload::agent {

using namespace std::chrono_literals;

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
    // Nobody is spoken to. Reading the machine's certificates would take nearly all of the time.
    spec->plan.options.insecure_skip_tls_verify = true;
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

}  // namespace kload::agent
