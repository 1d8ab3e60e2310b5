#include "common/wire/plan_wire.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "common/base/status.h"
#include "common/wire/network_wire.h"

namespace kload::wire {
namespace {

// A year each, so that their sum fits; the script's options are bounded more tightly.
constexpr int kStagesMax = 200;

absl::Status Between(std::string_view field, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} is {}, expected {} to {}", field, value, low, high));
}

absl::StatusOr<Nanos> DecodeTime(std::string_view field, int64_t ns) {
  KLOAD_RETURN_IF_ERROR(Between(field, ns, 0, kTimeMax.count()));
  return Nanos(ns);
}

v1::ExecutorKind EncodeExecutor(ExecutorKind kind) {
  switch (kind) {
    case ExecutorKind::kConstantVus:
      return v1::EXECUTOR_KIND_CONSTANT_VUS;
    case ExecutorKind::kRampingVus:
      return v1::EXECUTOR_KIND_RAMPING_VUS;
    case ExecutorKind::kPerVuIterations:
      return v1::EXECUTOR_KIND_PER_VU_ITERATIONS;
    case ExecutorKind::kSharedIterations:
      return v1::EXECUTOR_KIND_SHARED_ITERATIONS;
    case ExecutorKind::kConstantArrivalRate:
      return v1::EXECUTOR_KIND_CONSTANT_ARRIVAL_RATE;
    case ExecutorKind::kRampingArrivalRate:
      return v1::EXECUTOR_KIND_RAMPING_ARRIVAL_RATE;
    case ExecutorKind::kExternallyControlled:
      return v1::EXECUTOR_KIND_EXTERNALLY_CONTROLLED;
  }
  return v1::EXECUTOR_KIND_UNSPECIFIED;
}

absl::StatusOr<ExecutorKind> DecodeExecutor(v1::ExecutorKind message) {
  switch (message) {
    case v1::EXECUTOR_KIND_CONSTANT_VUS:
      return ExecutorKind::kConstantVus;
    case v1::EXECUTOR_KIND_RAMPING_VUS:
      return ExecutorKind::kRampingVus;
    case v1::EXECUTOR_KIND_PER_VU_ITERATIONS:
      return ExecutorKind::kPerVuIterations;
    case v1::EXECUTOR_KIND_SHARED_ITERATIONS:
      return ExecutorKind::kSharedIterations;
    case v1::EXECUTOR_KIND_CONSTANT_ARRIVAL_RATE:
      return ExecutorKind::kConstantArrivalRate;
    case v1::EXECUTOR_KIND_RAMPING_ARRIVAL_RATE:
      return ExecutorKind::kRampingArrivalRate;
    case v1::EXECUTOR_KIND_EXTERNALLY_CONTROLLED:
      return ExecutorKind::kExternallyControlled;
    default:
      return absl::InvalidArgumentError(
          fmt::format("executor is {}, which this version does not know; are all programs of the "
                      "cluster of one version?",
                      static_cast<int>(message)));
  }
}

v1::Scenario EncodeScenario(const Scenario& scenario) {
  v1::Scenario message;
  message.set_name(scenario.name);
  message.set_executor(EncodeExecutor(scenario.executor));
  message.set_start_time_ns(scenario.start_time.count());
  message.set_graceful_stop_ns(scenario.graceful_stop.count());
  message.set_exec(scenario.exec);
  message.mutable_env()->insert(scenario.env.begin(), scenario.env.end());
  message.mutable_tags()->insert(scenario.tags.begin(), scenario.tags.end());
  message.set_vus(scenario.vus);
  message.set_duration_ns(scenario.duration.count());
  message.set_start_vus(scenario.start_vus);
  for (const Stage& stage : scenario.stages) {
    v1::Stage& encoded = *message.add_stages();
    encoded.set_duration_ns(stage.duration.count());
    encoded.set_target(stage.target);
  }
  message.set_graceful_ramp_down_ns(scenario.graceful_ramp_down.count());
  message.set_iterations(scenario.iterations);
  message.set_max_duration_ns(scenario.max_duration.count());
  message.set_first_vu(scenario.first_vu);
  message.set_rate(scenario.rate);
  message.set_time_unit_ns(scenario.time_unit.count());
  message.set_pre_allocated_vus(scenario.pre_allocated_vus);
  message.set_max_vus(scenario.max_vus);
  return message;
}

absl::Status DecodeArrivals(const v1::Scenario& message, Scenario& scenario) {
  const bool constant = scenario.executor == ExecutorKind::kConstantArrivalRate;
  KLOAD_RETURN_IF_ERROR(Between("rate", message.rate(), constant ? 1 : 0, kRateMax));
  scenario.rate = message.rate();
  KLOAD_RETURN_IF_ERROR(Between("time_unit_ns", message.time_unit_ns(), 1, kTimeMax.count()));
  scenario.time_unit = Nanos(message.time_unit_ns());
  KLOAD_RETURN_IF_ERROR(Between("max_vus", message.max_vus(), 0, kVusMax));
  scenario.max_vus = message.max_vus();
  KLOAD_RETURN_IF_ERROR(
      Between("pre_allocated_vus", message.pre_allocated_vus(), 0, message.max_vus()));
  scenario.pre_allocated_vus = message.pre_allocated_vus();
  return absl::OkStatus();
}

absl::StatusOr<Scenario> DecodeScenario(const v1::Scenario& message) {
  Scenario scenario;
  if (message.name().empty()) return absl::InvalidArgumentError("name is empty");
  scenario.name = message.name();
  KLOAD_ASSIGN_OR_RETURN(scenario.executor, DecodeExecutor(message.executor()));
  KLOAD_ASSIGN_OR_RETURN(scenario.start_time, DecodeTime("start_time_ns", message.start_time_ns()));
  KLOAD_ASSIGN_OR_RETURN(scenario.graceful_stop,
                         DecodeTime("graceful_stop_ns", message.graceful_stop_ns()));
  scenario.exec = message.exec();
  scenario.env.insert(message.env().begin(), message.env().end());
  scenario.tags.insert(message.tags().begin(), message.tags().end());
  const bool controlled = IsControlled(scenario);
  KLOAD_RETURN_IF_ERROR(Between("vus", message.vus(), controlled ? 0 : 1, kVusMax));
  scenario.vus = message.vus();
  KLOAD_ASSIGN_OR_RETURN(scenario.duration, DecodeTime("duration_ns", message.duration_ns()));
  KLOAD_RETURN_IF_ERROR(Between("start_vus", message.start_vus(), 0, kVusMax));
  scenario.start_vus = message.start_vus();
  KLOAD_RETURN_IF_ERROR(Between("number of stages", message.stages_size(), 0, kStagesMax));
  for (const v1::Stage& stage : message.stages()) {
    KLOAD_ASSIGN_OR_RETURN(const Nanos duration,
                           DecodeTime("stage duration_ns", stage.duration_ns()));
    const bool rates = scenario.executor == ExecutorKind::kRampingArrivalRate;
    KLOAD_RETURN_IF_ERROR(Between("stage target", stage.target(), 0, rates ? kRateMax : kVusMax));
    scenario.stages.push_back({duration, stage.target()});
  }
  KLOAD_ASSIGN_OR_RETURN(scenario.graceful_ramp_down,
                         DecodeTime("graceful_ramp_down_ns", message.graceful_ramp_down_ns()));
  KLOAD_RETURN_IF_ERROR(
      Between("iterations", message.iterations(), 1, std::numeric_limits<int64_t>::max()));
  scenario.iterations = message.iterations();
  KLOAD_ASSIGN_OR_RETURN(scenario.max_duration,
                         DecodeTime("max_duration_ns", message.max_duration_ns()));
  KLOAD_RETURN_IF_ERROR(Between("first_vu", message.first_vu(), 0, kVusMax));
  scenario.first_vu = message.first_vu();
  if (controlled) {
    KLOAD_RETURN_IF_ERROR(Between("max_vus", message.max_vus(), scenario.vus, kVusMax));
    scenario.max_vus = message.max_vus();
  }
  if (IsArrivalRate(scenario)) KLOAD_RETURN_IF_ERROR(DecodeArrivals(message, scenario));
  return scenario;
}

v1::RunOptions EncodeOptions(const RunOptions& options) {
  v1::RunOptions message;
  message.set_user_agent(options.user_agent);
  message.set_max_redirects(options.max_redirects);
  message.set_throw_on_error(options.throw_on_error);
  message.set_insecure_skip_tls_verify(options.insecure_skip_tls_verify);
  message.set_no_connection_reuse(options.no_connection_reuse);
  message.set_no_vu_connection_reuse(options.no_vu_connection_reuse);
  message.set_discard_response_bodies(options.discard_response_bodies);
  message.set_no_cookies_reset(options.no_cookies_reset);
  message.set_batch(options.batch);
  message.set_batch_per_host(options.batch_per_host);
  message.set_setup_timeout_ns(options.setup_timeout.count());
  message.set_teardown_timeout_ns(options.teardown_timeout.count());
  message.set_min_iteration_duration_ns(options.min_iteration_duration.count());
  message.mutable_tags()->insert(options.tags.begin(), options.tags.end());
  for (const std::string& tag : options.system_tags) message.add_system_tags(tag);
  for (const std::string& tag : options.series_tags) message.add_series_tags(tag);
  message.set_time_scale(options.time_scale);
  message.set_no_setup(options.no_setup);
  message.set_no_teardown(options.no_teardown);
  EncodeNetwork(options.network, message);
  message.set_consolidated_options_json(options.consolidated_options_json);
  return message;
}

absl::StatusOr<RunOptions> DecodeOptions(const v1::RunOptions& message) {
  RunOptions options;
  options.user_agent = message.user_agent();
  KLOAD_RETURN_IF_ERROR(
      Between("max_redirects", message.max_redirects(), 0, std::numeric_limits<int32_t>::max()));
  options.max_redirects = message.max_redirects();
  options.throw_on_error = message.throw_on_error();
  options.insecure_skip_tls_verify = message.insecure_skip_tls_verify();
  options.no_connection_reuse = message.no_connection_reuse();
  options.no_vu_connection_reuse = message.no_vu_connection_reuse();
  options.discard_response_bodies = message.discard_response_bodies();
  options.no_cookies_reset = message.no_cookies_reset();
  KLOAD_RETURN_IF_ERROR(Between("batch", message.batch(), 1, kParallelMax));
  options.batch = message.batch();
  KLOAD_RETURN_IF_ERROR(Between("batch_per_host", message.batch_per_host(), 1, kParallelMax));
  options.batch_per_host = message.batch_per_host();
  KLOAD_ASSIGN_OR_RETURN(options.setup_timeout,
                         DecodeTime("setup_timeout_ns", message.setup_timeout_ns()));
  KLOAD_ASSIGN_OR_RETURN(options.teardown_timeout,
                         DecodeTime("teardown_timeout_ns", message.teardown_timeout_ns()));
  KLOAD_ASSIGN_OR_RETURN(
      options.min_iteration_duration,
      DecodeTime("min_iteration_duration_ns", message.min_iteration_duration_ns()));
  options.tags.insert(message.tags().begin(), message.tags().end());
  options.system_tags.assign(message.system_tags().begin(), message.system_tags().end());
  options.series_tags.assign(message.series_tags().begin(), message.series_tags().end());
  options.time_scale = message.time_scale() == 0 ? 1 : message.time_scale();
  if (!std::isfinite(options.time_scale) || options.time_scale < 0) {
    return absl::InvalidArgumentError(fmt::format("time_scale is {}", options.time_scale));
  }
  options.no_setup = message.no_setup();
  options.no_teardown = message.no_teardown();
  KLOAD_RETURN_IF_ERROR(DecodeNetwork(message, options.network));
  options.consolidated_options_json = message.consolidated_options_json();
  return options;
}

}  // namespace

