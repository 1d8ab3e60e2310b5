// Whatever happens to the agents: the plan is run by exactly one of them at a time, what they report is counted once, and
// the run ends.
//
// Agents are modelled: each knows when it runs which VU, takes orders in sequence after a delay, sends a delta a second,
// and a final one when it has nothing left to do. Faults come from a seed, which is in the test's name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>

#include "controller/run/run.h"

namespace kload::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nanos kStep = milliseconds(50);
constexpr Nanos kDelayMax = milliseconds(150);
constexpr Nanos kLoad = seconds(40);
constexpr Nanos kForEver = seconds(1'000'000);

class ModelAgent {
 public:
  ModelAgent(AgentId id, int64_t vus) : id(std::move(id)), intervals_(size_t(vus)) {}

  // Takes what is due, in order.
  void Receive(Nanos now, std::vector<RunInput>& says, std::mt19937& random) {
    while (!inbox.empty() && inbox.front().first <= now) {
      const RunAction action = std::move(inbox.front().second);
      inbox.pop_front();
      std::visit([&](const auto& what) { Take(what, now, says); }, action);
      // Its last word may go out between two orders.
      if (random() % 3 == 0) Speak(now, says);
    }
  }

  void Speak(Nanos now, std::vector<RunInput>& says) {
    if (!zero || released) return;
    const Nanos at = now - *zero;
    const bool over = stopped || !HasLoadAfter(at);
    if (at < Nanos(0) || (over ? final_sent : at < next_delta_)) return;
    next_delta_ = at + seconds(1);
    Delta delta;
    delta.run_id = "r";
    delta.sequence = ++sequence_;
    delta.interval_end = at;
    delta.final = final_sent = over;
    CounterSink requests;
    requests.Add(double(sequence_));
    delta.series.push_back({std::make_shared<const SeriesKey>(SeriesKey{
                                {"http_reqs", MetricType::kCounter, ValueKind::kDefault}, {}}),
                            requests});
    unacknowledged.push_back(delta);
    says.push_back(DeltaArrived{id, delta});
  }

  bool Runs(int64_t vu, Nanos at) const {
    if (!zero || stopped || released || at < Nanos(0) || at >= kLoad) return false;
    const auto& intervals = intervals_[size_t(vu)];
    return std::any_of(intervals.begin(), intervals.end(), [&](const auto& interval) {
      return interval.first <= at && at < interval.second;
    });
  }

  const AgentId id;
  bool process = true;  // exists
  bool runs = true;     // gets to run: not stopped by a signal
  bool known_lost = false;
  bool stopped = false;
  bool released = false;
  bool final_sent = false;
  std::optional<Nanos> zero;
  std::deque<std::pair<Nanos, RunAction>> inbox;
  std::deque<Delta> unacknowledged;

 private:
  bool HasLoadAfter(Nanos at) const {
    for (const auto& intervals : intervals_) {
      for (const auto& [from, to] : intervals) {
        if (std::max(from, at) < std::min(to, kLoad)) return true;
      }
    }
    return false;
  }
  void Give(Slice slice, Nanos from) {
    for (size_t vu = slice.index; vu < intervals_.size(); vu += slice.count) {
      intervals_[vu].emplace_back(from, kForEver);
      final_sent = false;
    }
  }

  void Take(const SendPrepare& order, Nanos, std::vector<RunInput>& says) {
    if (!std::exchange(prepared_, true)) Give(order.slice, Nanos(0));
    says.push_back(AgentPrepared{id, ""});
  }
  void Take(const SendStart& order, Nanos, std::vector<RunInput>&) { zero = order.at; }
  void Take(const SendAdopt& order, Nanos, std::vector<RunInput>&) {
    if (stopped || !epochs_.insert(order.epoch).second) return;
    for (const Part& part : order.parts) Give(part.slice, part.from);
  }
  void Take(const SendCede& order, Nanos, std::vector<RunInput>&) {
    if (!epochs_.insert(order.epoch).second) return;
    for (const Slice slice : order.slices) {
      for (size_t vu = slice.index; vu < intervals_.size(); vu += slice.count) {
        for (auto& interval : intervals_[vu])
          interval.second = std::min(interval.second, order.from);
      }
    }
  }
  void Take(const SendStop&, Nanos, std::vector<RunInput>&) { stopped = true; }
  void Take(const SendRelease&, Nanos, std::vector<RunInput>&) { released = true; }
  void Take(const AcknowledgeDelta& order, Nanos, std::vector<RunInput>&) {
    while (!unacknowledged.empty() && unacknowledged.front().sequence <= order.sequence) {
      unacknowledged.pop_front();
    }
  }
  template <typename Other>
  void Take(const Other&, Nanos, std::vector<RunInput>&) {}

