#include "controller/core/scaling.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "common/base/status.h"

namespace kload::controller {
namespace {

// The scenario to be scaled, which must have this executor.
absl::StatusOr<const Scenario*> FindScenario(const Run& run, const ScaleOrder& order,
                                             ExecutorKind executor, std::string_view flag) {
  const auto& scenarios = run.spec().plan.scenarios;
  std::vector<const Scenario*> fitting;
  for (const Scenario& each : scenarios) {
    if (!order.scenario.empty() && each.name == order.scenario && each.executor != executor) {
      return absl::InvalidArgumentError(
          fmt::format("{}: scenario {} has the executor {}, and only {} can be scaled so", flag,
                      each.name, ExecutorName(each.executor), ExecutorName(executor)));
    }
    if (each.executor == executor && (order.scenario.empty() || each.name == order.scenario)) {
      fitting.push_back(&each);
    }
  }
  if (fitting.size() == 1 ||
      (!fitting.empty() && executor == ExecutorKind::kExternallyControlled)) {
    return fitting.front();
  }
  if (fitting.size() > 1) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: run {} has {} scenarios with the executor {}; say which one with --scenario", flag,
        run.spec().id, fitting.size(), ExecutorName(executor)));
  }
  std::vector<std::string> others;
  for (const Scenario& each : scenarios) {
    others.push_back(fmt::format("{} ({})", each.name, ExecutorName(each.executor)));
  }
  return absl::InvalidArgumentError(
      fmt::format("{}: run {} has no scenario{}{} with the executor {}; it has {}", flag,
                  run.spec().id, order.scenario.empty() ? "" : " ", order.scenario,
                  ExecutorName(executor), fmt::join(others, ", ")));
}

absl::Status PlanVus(const Run& run, const ScaleOrder& order, Scaling& scaling,
                     std::vector<std::string>& said) {
  KLOAD_ASSIGN_OR_RETURN(const Scenario* scenario,
                         FindScenario(run, order, ExecutorKind::kExternallyControlled, "--vus"));
  if (*order.vus < 0 || *order.vus > scenario->max_vus) {
    return absl::InvalidArgumentError(
        fmt::format("{} VUs: scenario {} can have 0 to {} (its maxVUs)", *order.vus, scenario->name,
                    scenario->max_vus));
  }
  scaling.events.push_back(
      ScaleRequested{.scenario = scenario->name, .vus = order.vus, .rate = {}});
  said.push_back(fmt::format("scenario {} of run {} has {} VUs from now on", scenario->name,
                             run.spec().id, *order.vus));
  return absl::OkStatus();
}

absl::Status PlanRate(const Run& run, const ScaleOrder& order, Scaling& scaling,
                      std::vector<std::string>& said) {
  KLOAD_ASSIGN_OR_RETURN(const Scenario* scenario,
                         FindScenario(run, order, ExecutorKind::kConstantArrivalRate, "--rate"));
  if (*order.rate < 1 || *order.rate > kRateMax) {
    return absl::InvalidArgumentError(
        fmt::format("--rate: {} is not between 1 and {}", *order.rate, kRateMax));
  }
  scaling.events.push_back(
      ScaleRequested{.scenario = scenario->name, .vus = {}, .rate = order.rate});
  said.push_back(fmt::format("scenario {} of run {} has a rate of {} from now on", scenario->name,
                             run.spec().id, *order.rate));
  return absl::OkStatus();
}

absl::Status PlanAgents(const Run& run, const ScaleOrder& order, std::vector<AgentId> idle,
                        Scaling& scaling, std::vector<std::string>& said) {
  const uint32_t now = run.agents_at_work();
  if (order.agents == now) {
    return absl::InvalidArgumentError(
        fmt::format("--agents: run {} has {} already", run.spec().id, now));
  }
  // One whose part was given away since it was lost knows the run as ended; one that has drained can be asked again.
  size_t drained = 0;
  for (const Member& member : run.members()) {
    std::erase(idle, member.id);
    drained += member.drained && !member.lost && !member.left ? 1 : 0;
  }
  if (order.agents > now && order.agents - now > idle.size() + drained) {
    return absl::FailedPreconditionError(
        fmt::format("--agents {}: run {} has {}, and {} more could join it (`kctl get agents` "
                    "shows who is idle; an agent that was "
                    "lost in this run must be started again)",
                    order.agents, run.spec().id, now, idle.size() + drained));
  }
  scaling.events.push_back(AgentsRequested{order.agents, std::move(idle)});
  said.push_back(order.agents > now
                     ? fmt::format("run {} gets {} agents instead of {}, as soon as they are ready",
                                   run.spec().id, order.agents, now)
                     : fmt::format("run {} has {} agents instead of {} from now on", run.spec().id,
                                   order.agents, now));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Scaling> PlanScaling(const Run& run, const ScaleOrder& order,
                                    std::vector<AgentId> idle) {
  Scaling scaling;
  std::vector<std::string> said;
  if (!order.vus && !order.rate && order.agents == 0) {
    return absl::InvalidArgumentError("say what to change: --vus, --rate or --agents");
  }
  if (order.vus) KLOAD_RETURN_IF_ERROR(PlanVus(run, order, scaling, said));
  if (order.rate) KLOAD_RETURN_IF_ERROR(PlanRate(run, order, scaling, said));
  if (order.agents > 0) {
    KLOAD_RETURN_IF_ERROR(PlanAgents(run, order, std::move(idle), scaling, said));
  }
  scaling.text = fmt::format("{}", fmt::join(said, "; "));
  return scaling;
}

}  // namespace kload::controller