v1::Plan EncodePlan(const TestPlan& plan) {
  v1::Plan message;
  for (const Scenario& scenario : plan.scenarios) {
    *message.add_scenarios() = EncodeScenario(scenario);
  }
  *message.mutable_options() = EncodeOptions(plan.options);
  return message;
}

absl::StatusOr<TestPlan> DecodePlan(const v1::Plan& message) {
  TestPlan plan;
  if (message.scenarios().empty()) return absl::InvalidArgumentError("plan: no scenario");
  for (int i = 0; i < message.scenarios_size(); ++i) {
    absl::StatusOr<Scenario> scenario = DecodeScenario(message.scenarios(i));
    if (!scenario.ok()) return Annotate(scenario.status(), fmt::format("plan.scenarios[{}]", i));
    plan.scenarios.push_back(*std::move(scenario));
  }
  absl::StatusOr<RunOptions> options = DecodeOptions(message.options());
  if (!options.ok()) return Annotate(options.status(), "plan.options");
  plan.options = *std::move(options);
  return plan;
}

v1::Slice EncodeSlice(Slice slice) {
  v1::Slice message;
  message.set_index(slice.index);
  message.set_count(slice.count);
  return message;
}

absl::StatusOr<Slice> DecodeSlice(const v1::Slice& message) {
  if (message.index() >= message.count()) {
    return absl::InvalidArgumentError(
        fmt::format("slice {} of {}: the index is 0-based and below the count", message.index(),
                    message.count()));
  }
  return Slice{message.index(), message.count()};
}