  std::vector<std::vector<std::pair<Nanos, Nanos>>> intervals_;  // by VU
  std::set<uint64_t> epochs_;
  bool prepared_ = false;
  uint64_t sequence_ = 0;
  Nanos next_delta_{0};
};

class RunProperty : public testing::TestWithParam<unsigned> {
 protected:
  int Draw(int below) { return std::uniform_int_distribution(0, below - 1)(random_); }

  void Begin() {
    vus_ = 1 + Draw(20);
    RunSpec spec;
    spec.id = "r";
    spec.agents = uint32_t(1 + Draw(5));
    Scenario scenario;
    scenario.executor = ExecutorKind::kConstantVus;
    scenario.vus = vus_;
    scenario.duration = kLoad;
    scenario.graceful_stop = seconds(1);
    spec.plan.scenarios.push_back(scenario);
    run_.emplace(spec, now_);
    AgentsSeen seen;
    for (uint32_t i = 0; i < spec.agents + 3; ++i) {
      const std::string name = "a" + std::to_string(i);
      agents_.emplace(name, ModelAgent({name, name + "-1"}, vus_));
      seen.idle.push_back({name, name + "-1"});
    }
    seen.connected = seen.idle.size();
    Feed(seen);
  }

  void Feed(const RunInput& input) {
    if (const auto* delta = std::get_if<DeltaArrived>(&input)) {
      const auto counter = std::get<CounterSink>(delta->delta.series[0].increment);
      if (run_->phase() != RunPhase::kFinished &&
          counted_.insert({delta->agent.name, delta->delta.sequence}).second) {
        requests_ += counter.sum.value();
      }
    }
    for (RunAction& action : run_->Handle(input, now_)) {
      std::visit(
          [&](auto& what) {
            if constexpr (requires { what.agent; }) Post(what.agent, action);
          },
          action);
    }
  }

  void Post(const std::string& name, const RunAction& action) {
    ModelAgent& agent = agents_.at(name);
    if (!agent.process || !connected_.count(name)) return;
    Nanos at = now_ + Nanos(Draw(int(kDelayMax.count() / 1000))) * 1000;
    if (!agent.inbox.empty()) at = std::max(at, agent.inbox.back().first);
    agent.inbox.emplace_back(at, action);
    if (!std::holds_alternative<AcknowledgeDelta>(action)) last_order_ = now_;
  }

  void Step() {
    now_ += kStep;
    for (auto& [name, agent] : agents_) {
      if (!agent.process || !agent.runs) continue;
      std::vector<RunInput> says;
      agent.Receive(now_, says, random_);
      agent.Speak(now_, says);
      if (!connected_.count(name)) continue;
      for (const RunInput& input : says) Feed(input);
    }
    for (auto loss = losses_.begin(); loss != losses_.end();) {
      if (loss->first > now_) {
        ++loss;
        continue;
      }
      const std::string name = loss->second;
      loss = losses_.erase(loss);
      ModelAgent& agent = agents_.at(name);
      if (agent.process && agent.runs && connected_.count(name)) continue;  // it was back in time
      agent.known_lost = true;
      Feed(AgentLost{agent.id});
    }
    for (auto back = returns_.begin(); back != returns_.end();) {
      if (back->first > now_) {
        ++back;
        continue;
      }
      ModelAgent& agent = agents_.at(back->second);
      back = returns_.erase(back);
      agent.runs = true;
      connected_.insert(agent.id.name);
      Feed(AgentReturned{agent.id});
      // It sends again what it does not know to have arrived.
      const std::deque<Delta> again = agent.unacknowledged;
      for (const Delta& delta : again) Feed(DeltaArrived{agent.id, delta});
      last_fault_ = now_;
    }
    Feed(Tick{});
  }

  std::vector<std::string> Members() const {
    std::vector<std::string> names;
    for (const Member& member : run_->members()) {
      const ModelAgent& agent = agents_.at(member.id.name);
      if (agent.process && agent.runs && connected_.count(member.id.name) && !member.lost &&
          !member.left) {
        names.push_back(member.id.name);
      }
    }
    return names;
  }

