#include "common/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "common/base/check.h"
#include "common/base/duration.h"

namespace kload {
namespace {

[[noreturn]] void NoSuchExecutor() { CheckFailed(__FILE__, __LINE__, "executor", "unknown kind"); }

std::string Extras(std::vector<std::string> extras, const Scenario& scenario) {
  if (scenario.exec != "default") extras.push_back(fmt::format("exec: {}", scenario.exec));
  if (scenario.start_time > Nanos::zero()) {
    extras.push_back(fmt::format("startTime: {}", FormatDuration(scenario.start_time)));
  }
  if (scenario.graceful_stop > Nanos::zero()) {
    extras.push_back(fmt::format("gracefulStop: {}", FormatDuration(scenario.graceful_stop)));
  }
  if (extras.empty()) return "";
  return fmt::format(" ({})", fmt::join(extras, ", "));
}

// maxVUs: 10-50
std::string VuRange(const Scenario& scenario) {
  if (scenario.pre_allocated_vus == scenario.max_vus) {
    return fmt::format("maxVUs: {}", scenario.max_vus);
  }
  return fmt::format("maxVUs: {}-{}", scenario.pre_allocated_vus, scenario.max_vus);
}

Nanos Scaled(Nanos duration, double factor) {
  return Nanos(std::llround(static_cast<long double>(duration.count()) * factor));
}

}  // namespace

bool IsArrivalRate(const Scenario& scenario) {
  return scenario.executor == ExecutorKind::kConstantArrivalRate ||
         scenario.executor == ExecutorKind::kRampingArrivalRate;
}

double PerSecond(int64_t rate, const Scenario& scenario) {
  return static_cast<double>(rate) / std::chrono::duration<double>(scenario.time_unit).count();
}

std::string_view ExecutorName(ExecutorKind kind) {
  switch (kind) {
    case ExecutorKind::kConstantVus:
      return "constant-vus";
    case ExecutorKind::kRampingVus:
      return "ramping-vus";
    case ExecutorKind::kPerVuIterations:
      return "per-vu-iterations";
    case ExecutorKind::kSharedIterations:
      return "shared-iterations";
    case ExecutorKind::kConstantArrivalRate:
      return "constant-arrival-rate";
    case ExecutorKind::kRampingArrivalRate:
      return "ramping-arrival-rate";
    case ExecutorKind::kExternallyControlled:
      return "externally-controlled";
  }
  NoSuchExecutor();
}

int64_t MaxVus(const Scenario& scenario) {
  if (IsArrivalRate(scenario) || IsControlled(scenario)) return scenario.max_vus;
  if (scenario.executor != ExecutorKind::kRampingVus) return scenario.vus;
  int64_t most = scenario.start_vus;
  for (const Stage& stage : scenario.stages) most = std::max(most, stage.target);
  return most;
}

Nanos RegularDuration(const Scenario& scenario) {
  switch (scenario.executor) {
    case ExecutorKind::kConstantVus:
    case ExecutorKind::kConstantArrivalRate:
      return scenario.duration;
    case ExecutorKind::kExternallyControlled:
      return scenario.duration == Nanos::zero() ? kTimeMax : scenario.duration;
    case ExecutorKind::kRampingVus:
    case ExecutorKind::kRampingArrivalRate: {
      Nanos sum{0};
      for (const Stage& stage : scenario.stages) sum += stage.duration;
      return sum;
    }
    case ExecutorKind::kPerVuIterations:
    case ExecutorKind::kSharedIterations:
      return scenario.max_duration;
  }
  NoSuchExecutor();
}

std::string Describe(const Scenario& scenario) {
  const std::string duration = FormatDuration(RegularDuration(scenario));
  std::vector<std::string> extras;
  switch (scenario.executor) {
    case ExecutorKind::kConstantVus:
      return fmt::format("{} looping VUs for {}{}", scenario.vus, duration, Extras({}, scenario));
    case ExecutorKind::kRampingVus:
      if (scenario.graceful_ramp_down > Nanos::zero()) {
        extras.push_back(
            fmt::format("gracefulRampDown: {}", FormatDuration(scenario.graceful_ramp_down)));
      }
      return fmt::format("Up to {} looping VUs for {} over {} stages{}", MaxVus(scenario), duration,
                         scenario.stages.size(), Extras(std::move(extras), scenario));
    case ExecutorKind::kPerVuIterations:
      return fmt::format("{} iterations for each of {} VUs{}", scenario.iterations, scenario.vus,
                         Extras({fmt::format("maxDuration: {}", duration)}, scenario));
    case ExecutorKind::kSharedIterations:
      return fmt::format("{} iterations shared among {} VUs{}", scenario.iterations, scenario.vus,
                         Extras({fmt::format("maxDuration: {}", duration)}, scenario));
    case ExecutorKind::kConstantArrivalRate:
      return fmt::format("{:.2f} iterations/s for {}{}", PerSecond(scenario.rate, scenario),
                         duration, Extras({VuRange(scenario)}, scenario));
    case ExecutorKind::kRampingArrivalRate: {
      int64_t most = scenario.rate;
      for (const Stage& stage : scenario.stages) most = std::max(most, stage.target);
      return fmt::format("Up to {:.2f} iterations/s for {} over {} stages{}",
                         PerSecond(most, scenario), duration, scenario.stages.size(),
                         Extras({VuRange(scenario)}, scenario));
    }
    case ExecutorKind::kExternallyControlled:
      return fmt::format(
          "{} VUs, up to {} by kctl scale, {}{}", scenario.vus, scenario.max_vus,
          scenario.duration == Nanos::zero() ? "until the run is stopped" : "for " + duration,
          Extras({}, scenario));
  }
  NoSuchExecutor();
}

int64_t TotalVus(const TestPlan& plan) {
  int64_t total = 0;
  for (const Scenario& scenario : plan.scenarios) {
    total = std::max(total, scenario.first_vu + MaxVus(scenario));
  }
  return total;
}

Nanos MaxDuration(const TestPlan& plan) {
  Nanos most{0};
  for (const Scenario& scenario : plan.scenarios) {
    most = std::max(most, scenario.start_time + RegularDuration(scenario) + scenario.graceful_stop);
  }
  return most;
}

void ScaleTime(TestPlan& plan, double factor) {
  KLOAD_CHECK(factor > 0, "time runs forward");
  for (Scenario& scenario : plan.scenarios) {
    scenario.start_time = Scaled(scenario.start_time, factor);
    scenario.duration = Scaled(scenario.duration, factor);
    scenario.max_duration = Scaled(scenario.max_duration, factor);
    for (Stage& stage : scenario.stages) stage.duration = Scaled(stage.duration, factor);
  }
  for (ThresholdSpec& threshold : plan.thresholds) {
    threshold.delay_abort_eval = Scaled(threshold.delay_abort_eval, factor);
  }
  plan.options.min_iteration_duration = Scaled(plan.options.min_iteration_duration, factor);
  plan.options.time_scale = factor;
}

}  // namespace kload