v1::Part EncodePart(const Part& part) {
  v1::Part message;
  *message.mutable_slice() = EncodeSlice(part.slice);
  message.set_from_ns(part.from.count());
  for (const PartBudget& budget : part.budgets) {
    v1::Budget& encoded = *message.add_budgets();
    encoded.set_scenario(budget.scenario);
    encoded.set_iterations(budget.iterations);
  }
  return message;
}

absl::StatusOr<Part> DecodePart(const v1::Part& message) {
  Part part;
  KLOAD_ASSIGN_OR_RETURN(part.slice, DecodeSlice(message.slice()));
  if (part.slice.count > kSliceCountMax) {
    return absl::InvalidArgumentError(
        fmt::format("a part of {} parts: there are at most {}", part.slice.count, kSliceCountMax));
  }
  if (message.from_ns() < 0) {
    return absl::InvalidArgumentError("a part begins before the run does");
  }
  part.from = Nanos(message.from_ns());
  for (const v1::Budget& budget : message.budgets()) {
    if (budget.iterations() < 0) {
      return absl::InvalidArgumentError(
          fmt::format("a part has {} iterations of {}", budget.iterations(), budget.scenario()));
    }
    part.budgets.push_back({budget.scenario(), budget.iterations()});
  }
  return part;
}

}  // namespace kload::wire
