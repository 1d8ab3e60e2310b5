#include "controller/script/scenario_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

#include "common/base/duration.h"

namespace kload::controller {
namespace {

constexpr int64_t kIterationsMax = std::numeric_limits<int64_t>::max() / 2;
constexpr Nanos kShortest = std::chrono::seconds(1);  // k6's least duration of a scenario
constexpr size_t kStagesMax = 200;

struct Executor {
  ExecutorKind kind;
  std::vector<std::string_view> fields;  // beside the common ones
};

const std::array<Executor, 7>& Executors() {
  static const std::array<Executor, 7> executors = {{
      {ExecutorKind::kConstantArrivalRate,
       {"rate", "timeUnit", "duration", "preAllocatedVUs", "maxVUs"}},
      {ExecutorKind::kConstantVus, {"vus", "duration"}},
      {ExecutorKind::kExternallyControlled, {"vus", "duration", "maxVUs"}},
      {ExecutorKind::kPerVuIterations, {"vus", "iterations", "maxDuration"}},
      {ExecutorKind::kRampingArrivalRate,
       {"startRate", "timeUnit", "stages", "preAllocatedVUs", "maxVUs"}},
      {ExecutorKind::kRampingVus, {"startVUs", "stages", "gracefulRampDown"}},
      {ExecutorKind::kSharedIterations, {"vus", "iterations", "maxDuration"}},
  }};
  return executors;
}

const Executor* FindExecutor(std::string_view name) {
  for (const Executor& executor : Executors()) {
    if (ExecutorName(executor.kind) == name) return &executor;
  }
  return nullptr;
}

const Executor* ReadExecutor(const Fields& fields, Problems& problems) {
  std::string name;
  if (!fields.Require("executor", "\"ramping-vus\"")) return nullptr;
  fields.String("executor", name);
  if (name.empty()) {
    if (fields.Find("executor") != nullptr && fields.Find("executor")->is_string()) {
      problems.Add(fields.PathOf("executor"), "is empty");
    }
    return nullptr;
  }
  if (const Executor* executor = FindExecutor(name)) return executor;
  std::vector<std::string_view> names;
  for (const Executor& executor : Executors()) names.push_back(ExecutorName(executor.kind));
  problems.Add(fields.PathOf("executor"), fmt::format("\"{}\" is not an executor; there are {}",
                                                      name, fmt::join(names, ", ")));
  return nullptr;
}

bool IsScenarioName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c < 0x80 && std::isalnum(c)) || c == '_' || c == '-';
  });
}

void ReadCommon(const Fields& fields, Scenario& scenario, Problems& problems) {
  fields.Duration("startTime", scenario.start_time);
  fields.Duration("gracefulStop", scenario.graceful_stop);
  fields.String("exec", scenario.exec);
  fields.Texts("env", scenario.env);
  fields.Texts("tags", scenario.tags);
  const Json* options = fields.Find("options");
  if (options != nullptr && !options->empty()) {
    problems.Add(fields.PathOf("options"), "is not available yet (it is for browser tests)");
  }
}

}  // namespace

std::vector<std::string_view> FieldsOfExecutor(std::string_view name) {
  const Executor* executor = FindExecutor(name);
  return executor == nullptr ? std::vector<std::string_view>{} : executor->fields;
}

std::vector<Stage> ReadStages(const Json& list, const std::string& path, int64_t target_max,
                              Problems& problems) {
  std::vector<Stage> stages;
  if (!list.is_array()) {
    problems.Add(path, fmt::format("{} is not a list of stages such as [{{ duration: '30s', "
                                   "target: 10 }}]",
                                   Shown(list)));
    return stages;
  }
  if (list.size() > kStagesMax) {
    problems.Add(path, fmt::format("has {} stages, more than {}", list.size(), kStagesMax));
    return stages;
  }
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string place = fmt::format("{}[{}]", path, i);
    const Fields fields(list[i], place, problems);
    Stage stage;
    if (fields.Require("duration", "\"30s\"")) fields.Duration("duration", stage.duration);
    if (fields.Require("target", "10")) fields.Integer("target", stage.target, 0, target_max);
    fields.RefuseOthers({"duration", "target"}, "a stage");
    stages.push_back(stage);
  }
  return stages;
}

