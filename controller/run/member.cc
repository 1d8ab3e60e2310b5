#include "controller/run/member.h"

#include <algorithm>
#include <cmath>

namespace kload::controller {

void Member::Take(const Delta& delta) {
  ++deltas;
  for (const SeriesDelta& series : delta.series) {
    const auto* counter = std::get_if<CounterSink>(&series.increment);
    if (counter == nullptr) continue;
    const auto count = uint64_t(std::llround(std::max(0.0, counter->sum.value())));
    if (series.key->metric.name == "http_reqs") requests += count;
    if (series.key->metric.name == "http_reqs_interrupted") interrupted_requests += count;
  }
  watch.Take(delta);
  cpu_ratio_max = std::max(cpu_ratio_max, delta.health.cpu_ratio);
  loop_lag_max = std::max(loop_lag_max, delta.health.loop_lag_max);
  samples_overflowed = std::max(samples_overflowed, delta.health.samples_overflowed);
  vus_active = delta.final ? 0 : delta.health.vus_active;
  vus_initialized = std::max(vus_initialized, delta.health.vus_initialized);
  for (const ScenarioProgress& scenario : delta.scenarios) scenarios[scenario.name] = scenario;
  reported_until = std::max(reported_until, delta.interval_end);
  // One that was made before a part began that it was given meanwhile is not the last.
  if (delta.final && delta.interval_end >= adopts_from) final = true;
  ended_early = delta.final && !final;
}

}  // namespace kload::controller
