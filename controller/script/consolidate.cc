#include "controller/script/consolidate.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/base/duration.h"
#include "controller/script/scenario_options.h"

namespace kload::controller {
namespace {

using Ordered = nlohmann::ordered_json;

enum class Shape { kPlain, kInteger, kDuration, kStages, kScenarios, kDns };

struct Key {
  const char* name;
  Shape shape = Shape::kPlain;
};

// In the order of k6's inspect; `cloud` is left out where it is unset.
constexpr auto kKeys = std::to_array<Key>({{"paused"},
                                           {"vus", Shape::kInteger},
                                           {"duration", Shape::kDuration},
                                           {"iterations", Shape::kInteger},
                                           {"stages", Shape::kStages},
                                           {"scenarios", Shape::kScenarios},
                                           {"executionSegment"},
                                           {"executionSegmentSequence"},
                                           {"noSetup"},
                                           {"setupTimeout", Shape::kDuration},
                                           {"noTeardown"},
                                           {"teardownTimeout", Shape::kDuration},
                                           {"handleSummaryTimeout", Shape::kDuration},
                                           {"rps", Shape::kInteger},
                                           {"dns", Shape::kDns},
                                           {"maxRedirects", Shape::kInteger},
                                           {"userAgent"},
                                           {"batch", Shape::kInteger},
                                           {"batchPerHost", Shape::kInteger},
                                           {"httpDebug"},
                                           {"insecureSkipTLSVerify"},
                                           {"tlsCipherSuites"},
                                           {"tlsVersion"},
                                           {"tlsAuth"},
                                           {"throw"},
                                           {"thresholds"},
                                           {"blacklistIPs"},
                                           {"blockHostnames"},
                                           {"hosts"},
                                           {"noConnectionReuse"},
                                           {"noVUConnectionReuse"},
                                           {"minIterationDuration", Shape::kDuration},
                                           {"cloud"},
                                           {"ext"},
                                           {"summaryTrendStats"},
                                           {"summaryTimeUnit"},
                                           {"systemTags"},
                                           {"tags"},
                                           {"metricSamplesBufferSize", Shape::kInteger},
                                           {"noCookiesReset"},
                                           {"discardResponseBodies"},
                                           {"features"}});

// The scenario fields that every executor has.
constexpr std::array kCommonFields = {"executor", "startTime", "gracefulStop", "env",
                                      "exec",     "tags",      "options"};

Shape ShapeOfField(std::string_view name) {
  if (name == "stages") return Shape::kStages;
  for (const char* duration :
       {"startTime", "gracefulStop", "duration", "maxDuration", "gracefulRampDown", "timeUnit"}) {
    if (name == duration) return Shape::kDuration;
  }
  for (const char* count :
       {"vus", "iterations", "startVUs", "rate", "startRate", "preAllocatedVUs", "maxVUs"}) {
    if (name == count) return Shape::kInteger;
  }
  return Shape::kPlain;
}

Ordered Copy(const Json& value) {
  if (value.is_object()) {
    Ordered copy = Ordered::object();
    for (const auto& [key, member] : value.items()) copy[key] = Copy(member);
    return copy;
  }
  if (value.is_array()) {
    Ordered copy = Ordered::array();
    for (const Json& member : value) copy.push_back(Copy(member));
    return copy;
  }
  return Ordered(value);
}

Ordered Duration(const Json& value) {
  if (!value.is_string() && !value.is_number()) return Copy(value);
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text.empty()) return nullptr;
  const absl::StatusOr<Nanos> duration = ParseDuration(text, BareNumber::kMilliseconds);
  return duration.ok() ? Ordered(FormatDuration(*duration)) : Copy(value);
}

// Scripts may write numbers as text.
Ordered Integer(const Json& value) {
  if (!value.is_string()) return Copy(value);
  const std::string& text = value.get_ref<const std::string&>();
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return Copy(value);
  return number;
}

Ordered Field(const Json& object, const char* key, Ordered (*shaped)(const Json&)) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? Ordered() : shaped(*found);
}

Ordered Stages(const Json& value) {
  if (!value.is_array()) return Copy(value);
  Ordered stages = Ordered::array();
  for (const Json& stage : value) {
    if (!stage.is_object()) {
      stages.push_back(Copy(stage));
      continue;
    }
    stages.push_back({{"duration", Field(stage, "duration", Duration)},
                      {"target", Field(stage, "target", Integer)}});
  }
  return stages;
}

Ordered Dns(const Json& value) {
  if (!value.is_object()) return Copy(value);
  return {{"ttl", Field(value, "ttl", Copy)},
          {"select", Field(value, "select", Copy)},
          {"policy", Field(value, "policy", Copy)}};
}

Ordered Shaped(const Json& value, Shape shape);

