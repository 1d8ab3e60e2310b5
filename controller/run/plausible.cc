#include "controller/run/plausible.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "common/base/status.h"
#include "controller/run/text.h"

namespace kload::controller {
namespace {

template <typename... Args>
absl::Status Refuse(fmt::format_string<Args...> format, Args&&... args) {
  return absl::InvalidArgumentError(fmt::format(format, std::forward<Args>(args)...));
}

absl::Status CheckTimes(const Delta& delta, Nanos run_time) {
  if (delta.interval_start > delta.interval_end)
    return Refuse("a window that ends before it begins");
  const Nanos now = std::max(Nanos(0), run_time);
  const Nanos latest = now + kClockAheadMax + Nanos(int64_t(double(now.count()) * kClockDriftMax));
  if (delta.interval_end > latest) {
    return Refuse("samples of {} when it was {}", Text(delta.interval_end), Text(now));
  }
  for (const SeriesDelta& series : delta.series) {
    const auto* gauge = std::get_if<GaugeSink>(&series.increment);
    if (gauge != nullptr && gauge->last_at > latest) {
      return Refuse("a sample of {} of {} when it was {}", series.key->metric.name,
                    Text(gauge->last_at), Text(now));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRequests(const Delta& delta) {
  const double window = std::max(
      1.0, std::chrono::duration<double>(delta.interval_end - delta.interval_start).count());
  double requests = 0;
  for (const SeriesDelta& series : delta.series) {
    const auto* counter = std::get_if<CounterSink>(&series.increment);
    if (counter == nullptr) continue;
    const double sum = counter->sum.value();
    if (!std::isfinite(sum)) return Refuse("{} of {}", sum, series.key->metric.name);
    if (series.key->metric.name == "http_reqs") requests += sum;
  }
  if (requests < 0 || requests > window * kRequestsPerSecondMax) {
    return Refuse("{:.0f} requests within {:.3g} s", requests, window);
  }
  return absl::OkStatus();
}

// Iterations that the plan allows the scenario; nothing but a limit for those without a fixed number.
int64_t IterationsMax(const Scenario& scenario) {
  if (scenario.executor == ExecutorKind::kSharedIterations) return scenario.iterations;
  if (scenario.executor == ExecutorKind::kPerVuIterations) {
    return scenario.iterations * scenario.vus;
  }
  return std::numeric_limits<int64_t>::max();
}

absl::Status CheckCounts(const Delta& delta, const TestPlan& plan) {
  const AgentHealth& health = delta.health;
  if (!std::isfinite(health.cpu_ratio) || health.cpu_ratio < 0)
    return Refuse("CPU time of {}", health.cpu_ratio);
  // Twice: a VU that changed hands may still be at its last iteration where it was.
  const int64_t vus_max = 2 * TotalVus(plan);
  if (health.vus_active < 0 || health.vus_active > vus_max) {
    return Refuse("{} VUs in a plan of {}", health.vus_active, TotalVus(plan));
  }
  for (const ScenarioProgress& progress : delta.scenarios) {
    const auto scenario =
        std::find_if(plan.scenarios.begin(), plan.scenarios.end(),
                     [&](const Scenario& each) { return each.name == progress.name; });
    if (scenario == plan.scenarios.end()) continue;
    const auto limit = static_cast<uint64_t>(IterationsMax(*scenario));
    if (progress.iterations_complete > limit || progress.iterations_interrupted > limit) {
      return Refuse("{} iterations of scenario {}, which has {}", progress.iterations_complete,
                    progress.name, limit);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckPlausible(const Delta& delta, const TestPlan& plan, Nanos run_time) {
  KLOAD_RETURN_IF_ERROR(CheckTimes(delta, run_time));
  KLOAD_RETURN_IF_ERROR(CheckRequests(delta));
  return CheckCounts(delta, plan);
}

}  // namespace kload::controller
