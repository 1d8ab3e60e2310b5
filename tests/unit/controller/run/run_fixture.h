// A run with its surroundings: time, and what it wanted done.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/run/run.h"

namespace kload::controller {

inline AgentId Id(const std::string& name) { return {name, name + "-1"}; }

class RunTest : public testing::Test {
 protected:
  RunSpec Spec() {
    RunSpec spec;
    spec.id = "r1";
    spec.script = "stress.js";
    Scenario scenario;
    scenario.executor = ExecutorKind::kConstantVus;
    scenario.vus = 5;
    scenario.duration = std::chrono::seconds(10);
    spec.plan.scenarios.push_back(scenario);
    spec.agents = 2;
    return spec;
  }
  void AddThreshold(RunSpec& spec, const ThresholdSpec& threshold) {
    auto parsed = ParseThresholds({threshold}, MetricTable());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    spec.thresholds.push_back(parsed->front());
  }

  void Begin(RunSpec spec) { run_.emplace(std::move(spec), now_); }
  std::vector<RunAction> Feed(const RunInput& event) {
    actions_ = run_->Handle(event, now_);
    for (const SendStart& start : Sent<SendStart>()) zero_ = start.at;
    return actions_;
  }
  void Offer(std::vector<std::string> names) {
    AgentsSeen seen;
    for (const std::string& name : names) seen.idle.push_back(Id(name));
    seen.connected = names.size();
    Feed(seen);
  }
  // Everything up to the phase that follows preparing.
  void BeginWithTwoAgents(RunSpec spec) {
    Begin(std::move(spec));
    Offer({"a", "b"});
    Feed(AgentPrepared{Id("a"), ""});
    Feed(AgentPrepared{Id("b"), ""});
  }
  // Lets time pass in the steps that the core takes.
  void Pass(Nanos time) {
    const Nanos end = now_ + time;
    std::vector<RunAction> all;
    while (now_ < end) {
      now_ += std::chrono::milliseconds(100);
      for (RunAction& action : run_->Handle(Tick{}, now_)) all.push_back(std::move(action));
    }
    actions_ = std::move(all);
  }

  Delta MakeDelta(uint64_t sequence, Nanos end, int requests, double failed_share = 0) {
    Delta delta;
    delta.run_id = "r1";
    delta.sequence = sequence;
    delta.interval_end = end;
    const auto key = [](const std::string& name, MetricType type) {
      return std::make_shared<const SeriesKey>(SeriesKey{{name, type, ValueKind::kDefault}, {}});
    };
    CounterSink counter;
    counter.Add(requests);
    delta.series.push_back({key("http_reqs", MetricType::kCounter), counter});
    RateSink rate;
    for (int i = 0; i < requests; ++i) rate.Add(i < requests * failed_share);
    delta.series.push_back({key("http_req_failed", MetricType::kRate), rate});
    delta.health.vus_active = 2;
    delta.health.vus_initialized = 3;
    delta.scenarios.push_back({"default", 2, uint64_t(requests), 0});
    return delta;
  }
  // At run time 10s at the earliest: no agent knows what comes.
  std::vector<RunAction> SendFinal(const std::string& name, uint64_t sequence) {
    now_ = std::max(now_, zero_ + std::chrono::seconds(10));
    Delta delta = MakeDelta(sequence, std::chrono::seconds(10), 0);
    delta.final = true;
    delta.scenarios.front().iterations_complete = 7;
    return Feed(DeltaArrived{Id(name), delta});
  }

  template <typename T>
  std::vector<T> Sent() const {
    std::vector<T> found;
    for (const RunAction& action : actions_) {
      if (const T* one = std::get_if<T>(&action)) found.push_back(*one);
    }
    return found;
  }
  template <typename T>
  std::vector<std::string> AgentsSent() const {
    std::vector<std::string> names;
    for (const T& action : Sent<T>()) names.push_back(action.agent);
    return names;
  }
  const MetricSummary* MetricOf(const std::string& name) const {
    for (const MetricSummary& metric : run_->outcome().summary->metrics) {
      if (metric.name == name) return &metric;
    }
    return nullptr;
  }

  Nanos now_ = std::chrono::seconds(100);
  Nanos zero_{0};  // steady time of run time 0
  std::optional<controller::Run> run_;
  std::vector<RunAction> actions_;
};

}  // namespace kload::controller
