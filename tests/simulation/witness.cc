#include "tests/simulation/witness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <variant>

#include "agent/vu/life.h"
#include "common/base/duration.h"
#include "common/plan/arrival.h"
#include "common/plan/slice.h"
#include "common/plan/timeline.h"
#include "controller/merge/cluster_series.h"
#include "controller/verdict/summarize.h"
#include "controller/verdict/verdict.h"

namespace kload::simulation {
namespace {

constexpr char kTook[] = "took";
constexpr Nanos kSecond = std::chrono::seconds(1);

uint64_t TookOf(const std::vector<SeriesDelta>& series) {
  double sum = 0;
  for (const SeriesDelta& each : series) {
    if (each.key->metric.name != kTook) continue;
    sum += std::get<CounterSink>(each.increment).sum.value();
  }
  return static_cast<uint64_t>(sum);
}

const MetricSummary* Find(const std::vector<MetricSummary>& metrics, const std::string& name) {
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [&](const MetricSummary& each) { return each.name == name; });
  return found == metrics.end() ? nullptr : &*found;
}

// What the plan wants of looping VUs.
std::vector<Step> ScheduledOf(const TestPlan& plan) {
  std::vector<std::vector<agent::Stretch>> all;
  for (const Scenario& scenario : plan.scenarios) {
    if (IsArrivalRate(scenario)) continue;
    const std::vector<Step> reserved = ReservedSteps(scenario);
    for (const VuSchedule& schedule : SchedulesOf(scenario, {0, 1})) {
      all.push_back(agent::StretchesOf(scenario, reserved, schedule));
    }
  }
  return agent::ScheduledSteps(all);
}

bool HasFixedIterations(const TestPlan& plan) {
  return std::any_of(plan.scenarios.begin(), plan.scenarios.end(), [](const Scenario& scenario) {
    return scenario.executor == ExecutorKind::kSharedIterations ||
           scenario.executor == ExecutorKind::kPerVuIterations;
  });
}

}  // namespace

void Witness::SawWorker(const std::string& incarnation, const agent::WorkerEvent& event) {
  Account& account = accounts_[incarnation];
  if (const auto* delta = std::get_if<agent::WorkerDelta>(&event.event)) {
    account.taken += TookOf(delta->series);
    if (delta->interval_end % kSecond == Nanos::zero()) {
      seconds_[delta->interval_end / kSecond][fmt::format("{}/{}", incarnation, event.worker)] = {
          delta->health.vus_scheduled, delta->health.vus_active};
    }
  }
  if (const auto* line = std::get_if<agent::LogRecord>(&event.event)) {
    const size_t colon = line->text.find(':');
    if (line->source != "console" || colon == std::string::npos) return;
    ++arrivals_[line->text.substr(0, colon)][std::atoll(line->text.c_str() + colon + 1)];
  }
}

void Witness::SawDelta(const std::string& incarnation, const Delta& delta) {
  if (!ended_) accounts_[incarnation].deltas.emplace(delta.sequence, delta);
}

void Witness::SawAcknowledgement(const std::string& incarnation, uint64_t sequence) {
  uint64_t& acknowledged = accounts_[incarnation].acknowledged;
  if (!ended_) acknowledged = std::max(acknowledged, sequence);
}

void Witness::SawStart(Nanos true_time) { starts_.push_back(true_time); }

std::optional<Nanos> Witness::zero() const {
  if (starts_.empty()) return std::nullopt;
  return starts_.front();
}

Nanos Witness::StartSpread() const {
  const auto [first, last] = std::minmax_element(starts_.begin(), starts_.end());
  return starts_.empty() ? Nanos::zero() : *last - *first;
}

uint64_t Witness::Sum(uint64_t (*of)(const Account&)) const {
  uint64_t sum = 0;
  for (const auto& [incarnation, account] : accounts_) sum += of(account);
  return sum;
}

uint64_t Witness::Taken() const {
  return Sum([](const Account& account) { return account.taken; });
}

uint64_t Witness::TakenBy(const std::string& incarnation) const {
  const auto found = accounts_.find(incarnation);
  return found == accounts_.end() ? 0 : found->second.taken;
}

