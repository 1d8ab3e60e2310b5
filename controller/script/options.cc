#include "controller/script/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "controller/script/consolidate.h"
#include "controller/script/fields.h"
#include "controller/script/layers.h"
#include "controller/script/run_options.h"
#include "controller/script/scenario_options.h"
#include "controller/script/threshold_options.h"

namespace kload::controller {
namespace {

constexpr double kTimeScaleMax = 100;

// Two options that each describe the whole load, in one layer.
void CheckConflicts(const Layers& layers, Problems& problems) {
  constexpr std::pair<const char*, const char*> kConflicts[] = {{"iterations", "stages"},
                                                                {"iterations", "scenarios"},
                                                                {"duration", "stages"},
                                                                {"duration", "scenarios"},
                                                                {"stages", "scenarios"}};
  for (const auto& [one, other] : kConflicts) {
    if (layers.Find(one) == nullptr || layers.Find(other) == nullptr) continue;
    problems.Add(layers.PathOf(other),
                 fmt::format("cannot be combined with {}: each of them describes the whole load",
                             layers.PathOf(one)));
  }
}

// The scenario "default" that vus, duration, iterations and stages stand for.
Scenario FromShortcuts(const Layers& layers, Problems& problems) {
  Scenario scenario;
  const Json* vus = layers.Find("vus");
  if (vus != nullptr) {
    scenario.vus = ReadInteger(*vus, layers.PathOf("vus"), 1, kVusMax, problems).value_or(1);
  }
  const auto duration = [&](const char* key, Nanos fallback) {
    const Json* value = layers.Find(key);
    if (value == nullptr || *value == "") return fallback;
    return ReadDuration(*value, layers.PathOf(key), std::chrono::seconds(1), problems)
        .value_or(fallback);
  };
  if (const Json* iterations = layers.Find("iterations")) {
    scenario.executor = ExecutorKind::kSharedIterations;
    const auto count = ReadInteger(*iterations, layers.PathOf("iterations"), 1,
                                   std::numeric_limits<int64_t>::max() / 2, problems);
    scenario.iterations = count.value_or(scenario.vus);
    scenario.max_duration = duration("duration", scenario.max_duration);
    CheckScenario(scenario, layers.PathOf("iterations"), problems);
  } else if (const Json* stages = layers.Find("stages")) {
    scenario.executor = ExecutorKind::kRampingVus;
    scenario.start_vus = scenario.vus;
    scenario.vus = 1;
    scenario.stages = ReadStages(*stages, layers.PathOf("stages"), kVusMax, problems);
    CheckScenario(scenario, layers.PathOf("stages"), problems);
  } else if (const Json* length = layers.Find("duration"); length != nullptr && *length != "") {
    scenario.executor = ExecutorKind::kConstantVus;
    scenario.duration = duration("duration", std::chrono::seconds(1));
  } else if (vus != nullptr) {
    scenario.executor = ExecutorKind::kSharedIterations;
    scenario.iterations = scenario.vus;
  }
  return scenario;
}

std::vector<Scenario> ReadScenarios(const Layers& layers, Problems& problems) {
  const Json* scenarios = layers.Find("scenarios");
  if (scenarios == nullptr) return {FromShortcuts(layers, problems)};
  const std::string path = layers.PathOf("scenarios");
  std::vector<Scenario> result;
  if (!scenarios->is_object()) {
    problems.Add(path, fmt::format("{} is not an object of scenarios by name", Shown(*scenarios)));
    return result;
  }
  if (layers.Find("vus") != nullptr) {
    problems.Warn(layers.PathOf("vus"), "is ignored, the scenarios have VUs of their own");
  }
  int controlled = 0;
  for (const auto& [name, config] : scenarios->items()) {
    const size_t before = problems.size();
    Scenario scenario = ReadScenario(name, config, Member(path, name), problems);
    // Rules across fields speak about defaults where a field could not be read: one line is enough.
    if (problems.size() == before) CheckScenario(scenario, Member(path, name), problems);
    controlled += IsControlled(scenario) ? 1 : 0;
    result.push_back(std::move(scenario));
  }
  if (controlled > 1) problems.Add(path, "more than one of them is externally-controlled");
  return result;
}

// Each scenario's function must be exported; setup() and teardown() need not.
void CheckFunctions(const std::vector<Scenario>& scenarios, const PlanRequest& request,
                    Problems& problems) {
  const auto exported = [&](std::string_view name) {
    return std::find(request.functions.begin(), request.functions.end(), name) !=
           request.functions.end();
  };
  const std::string known = request.functions.empty()
                                ? "it exports no function"
                                : fmt::format("it exports {}", fmt::join(request.functions, ", "));
  for (const Scenario& scenario : scenarios) {
    if (exported(scenario.exec)) continue;
    if (scenario.exec == "default") {
      problems.Add(fmt::format("scenario {}", scenario.name),
                   fmt::format("the script has no default function to run, {}; write `export "
                               "default function () {{ ... }}` or name another in exec",
                               known));
    } else {
      problems.Add(fmt::format("{}.exec", Member("options.scenarios", scenario.name)),
                   fmt::format("the script exports no function \"{}\", {}", scenario.exec, known));
    }
  }
}

void AssignVus(std::vector<Scenario>& scenarios, Problems& problems) {
  int64_t next = 0;
  for (Scenario& scenario : scenarios) {
    scenario.first_vu = next;
    next += MaxVus(scenario);
    if (next <= kVusMax) continue;
    return problems.Add("options.scenarios", fmt::format("they have more than {} VUs", kVusMax));
  }
}

void ReadAllThresholds(const Layers& layers, const PlanRequest& request, TestPlan& plan,
                       Problems& problems) {
  if (request.no_thresholds) return;
  if (const Json* thresholds = layers.Find("thresholds")) {
    plan.thresholds = ReadThresholds(*thresholds, layers.PathOf("thresholds"), problems);
  }
  for (const std::string& text : request.thresholds) {
    absl::StatusOr<ThresholdSpec> spec = ParseThresholdFlag(text);
    if (spec.ok()) {
      // Said by the script already: once is enough.
      const bool there = std::any_of(
          plan.thresholds.begin(), plan.thresholds.end(), [&](const ThresholdSpec& each) {
            return each.selector == spec->selector && each.expression == spec->expression;
          });
      if (!there) plan.thresholds.push_back(*std::move(spec));
    } else {
      problems.Add("flags", Message(spec.status()));
    }
  }
}

// All layers and the flags that are no options of k6's.
Json AllOptions(const Layers& layers, const PlanRequest& request) {
  Json options = layers.merged();
  if (request.no_setup) options["noSetup"] = true;
  if (request.no_teardown) options["noTeardown"] = true;
  for (const std::string& text : request.thresholds) {
    const absl::StatusOr<ThresholdSpec> spec = ParseThresholdFlag(text);
    if (!spec.ok()) continue;  // told by ReadAllThresholds()
    Json& list = options["thresholds"][spec->selector];
    if (!list.is_null() && !list.is_array()) list = Json::array({list});
    list.push_back(spec->expression);
  }
  return options;
}

void Scale(TestPlan& plan, double scale, Problems& problems) {
  if (scale == 0 || scale == 1) return;
  if (!std::isfinite(scale) || scale < 0 || scale > kTimeScaleMax) {
    return problems.Add("--time-scale",
                        fmt::format("{} is not above 0 and at most {}", scale, kTimeScaleMax));
  }
  ScaleTime(plan, scale);
  for (const Scenario& scenario : plan.scenarios) {
    const Nanos end = scenario.start_time + RegularDuration(scenario);
    if (end <= kTimeMax) continue;
    problems.Add("--time-scale", fmt::format("with {}, scenario {} takes longer than {}", scale,
                                             scenario.name, FormatDuration(kTimeMax)));
  }
}

}  // namespace

absl::StatusOr<PlannedTest> PlanTest(const PlanRequest& request) {
  Problems problems;
  const Layers layers({{"config", request.config_json},
                       {"options", request.options_json},
                       {"environment", request.environment_json},
                       {"flags", request.overrides_json}},
                      problems);
  PlannedTest test;
  TestPlan& plan = test.plan;
  CheckConflicts(layers, problems);
  plan.options = ReadRunOptions(layers, problems);
  plan.options.no_setup |= request.no_setup;
  plan.options.no_teardown |= request.no_teardown;
  plan.scenarios = ReadScenarios(layers, problems);
  ReadAllThresholds(layers, request, plan, problems);
  CheckFunctions(plan.scenarios, request, problems);
  AssignVus(plan.scenarios, problems);
  // Only a plan without problems has options that can be shown and times that can be multiplied.
  if (problems.size() == 0) {
    const Json options = AllOptions(layers, request);
    test.merged_json = options.dump(-1, ' ', false, Json::error_handler_t::replace);
    plan.options.consolidated_options_json = ConsolidateOptions(options, plan);
    Scale(plan, request.time_scale, problems);
  }
  KLOAD_RETURN_IF_ERROR(problems.status());
  test.warnings = problems.warnings();
  return test;
}

}  // namespace kload::controller