Ordered ScenarioInOrder(const Json& config) {
  if (!config.is_object()) return Copy(config);
  Ordered out = Ordered::object();
  const auto add = [&](const std::string& name) {
    const auto found = config.find(name);
    const bool unset = found == config.end() || found->is_null();
    out[name] = unset ? Ordered() : Shaped(*found, ShapeOfField(name));
  };
  for (const char* name : kCommonFields) {
    if (std::string_view(name) != "options" || config.contains("options")) add(name);
  }
  const auto executor = config.find("executor");
  if (executor != config.end() && executor->is_string()) {
    for (const std::string_view name : FieldsOfExecutor(executor->get<std::string>())) {
      add(std::string(name));
    }
  }
  return out;
}

Ordered Scenarios(const Json& value) {
  if (!value.is_object()) return Copy(value);
  Ordered out = Ordered::object();
  for (const auto& [name, config] : value.items()) out[name] = ScenarioInOrder(config);
  return out;
}

Ordered Shaped(const Json& value, Shape shape) {
  switch (shape) {
    case Shape::kPlain:
      return Copy(value);
    case Shape::kInteger:
      return Integer(value);
    case Shape::kDuration:
      return Duration(value);
    case Shape::kStages:
      return Stages(value);
    case Shape::kScenarios:
      return Scenarios(value);
    case Shape::kDns:
      return Dns(value);
  }
  return nullptr;
}

Ordered InOrder(const Json& options) {
  Ordered out = Ordered::object();
  for (const Key& key : kKeys) {
    const auto found = options.find(key.name);
    const bool unset = found == options.end() || found->is_null();
    if (key.shape == Shape::kDns) {
      out[key.name] = Dns(unset ? Json::object() : *found);
    } else if (!unset) {
      out[key.name] = Shaped(*found, key.shape);
    } else if (std::string_view(key.name) != "cloud") {
      out[key.name] = nullptr;
    }
  }
  return out;
}

// The scenario that shortcuts stand for, as a script would write it.
Json ConfigOf(const Scenario& scenario) {
  Json config = {{"executor", ExecutorName(scenario.executor)}};
  switch (scenario.executor) {
    case ExecutorKind::kRampingVus: {
      config["startVUs"] = scenario.start_vus;
      Json& stages = config["stages"] = Json::array();
      for (const Stage& stage : scenario.stages) {
        stages.push_back({{"duration", FormatDuration(stage.duration)}, {"target", stage.target}});
      }
      return config;
    }
    case ExecutorKind::kConstantVus:
      config["vus"] = scenario.vus;
      config["duration"] = FormatDuration(scenario.duration);
      return config;
    default:
      config["vus"] = scenario.vus;
      config["iterations"] = scenario.iterations;
      config["maxDuration"] = FormatDuration(scenario.max_duration);
      return config;
  }
}

std::string Dump(const Ordered& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string OptionsAsGiven(const std::string& options_json) {
  const Json options = Json::parse(options_json, nullptr, /*allow_exceptions=*/false);
  return Dump(InOrder(options.is_object() ? options : Json::object()), 2);
}

std::string ConsolidateOptions(const Json& options, const TestPlan& plan) {
  Json filled = options;
  if (!filled.contains("scenarios") && plan.scenarios.size() == 1) {
    filled["scenarios"] = {{plan.scenarios[0].name, ConfigOf(plan.scenarios[0])}};
  }
  const auto fill = [&](const char* key, Json value) {
    const auto found = filled.find(key);
    if (found == filled.end() || found->is_null()) filled[key] = std::move(value);
  };
  fill("setupTimeout", FormatDuration(plan.options.setup_timeout));
  fill("teardownTimeout", FormatDuration(plan.options.teardown_timeout));
  fill("handleSummaryTimeout", "2m0s");
  fill("dns", Json{{"ttl", "5m"}, {"select", "random"}, {"policy", "preferIPv4"}});
  fill("maxRedirects", plan.options.max_redirects);
  fill("userAgent", plan.options.user_agent);
  fill("batch", 20);
  fill("batchPerHost", 6);
  fill("summaryTrendStats", plan.options.summary_trend_stats);
  std::vector<std::string> system_tags = plan.options.system_tags;
  std::sort(system_tags.begin(), system_tags.end());
  fill("systemTags", system_tags);
  return Dump(InOrder(filled), -1);
}

std::string ExecutionRequirements(const std::string& consolidated, const TestPlan& plan) {
  Ordered json = Ordered::parse(consolidated, nullptr, /*allow_exceptions=*/false);
  json["totalDuration"] = FormatDuration(MaxDuration(plan));
  json["maxVUs"] = TotalVus(plan);
  return Dump(json, 2);
}

}  // namespace kload::controller
