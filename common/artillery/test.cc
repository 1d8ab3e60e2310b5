#include "common/artillery/test.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "common/artillery/check.h"
#include "common/artillery/ensure.h"
#include "common/artillery/phases.h"
#include "common/artillery/render.h"
#include "common/base/status.h"

namespace kload::artillery {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Value::Kind;

// The member, which is made (as `kind`) when there is none.
Value& Ensure(Value& map, const std::string& name, Kind kind) {
  if (map.Find(name) == nullptr) map.Set(name, Value{.kind = kind, .place = map.place});
  return *map.Find(name);
}

absl::StatusOr<Value> ObjectOf(const std::string& text, const std::string& flag) {
  KLOAD_ASSIGN_OR_RETURN(Value value, ParseDocument(text, flag));
  if (value.kind == Kind::kMap) return value;
  return absl::InvalidArgumentError(
      fmt::format("{}: {} is not a JSON object such as '{{\"name\": \"value\"}}'", flag, text));
}

Value TextValue(const std::string& text, const std::string& from) {
  return Value{.kind = Kind::kText,
               .place = {std::make_shared<const std::string>(from), 1, 1},
               .text = text};
}

absl::Status SelectEnvironment(Value& config, const std::string& name) {
  if (name.empty()) return absl::OkStatus();
  const Value* environments = config.Find("environments");
  const Value* chosen = environments == nullptr ? nullptr : environments->Find(name);
  if (chosen == nullptr) {
    std::string known;
    if (environments != nullptr) {
      for (const Member& each : environments->members)
        known += (known.empty() ? "" : ", ") + each.name;
    }
    return absl::InvalidArgumentError(
        fmt::format("--environment: the test has no environment \"{}\"; it has {}", name,
                    known.empty() ? "none" : known));
  }
  MergeOver(config, Value(*chosen));
  return absl::OkStatus();
}

// `name`: the test's file.
absl::Status SelectPayload(Value& config, const std::string& path, const std::string& name) {
  if (path.empty()) return absl::OkStatus();
  Value* payload = config.Find("payload");
  if (payload != nullptr && payload->kind == Kind::kList && payload->items.size() == 1) {
    payload = &payload->items.front();
  }
  if (payload == nullptr || payload->kind != Kind::kMap) {
    return absl::InvalidArgumentError(
        "--payload: the test must have one config.payload, which names the fields");
  }
  // The test's own paths are relative to its folder, this one to where kctl is called.
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::absolute(name, error).parent_path();
  const std::filesystem::path file = std::filesystem::absolute(path, error).lexically_normal();
  payload->Set("path",
               TextValue(file.lexically_relative(folder.lexically_normal()).string(), "--payload"));
  return absl::OkStatus();
}

// Environment, target, variables, payload and overrides, in Artillery's order.
absl::Status Apply(const TestFlags& flags, const std::string& name, Value& test) {
  if (test.kind != Kind::kMap) return absl::OkStatus();
  Value& config = Ensure(test, "config", Kind::kMap);
  KLOAD_RETURN_IF_ERROR(SelectEnvironment(config, flags.environment));
  if (!flags.target.empty()) config.Set("target", TextValue(flags.target, "--target"));
  if (!flags.variables.empty()) {
    KLOAD_ASSIGN_OR_RETURN(const Value variables, ObjectOf(flags.variables, "--variables"));
    MergeOver(Ensure(config, "variables", Kind::kMap), variables);
  }
  KLOAD_RETURN_IF_ERROR(SelectPayload(config, flags.payload, name));
  if (flags.overrides.empty()) return absl::OkStatus();
  KLOAD_ASSIGN_OR_RETURN(const Value overrides, ObjectOf(flags.overrides, "--overrides"));
  MergeOver(test, overrides);
  return absl::OkStatus();
}

absl::Status SelectScenario(Value& test, const std::string& name) {
  Value* scenarios = test.Find("scenarios");
  if (name.empty() || scenarios == nullptr) return absl::OkStatus();
  const auto is_other = [&](const Value& scenario) {
    const Value* own = scenario.Find("name");
    return own == nullptr || own->text != name;
  };
  std::erase_if(scenarios->items, is_other);
  if (!scenarios->items.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("--scenario-name: the test has no scenario \"{}\"", name));
}

// ---- For the runtime ----

bool IsStepList(std::string_view key) {
  return key == "flow" || key == "loop" || key == "parallel";
}

// A place for messages of the runtime, in each step and scenario; lists of steps in lists become one.
Json WithPlaces(const Value& map);

void AppendSteps(const Value& list, Json& out) {
  for (const Value& step : list.items) {
    step.kind == Kind::kList ? AppendSteps(step, out) : out.push_back(WithPlaces(step));
  }
}

Json WithPlaces(const Value& map) {
  Json out = ToJson(map);
  out["@"] = ToString(map.place);
  for (const Member& member : map.members) {
    if (!IsStepList(member.name)) continue;
    Json steps = Json::array();
    AppendSteps(member.value, steps);
    out[member.name] = std::move(steps);
  }
  return out;
}

Json ScriptOf(const Value& test, const TestFlags& flags, const std::string& name) {
  Json script = Json::object();
  Value config = *test.Find("config");
  std::erase_if(config.members, [](const Member& member) {
    return member.name == "environments" || member.name == "phases" || member.name == "ensure";
  });
  script["config"] = ToJson(config);
  Json& payload = script["config"]["payload"];
  if (payload.is_object()) payload = Json::array({payload});
  if (payload.is_null()) script["config"].erase("payload");
  script["scenarios"] = Json::array();
  for (const Value& scenario : test.Find("scenarios")->items) {
    script["scenarios"].push_back(WithPlaces(scenario));
  }
  for (const std::string key : {"before", "after"}) {
    if (const Value* hook = test.Find(key)) script[key] = WithPlaces(*hook);
  }
  script["file"] = name;
  if (!flags.environment.empty()) script["environment"] = flags.environment;
  return script;
}

// ---- Options ----

bool HasExpectations(const Value& value) {
  return value.Find("expect") != nullptr ||
         std::any_of(value.items.begin(), value.items.end(), HasExpectations) ||
         std::any_of(value.members.begin(), value.members.end(),
                     [](const Member& member) { return HasExpectations(member.value); });
}

// The first part of the test that has expectations; null where there are none.
const Value* Expecting(const Value& test) {
  for (const char* key : {"scenarios", "before", "after"}) {
    const Value* part = test.Find(key);
    if (part != nullptr && HasExpectations(*part)) return part;
  }
  return nullptr;
}

// Whether responses are checked that have no expectations of their own.
bool ExpectsDefault(const Value& expect) {
  const Value* all = expect.Find("expectDefault200");
  return all != nullptr && (all->boolean || all->text == "true");
}

Json ThresholdsOf(const Value& test, Checker& checker) {
  Json thresholds = Json::object();
  const Value& config = *test.Find("config");
  if (const Value* ensure = config.Find("ensure")) {
    AddEnsure(*ensure, "config.ensure", thresholds, checker);
  }
  const Value* plugins = config.Find("plugins");
  if (plugins == nullptr) return thresholds;
  if (const Value* ensure = plugins->Find("ensure")) {
    AddEnsure(*ensure, "config.plugins.ensure", thresholds, checker);
  }
  // A failed expectation fails the test.
  const Value* expect = plugins->Find("expect");
  if (expect != nullptr && (ExpectsDefault(*expect) || Expecting(test) != nullptr)) {
    thresholds["checks"].push_back("rate==1");
  }
  return thresholds;
}

Json OptionsOf(const Value& test, const TestFlags& flags, Json scenarios, Checker& checker) {
  const Value& config = *test.Find("config");
  const Value* http = config.Find("http");
  Json options = {{"scenarios", std::move(scenarios)}};
  Json thresholds = ThresholdsOf(test, checker);
  if (!thresholds.empty()) options["thresholds"] = std::move(thresholds);
  options["noVUConnectionReuse"] = http == nullptr || http->Find("pool") == nullptr;
  const Value* tls = config.Find("tls");
  const Value* verify = tls == nullptr ? nullptr : tls->Find("rejectUnauthorized");
  if (verify != nullptr && verify->text == "false") options["insecureSkipTLSVerify"] = true;
  // What Artillery prints, and what its report has.
  options["summaryTrendStats"] = {"min", "max", "avg", "med", "p(95)", "p(99)"};
  if (flags.report) {
    for (const char* more : {"p(75)", "p(90)", "p(99.9)", "count"}) {
      options["summaryTrendStats"].push_back(more);
    }
  }
  return options;
}

std::vector<std::string> WarningsOf(const Value& test) {
  std::vector<std::string> warnings;
  const Value& config = *test.Find("config");
  const Value* http = config.Find("http");
  if (const Value* pool = http == nullptr ? nullptr : http->Find("pool")) {
    warnings.push_back(
        fmt::format("{}: config.http.pool: each VU keeps its connection from vuser to vuser; how "
                    "many there are is not limited",
                    ToString(pool->place)));
  }
  const Value* plugins = config.Find("plugins");
  const Value* expecting = Expecting(test);
  if (expecting != nullptr && (plugins == nullptr || plugins->Find("expect") == nullptr)) {
    warnings.push_back(fmt::format(
        "{}: expectations are not checked without config.plugins.expect, as in Artillery",
        ToString(expecting->place)));
  }
  return warnings;
}

Scope ScopeOf(const Value& test, const TestFlags& flags,
              const std::map<std::string, std::string>& env) {
  Scope scope{.env = env, .environment = flags.environment, .variables = {}};
  const Value* config = test.Find("config");
  const Value* variables = config == nullptr ? nullptr : config->Find("variables");
  if (variables == nullptr) return scope;
  for (const Member& each : variables->members) {
    const Kind kind = each.value.kind;
    const bool is_one = kind == Kind::kText || kind == Kind::kNumber || kind == Kind::kBool;
    if (!is_one) continue;
    // Its templates may name the environment and variables before it; others have no value yet.
    Checker unknown;
    Value value = each.value;
    RenderAll(value, each.name, scope, unknown);
    if (unknown.Status().ok()) scope.variables[each.name] = value.text;
  }
  return scope;
}

// What has to be known before the test begins.
void RenderConfig(Value& test, const Scope& scope, Checker& checker) {
  Value* config = test.Find("config");
  if (config == nullptr) return;
  for (const std::string key : {"target", "phases", "payload", "ensure", "processor", "tls"}) {
    if (Value* value = config->Find(key)) RenderAll(*value, "config." + key, scope, checker);
  }
  Value* http = config->Find("http");
  Value* timeout = http == nullptr ? nullptr : http->Find("timeout");
  if (timeout != nullptr) RenderAll(*timeout, "config.http.timeout", scope, checker);
}

}  // namespace

absl::StatusOr<Test> ReadTest(const std::string& text, const std::string& name,
                              const TestFlags& flags,
                              const std::map<std::string, std::string>& env) {
  KLOAD_ASSIGN_OR_RETURN(Value value, ParseDocument(text, name));
  KLOAD_RETURN_IF_ERROR(Apply(flags, name, value));
  Checker checker;
  RenderConfig(value, ScopeOf(value, flags, env), checker);
  CheckTest(value, checker);
  KLOAD_RETURN_IF_ERROR(checker.Status());
  KLOAD_RETURN_IF_ERROR(SelectScenario(value, flags.scenario_name));

  const Value& config = *value.Find("config");
  const std::vector<Phase> phases = ReadPhases(config.Find("phases"), checker);
  PhasePlan plan = PlanPhases(phases, EstimateSession(*value.Find("scenarios")));
  Test test;
  test.name = std::filesystem::path(name).filename().string();
  test.options = OptionsOf(value, flags, std::move(plan.scenarios), checker);
  KLOAD_RETURN_IF_ERROR(checker.Status());
  test.script = ScriptOf(value, flags, test.name);
  test.script["offsets"] = std::move(plan.offsets);
  test.warnings = WarningsOf(value);
  return test;
}

}  // namespace kload::artillery