std::vector<std::string> Witness::CheckAccount(const RunSummary& summary, bool& exact) const {
  const MetricSummary* took = Find(summary.metrics, kTook);
  const uint64_t merged = took == nullptr ? 0 : static_cast<uint64_t>(took->values.at("count"));
  const uint64_t least = Sum([](const Account& account) {
    uint64_t sum = 0;
    for (const auto& [sequence, delta] : account.deltas) {
      sum += sequence <= account.acknowledged ? TookOf(delta.series) : 0;
    }
    return sum;
  });
  const uint64_t most = Sum([](const Account& account) {
    uint64_t sum = 0;
    for (const auto& [sequence, delta] : account.deltas) sum += TookOf(delta.series);
    return sum;
  });
  exact = std::all_of(accounts_.begin(), accounts_.end(), [](const auto& each) {
    const std::map<uint64_t, Delta>& deltas = each.second.deltas;
    return deltas.empty() || deltas.rbegin()->first <= each.second.acknowledged;
  });
  std::vector<std::string> wrong;
  if (merged < least || merged > most) {
    wrong.push_back(
        fmt::format("the result has {} iterations, {} were acknowledged and {} had arrived", merged,
                    least, most));
  }
  const bool names_a_loss = std::any_of(summary.agents.begin(), summary.agents.end(),
                                        [](const AgentSummary& agent) { return agent.lost; }) ||
                            !summary.warnings.empty();
  if (merged < Taken() && !names_a_loss) {
    wrong.push_back(fmt::format("{} of {} iterations are not in the result, which names no loss",
                                Taken() - merged, Taken()));
  }
  return wrong;
}

std::vector<std::string> Witness::CheckMerge(const RunSummary& summary) const {
  controller::ClusterSeries series;
  for (auto account = accounts_.rbegin(); account != accounts_.rend(); ++account) {
    for (auto delta = account->second.deltas.rbegin(); delta != account->second.deltas.rend();
         ++delta) {
      if (!series.Add(delta->second).ok()) return {"a delta cannot be merged"};
    }
  }
  std::vector<std::string> wrong;
  for (const MetricSummary& again : controller::SummarizeMetrics(
           series, controller::Verdict({}), summary.trend_stats, summary.duration)) {
    const MetricSummary* first = Find(summary.metrics, again.name);
    if (first == nullptr) {
      wrong.push_back(fmt::format("{} is not in the result", again.name));
    } else if (first->values != again.values) {
      wrong.push_back(
          fmt::format("{} is another one when it is merged in another order", again.name));
    }
  }
  return wrong;
}

std::vector<std::string> Witness::CheckSurvivor(const std::string& incarnation) const {
  const auto found = accounts_.find(incarnation);
  if (found == accounts_.end()) return {};
  const Account& account = found->second;
  uint64_t handed_over = 0;
  for (const auto& [sequence, delta] : account.deltas) handed_over += TookOf(delta.series);
  if (handed_over == account.taken) return {};
  return {fmt::format("agent {} was there all the time, took {} iterations and handed over {}",
                      incarnation, account.taken, handed_over)};
}

std::vector<std::string> Witness::CheckPlan(const TestPlan& plan,
                                            const std::vector<Disturbance>& disturbances,
                                            const std::vector<Disturbance>& changes,
                                            Nanos until) const {
  std::vector<std::string> wrong;
  const std::vector<Step> scheduled = ScheduledOf(plan);
  for (Nanos at = kSecond; at < until && !HasFixedIterations(plan); at += kSecond) {
    if (IsDisturbed(disturbances, at)) continue;
    Vus all;
    if (const auto found = seconds_.find(at / kSecond); found != seconds_.end()) {
      for (const auto& [worker, vus] : found->second) {
        all.scheduled += vus.scheduled;
        all.active += vus.active;
      }
    }
    const int64_t wanted = VusAt(scheduled, at);
    if (all.scheduled != wanted) {
      wrong.push_back(fmt::format("at {} agents have {} looping VUs, the plan {}",
                                  FormatDuration(at), all.scheduled, wanted));
    } else if (all.active < wanted && !IsDisturbed(changes, at)) {
      wrong.push_back(fmt::format("at {} only {} VUs iterate, the plan has {}", FormatDuration(at),
                                  all.active, wanted));
    }
  }
  for (const Scenario& scenario : plan.scenarios) {
    if (!IsArrivalRate(scenario)) continue;
    const auto seen = arrivals_.find(scenario.name);
    const ArrivalTimes times(scenario);
    for (int64_t number = 0; number < times.count(); ++number) {
      const Nanos due = *times.At(number);
      if (due >= until || IsDisturbed(disturbances, due)) continue;
      int count = 0;
      if (seen != arrivals_.end()) {
        const auto found = seen->second.find(number);
        if (found != seen->second.end()) count = found->second;
      }
      if (count != 1) {
        wrong.push_back(fmt::format("arrival {}, due at {}, was begun {} times", number,
                                    FormatDuration(due), count));
      }
    }
  }
  return wrong;
}

}  // namespace kload::simulation
