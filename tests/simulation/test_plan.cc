#include "tests/simulation/test_plan.h"

#include <fmt/format.h>

namespace kload::simulation {
namespace {

int64_t Between(std::mt19937_64& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
}

std::string LoopingScenario(std::mt19937_64& random, int seconds) {
  if (random() % 2 == 0) {
    return fmt::format("executor: 'constant-vus', vus: {}, duration: '{}s'", Between(random, 2, 9),
                       seconds);
  }
  return fmt::format(
      "executor: 'ramping-vus', startVUs: {}, stages: [{{ duration: '{}s', target: {} }}, {{ "
      "duration: '{}s', target: {} }}], gracefulRampDown: '1s'",
      Between(random, 0, 4), seconds / 2, Between(random, 3, 10), seconds - seconds / 2,
      Between(random, 1, 5));
}

std::string ArrivingScenario(std::mt19937_64& random, int seconds) {
  if (random() % 2 == 0) {
    return fmt::format(
        "executor: 'constant-arrival-rate', rate: {}, timeUnit: '1s', duration: '{}s', "
        "preAllocatedVUs: 24, maxVUs: 24",
        Between(random, 3, 20), seconds);
  }
  return fmt::format(
      "executor: 'ramping-arrival-rate', startRate: {}, timeUnit: '1s', preAllocatedVUs: 24, "
      "maxVUs: 24, stages: [{{ duration: '{}s', target: {} }}]",
      Between(random, 2, 8), seconds, Between(random, 4, 20));
}

std::string CountingScenario(std::mt19937_64& random, int seconds) {
  const int64_t vus = Between(random, 2, 6);
  const int64_t each = seconds * 4;  // an iteration takes about 0.2 s
  if (random() % 2 == 0) {
    return fmt::format("executor: 'shared-iterations', vus: {}, iterations: {}, maxDuration: '3m'",
                       vus, vus * each + Between(random, 0, 5));
  }
  return fmt::format("executor: 'per-vu-iterations', vus: {}, iterations: {}, maxDuration: '3m'",
                     vus, each);
}

}  // namespace

std::string MakeScript(std::mt19937_64& random, int seconds) {
  std::string scenarios;
  const bool counts = random() % 3 == 0;
  const bool arrives = random() % 2 == 0;
  const bool loops = (!counts && !arrives) || random() % 2 == 0;
  const auto add = [&](const char* name, const std::string& what) {
    scenarios += fmt::format("{0}: {{ {1}, exec: '{0}', gracefulStop: '1s' }},\n", name, what);
  };
  if (loops) add("loops", LoopingScenario(random, seconds));
  if (arrives) add("arrives", ArrivingScenario(random, seconds));
  if (counts) add("counts", CountingScenario(random, seconds));
  return fmt::format(
      R"(import {{ sleep }} from 'k6';
import exec from 'k6/execution';
import {{ Counter, Trend }} from 'k6/metrics';
const took = new Counter('took');
const size = new Trend('size');
export const options = {{
  insecureSkipTLSVerify: true,
  scenarios: {{
{}  }},
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(99)'],
  thresholds: {{ size: ['p(95)<{}', 'avg<500'], took: ['count>{}'] }},
}};
function work() {{
  took.add(1);
  size.add((exec.scenario.iterationInTest * 7919) % 997);
  sleep({});
}}
export const loops = work;
export const counts = work;
export function arrives() {{
  console.log(`arrives:${{exec.scenario.iterationInTest}}`);
  work();
}}
)",
      scenarios, Between(random, 850, 1000), Between(random, 50, 200),
      static_cast<double>(Between(random, 50, 350)) / 1000);
}

}  // namespace kload::simulation