namespace {

void ReadRequiredStages(const Fields& fields, int64_t target_max, Scenario& scenario,
                        Problems& problems) {
  if (!fields.Require("stages", "[{ duration: '30s', target: 10 }]")) return;
  scenario.stages =
      ReadStages(*fields.Find("stages"), fields.PathOf("stages"), target_max, problems);
  if (fields.Find("stages")->empty()) problems.Add(fields.PathOf("stages"), "has no stage");
}

void ReadArrivalVus(const Fields& fields, Scenario& scenario, Problems& problems) {
  fields.Duration("timeUnit", scenario.time_unit, Nanos(1));
  if (fields.Require("preAllocatedVUs", "10")) {
    fields.Integer("preAllocatedVUs", scenario.pre_allocated_vus, 0, kVusMax);
  }
  scenario.max_vus = scenario.pre_allocated_vus;
  fields.Integer("maxVUs", scenario.max_vus, 0, kVusMax);
  if (scenario.max_vus < scenario.pre_allocated_vus) {
    problems.Add(fields.PathOf("maxVUs"),
                 fmt::format("{} is less than preAllocatedVUs, {}", scenario.max_vus,
                             scenario.pre_allocated_vus));
  } else if (scenario.max_vus == 0) {
    problems.Add(fields.PathOf("preAllocatedVUs"), "there is no VU; set it or maxVUs to 1 or more");
  }
}

void ReadControlled(const Fields& fields, Scenario& scenario, Problems& problems) {
  scenario.graceful_stop = Nanos::zero();  // k6's: there is none
  if (fields.Find("gracefulStop") != nullptr) {
    problems.Add(fields.PathOf("gracefulStop"), "is not a field of externally-controlled");
  }
  fields.Integer("vus", scenario.vus, 0, kVusMax);
  if (fields.Require("duration", "\"10m\"")) fields.Duration("duration", scenario.duration);
  scenario.max_vus = std::max<int64_t>(scenario.vus, 1);
  fields.Integer("maxVUs", scenario.max_vus, 1, kVusMax);
  if (scenario.max_vus < scenario.vus) {
    problems.Add(fields.PathOf("maxVUs"),
                 fmt::format("{} is less than vus, {}", scenario.max_vus, scenario.vus));
  }
}

void ReadExecutorFields(const Fields& fields, Scenario& scenario, Problems& problems) {
  switch (scenario.executor) {
    case ExecutorKind::kConstantVus:
      fields.Integer("vus", scenario.vus, 1, kVusMax);
      if (fields.Require("duration", "\"30s\"")) {
        fields.Duration("duration", scenario.duration, kShortest);
      }
      return;
    case ExecutorKind::kRampingVus:
      fields.Integer("startVUs", scenario.start_vus, 0, kVusMax);
      fields.Duration("gracefulRampDown", scenario.graceful_ramp_down);
      return ReadRequiredStages(fields, kVusMax, scenario, problems);
    case ExecutorKind::kPerVuIterations:
    case ExecutorKind::kSharedIterations:
      fields.Integer("vus", scenario.vus, 1, kVusMax);
      fields.Integer("iterations", scenario.iterations, 1, kIterationsMax);
      fields.Duration("maxDuration", scenario.max_duration, kShortest);
      return;
    case ExecutorKind::kConstantArrivalRate:
      if (fields.Require("rate", "50")) fields.Integer("rate", scenario.rate, 1, kRateMax);
      if (fields.Require("duration", "\"30s\"")) {
        fields.Duration("duration", scenario.duration, kShortest);
      }
      return ReadArrivalVus(fields, scenario, problems);
    case ExecutorKind::kRampingArrivalRate:
      fields.Integer("startRate", scenario.rate, 0, kRateMax);
      ReadRequiredStages(fields, kRateMax, scenario, problems);
      return ReadArrivalVus(fields, scenario, problems);
    case ExecutorKind::kExternallyControlled:
      return ReadControlled(fields, scenario, problems);
  }
}

}  // namespace

Scenario ReadScenario(const std::string& name, const Json& config, const std::string& path,
                      Problems& problems) {
  Scenario scenario;
  scenario.name = name;
  if (!IsScenarioName(name)) {
    problems.Add(path, "a scenario's name has only letters, digits, _ and -");
  }
  const Fields fields(config, path, problems);
  if (!config.is_object()) return scenario;
  ReadCommon(fields, scenario, problems);
  const Executor* executor = ReadExecutor(fields, problems);
  if (executor == nullptr) return scenario;
  scenario.executor = executor->kind;
  ReadExecutorFields(fields, scenario, problems);
  std::vector<std::string_view> known = {"executor", "startTime", "gracefulStop", "exec",
                                         "env",      "tags",      "options"};
  known.insert(known.end(), executor->fields.begin(), executor->fields.end());
  fields.RefuseOthers(known, ExecutorName(executor->kind));
  return scenario;
}

void CheckScenario(const Scenario& scenario, const std::string& path, Problems& problems) {
  if (scenario.executor == ExecutorKind::kSharedIterations && scenario.iterations < scenario.vus) {
    problems.Add(path, fmt::format("{} iterations are too few to share among {} VUs; each VU needs "
                                   "at least one",
                                   scenario.iterations, scenario.vus));
  }
  if (scenario.executor == ExecutorKind::kRampingVus && MaxVus(scenario) < 1) {
    problems.Add(path, "no stage has a VU; set startVUs or a target to 1 or more");
  }
  if (RegularDuration(scenario) > kTimeMax) {
    problems.Add(
        path, fmt::format("it takes {}, longer than {}", FormatDuration(RegularDuration(scenario)),
                          FormatDuration(kTimeMax)));
  }
}

}  // namespace kload::controller
