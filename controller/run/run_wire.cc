#include "controller/run/run_wire.h"

#include <nlohmann/json.hpp>
#include <string>

#include "common/wire/plan_wire.h"
#include "common/wire/summary_wire.h"

namespace kload::controller {
namespace {

v1::RunState::Phase EncodePhase(RunPhase phase) {
  switch (phase) {
    case RunPhase::kWaiting:
      return v1::RunState::WAITING_FOR_AGENTS;
    case RunPhase::kPreparing:
      return v1::RunState::PREPARING;
    case RunPhase::kSetup:
      return v1::RunState::SETUP;
    case RunPhase::kRunning:
      return v1::RunState::RUNNING;
    case RunPhase::kTeardown:
      return v1::RunState::TEARDOWN;
    case RunPhase::kFinished:
      return v1::RunState::FINISHED;
  }
  return v1::RunState::PHASE_UNSPECIFIED;
}

// The options as they are shown: secrets of client certificates have words in their place.
std::string WithoutKeys(const std::string& options_json) {
  using Json = nlohmann::ordered_json;
  Json options = Json::parse(options_json, nullptr, false);
  if (!options.is_object() || !options.contains("tlsAuth") || !options["tlsAuth"].is_array()) {
    return options_json;
  }
  for (Json& certificate : options["tlsAuth"]) {
    if (!certificate.is_object()) continue;
    for (const char* secret : {"key", "password"}) {
      if (certificate.contains(secret)) certificate[secret] = "(not shown)";
    }
  }
  return options.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

v1::Plan EncodeShownPlan(const TestPlan& plan) {
  v1::Plan message = wire::EncodePlan(plan);
  v1::RunOptions& options = *message.mutable_options();
  options.clear_tls_client_certificates();
  options.set_consolidated_options_json(WithoutKeys(options.consolidated_options_json()));
  return message;
}

v1::RunState EncodeState(const Run& run) {
  v1::RunState message;
  message.set_run_id(run.spec().id);
  message.set_phase(EncodePhase(run.phase()));
  message.set_agents_connected(uint32_t(run.agents_connected()));
  message.set_agents_wanted(uint32_t(run.agents_wanted()));
  *message.mutable_plan() = EncodeShownPlan(run.spec().plan);
  if (run.spec().no_thresholds) return message;
  for (const ThresholdSpec& threshold : run.spec().plan.thresholds) {
    v1::ThresholdText* text = message.add_thresholds();
    text->set_selector(threshold.selector);
    text->set_expression(threshold.expression);
  }
  return message;
}

v1::Progress EncodeProgress(const RunProgress& progress) {
  v1::Progress message;
  message.set_run_ns(progress.run_time.count());
  message.set_vus(progress.vus);
  message.set_vus_max(progress.vus_max);
  message.set_iterations_complete(progress.iterations_complete);
  message.set_iterations_interrupted(progress.iterations_interrupted);
  message.set_requests_per_second(progress.requests_per_second);
  message.set_p95_ms(progress.p95_ms);
  message.set_failed_ratio(progress.failed_ratio);
  *message.mutable_soundness() = wire::EncodeSoundness(progress.soundness);
  for (const ScenarioFigures& scenario : progress.scenarios) {
    v1::ScenarioState* state = message.add_scenarios();
    state->set_name(scenario.name);
    state->set_vus_active(scenario.vus_active);
    state->set_iterations_complete(scenario.iterations_complete);
  }
  return message;
}

v1::RunResult EncodeResult(const RunOutcome& outcome) {
  v1::RunResult message;
  message.set_exit_code(outcome.exit_code);
  message.set_message(outcome.message);
  message.set_setup_json(outcome.setup_json);
  if (outcome.summary) *message.mutable_summary() = wire::EncodeSummary(*outcome.summary);
  return message;
}

std::optional<RunFailure> DecodeFailure(bool has_failure, const v1::Failure& failure) {
  if (!has_failure) return std::nullopt;
  // A failure without a code must not pass for success.
  const int exit_code = failure.exit_code() == 0 ? 255 : failure.exit_code();
  return RunFailure{exit_code, failure.message()};
}

}  // namespace kload::controller