  void Fault() {
    const std::vector<std::string> names = Members();
    if (names.empty()) return;
    const std::string name = names[size_t(Draw(int(names.size())))];
    ModelAgent& agent = agents_.at(name);
    last_fault_ = now_;
    // The last one is left alone: without it there is no run.
    switch (names.size() == 1 ? 4 : Draw(5)) {
      case 0:  // killed
        agent.process = false;
        losses_.emplace_back(now_ + seconds(3), name);
        break;
      case 1:  // does not run for a while; up to 6 s, so it may count as lost
        agent.runs = false;
        losses_.emplace_back(now_ + seconds(3), name);
        returns_.emplace_back(now_ + milliseconds(500 + Draw(5500)), name);
        break;
      case 2:  // its stream breaks for a moment; what was on its way is lost
        connected_.erase(name);
        agent.inbox.clear();
        returns_.emplace_back(now_ + milliseconds(100 + Draw(1500)), name);
        break;
      case 3:  // is told to end
        Feed(AgentLeaving{agent.id});
        agent.process = false;
        losses_.emplace_back(now_ + milliseconds(Draw(1000)), name);
        break;
      default: {
        AgentsRequested order{uint32_t(1 + Draw(5)), {}};
        for (const auto& [other, model] : agents_) {
          const bool idle =
              std::none_of(run_->members().begin(), run_->members().end(),
                           [&](const Member& member) { return member.id.name == other; });
          if (idle) order.idle.push_back(model.id);
        }
        Feed(order);
        break;
      }
    }
  }

  // With nothing on its way and no instant to come.
  void CheckPlan() {
    if (run_->phase() != RunPhase::kRunning || now_ - last_fault_ < seconds(6) ||
        now_ - last_order_ < seconds(2)) {
      return;
    }
    const Nanos at = now_ - *Zero();
    if (at < Nanos(0) || at >= kLoad) return;
    ++checks_;
    for (int64_t vu = 0; vu < vus_; ++vu) {
      int owners = 0;
      for (const auto& [name, agent] : agents_) {
        owners += agent.process && agent.runs && agent.Runs(vu, at) ? 1 : 0;
      }
      ASSERT_EQ(owners, 1) << "VU " << vu << " at " << at.count() / 1'000'000 << " ms";
    }
  }
  std::optional<Nanos> Zero() const {
    for (const auto& [name, agent] : agents_) {
      if (agent.zero) return agent.zero;
    }
    return std::nullopt;
  }

  std::mt19937 random_{GetParam()};
  Nanos now_ = seconds(50);
  int64_t vus_ = 0;
  std::optional<controller::Run> run_;
  std::map<std::string, ModelAgent> agents_;
  std::set<std::string> connected_;
  std::vector<std::pair<Nanos, std::string>> losses_;
  std::vector<std::pair<Nanos, std::string>> returns_;
  std::set<std::pair<std::string, uint64_t>> counted_;
  double requests_ = 0;
  Nanos last_fault_{0};
  Nanos last_order_{0};
  int checks_ = 0;
};

TEST_P(RunProperty, ThePlanIsRunByOneAtATimeAndEverythingIsCountedOnce) {
  for (int i = 0; i < 9; ++i) connected_.insert("a" + std::to_string(i));
  Begin();
  Nanos next_fault = now_ + seconds(2) + milliseconds(Draw(4000));
  const Nanos deadline = now_ + kLoad + seconds(60);
  while (run_->phase() != RunPhase::kFinished) {
    ASSERT_LT(now_, deadline) << "the run does not end";
    Step();
    if (now_ >= next_fault && run_->phase() == RunPhase::kRunning) {
      Fault();
      next_fault = now_ + milliseconds(200 + Draw(Draw(2) == 0 ? 3000 : 16'000));
    }
    CheckPlan();
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(run_->outcome().exit_code, 0) << run_->outcome().message;
  double reported = 0;
  for (const MetricSummary& metric : run_->outcome().summary->metrics) {
    if (metric.name == "http_reqs") reported = metric.values.at("count");
  }
  EXPECT_EQ(reported, requests_);
  EXPECT_GT(checks_, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RunProperty, testing::Range(0U, 500U));

}  // namespace
}  // namespace kload::controller
