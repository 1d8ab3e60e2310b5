#include "agent/vu/shared.h"

#include <fmt/format.h>

#include <algorithm>

namespace kload::agent {

k6::ScriptSettings SettingsOf(const VuShared& shared, int64_t vu) {
  k6::ScriptSettings settings;
  settings.vu = vu;
  settings.env = shared.env;
  settings.secrets = shared.secrets;
  settings.memory_limit_bytes = kScriptMemoryBytes;
  settings.stack_limit_bytes = kScriptStackBytes;
  settings.interrupt = shared.interrupt;
  settings.throw_on_error = shared.options.throw_on_error;
  settings.max_redirects = static_cast<int>(shared.options.max_redirects);
  settings.options_json = shared.options_json;
  settings.user_agent = shared.options.user_agent;
  settings.batch = static_cast<int>(shared.options.batch);
  settings.batch_per_host = static_cast<int>(shared.options.batch_per_host);
  settings.no_cookies_reset = shared.options.no_cookies_reset;
  settings.discard_response_bodies = shared.options.discard_response_bodies;
  return settings;
}

k6::Execution VuShared::AgentExecution() const {
  k6::Execution execution;
  execution.run_time = std::max(RunNow(), Nanos::zero());
  execution.iterations_completed = figures.Sum(&WorkerFigures::iterations_completed);
  execution.iterations_interrupted = figures.Sum(&WorkerFigures::iterations_interrupted);
  execution.vus_active = figures.Sum(&WorkerFigures::vus_active);
  execution.vus_initialized = figures.Sum(&WorkerFigures::vus_initialized);
  return execution;
}

std::string ExceptionText(const k6::Outcome& outcome) {
  if (outcome.stack.empty()) return outcome.message;
  return fmt::format("{}\n{}", outcome.message, outcome.stack);
}

}  // namespace kload::agent
