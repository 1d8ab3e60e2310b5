// config, and the frame of scenarios.
#include <fmt/format.h>

#include "common/artillery/check.h"

namespace kload::artillery {
namespace {

using Kind = Value::Kind;

constexpr std::string_view kHttpOnly = "kload sends HTTP; remove it";

std::string At(const std::string& path, size_t index) { return fmt::format("{}[{}]", path, index); }

void CheckPhase(const Value& phase, const std::string& path, Checker& checker) {
  static const std::vector<Key> kKeys = {
      {"duration"},  {"arrivalRate"}, {"rampTo"}, {"arrivalCount"},
      {"maxVusers"}, {"pause"},       {"name"},   {"mode"},
  };
  if (!checker.Map(phase, path, kKeys, "a phase")) return;
  for (const std::string_view key : {"arrivalRate", "rampTo", "arrivalCount", "maxVusers"}) {
    if (const Value* value = phase.Find(key)) {
      checker.Number(*value, fmt::format("{}.{}", path, key), "10", 0);
    }
  }
  if (const Value* mode = phase.Find("mode"); mode != nullptr && mode->text != "uniform") {
    checker.Add(
        mode->place, path + ".mode",
        fmt::format("{} is not available in kload, arrivals are uniform; remove it", Shown(*mode)));
  }
}

void CheckPayload(const Value& payload, const std::string& path, Checker& checker) {
  static const std::vector<Key> kKeys = {
      {"path"}, {"fields"}, {"order"},   {"skipHeader"}, {"delimiter"},
      {"cast"}, {"quote"},  {"loadAll"}, {"name"},       {"skipEmptyLines"},
  };
  if (!checker.Map(payload, path, kKeys, "a payload")) return;
  const Value* file = payload.Find("path");
  if (file == nullptr) {
    checker.Add(payload.place, path, "has no path; name a CSV file, path: \"users.csv\"");
  } else {
    checker.Text(*file, path + ".path", "\"users.csv\"");
  }
  for (const std::string_view key : {"skipHeader", "cast", "loadAll", "skipEmptyLines"}) {
    if (const Value* value = payload.Find(key))
      checker.Bool(*value, fmt::format("{}.{}", path, key));
  }
  const Value* all = payload.Find("loadAll");
  const bool is_whole = all != nullptr && all->boolean;
  if (is_whole && payload.Find("name") == nullptr) {
    checker.Add(payload.place, path, "has loadAll and no name; name: users makes it {{ users }}");
  }
  const Value* fields = payload.Find("fields");
  if (!is_whole && fields == nullptr) {
    checker.Add(payload.place, path, "has no fields; name the columns, fields: [\"email\"]");
  } else if (fields != nullptr) {
    checker.List(*fields, path + ".fields", "[\"email\", \"password\"]");
  }
  const Value* order = payload.Find("order");
  if (order != nullptr && order->text != "random" && order->text != "sequence") {
    checker.Add(order->place, path + ".order",
                fmt::format("{} is neither random nor sequence", Shown(*order)));
  }
}

void CheckDefaults(const Value& defaults, const std::string& path, Checker& checker) {
  static const std::vector<Key> kKeys = {{"headers"}, {"cookie"}, {"think"}, {"strictCapture"}};
  if (!checker.Map(defaults, path, kKeys, "defaults")) return;
  for (const std::string_view key : {"headers", "cookie", "think"}) {
    const Value* value = defaults.Find(key);
    if (value != nullptr && value->kind != Kind::kMap) {
      checker.Add(value->place, fmt::format("{}.{}", path, key),
                  fmt::format("{} is not a map of names and values", Shown(*value)));
    }
  }
}

void CheckHttp(const Value& http, Checker& checker) {
  static const std::vector<Key> kKeys = {
      {"timeout"},
      {"pool"},
      {"maxSockets"},
      {"defaults"},
      {"extendedMetrics"},
      {"cookieJarOptions", "cookies follow RFC 6265; remove it"},
      {"distributedTracing", "set the header traceparent in config.http.defaults.headers"},
  };
  if (!checker.Map(http, "config.http", kKeys, "config.http")) return;
  if (const Value* timeout = http.Find("timeout")) {
    checker.Number(*timeout, "config.http.timeout", "10", 0);
  }
  if (const Value* defaults = http.Find("defaults")) {
    CheckDefaults(*defaults, "config.http.defaults", checker);
  }
}

void CheckPlugins(const Value& plugins, Checker& checker) {
  constexpr std::string_view kPublish =
      "the controller has metrics at its --http address, --out sends them elsewhere";
  static const std::vector<Key> kKeys = {
      {"expect"},
      {"ensure"},
      {"metrics-by-endpoint"},
      {"publish-metrics", kPublish},
      {"apdex", "use ensure or a threshold on http_req_duration"},
      {"fuzzer", "make the values in a processor"},
      {"fake-data", "make the values in a processor, or with {{ $randomString(10) }}"},
      {"slack", "use kctl's exit code"},
      {"memory-inspector", "`kctl get agents` shows the agents' memory"},
      {"hls", kHttpOnly},
  };
  if (!checker.Map(plugins, "config.plugins", kKeys, "config.plugins")) return;
  if (const Value* expect = plugins.Find("expect");
      expect != nullptr && expect->kind == Kind::kMap) {
    checker.Map(*expect, "config.plugins.expect",
                {{"outputFormat"},
                 {"formatter"},
                 {"reportFailuresAsErrors"},
                 {"expectDefault200"},
                 {"useOnlyRequestNames"},
                 {"externalReporting", "use --out"}},
                "config.plugins.expect");
  }
  const Value* endpoints = plugins.Find("metrics-by-endpoint");
  if (endpoints != nullptr && endpoints->kind == Kind::kMap) {
    checker.Map(*endpoints, "config.plugins.metrics-by-endpoint",
                {{"useOnlyRequestNames"},
                 {"stripQueryString"},
                 {"groupDynamicURLs"},
                 {"suppressOutput"},
                 {"ignoreUnnamedRequests", "every request is in http_req_duration by its name"},
                 {"metricsNamespace", "the metrics are http_reqs and http_req_duration by name"}},
                "config.plugins.metrics-by-endpoint");
  }
}

void CheckConfigParts(const Value& config, Checker& checker) {
  if (const Value* phases = config.Find("phases")) {
    if (checker.List(*phases, "config.phases", "[{ duration: 60, arrivalRate: 10 }]")) {
      for (size_t i = 0; i < phases->items.size(); ++i) {
        CheckPhase(phases->items[i], At("config.phases", i), checker);
      }
    }
  }
  if (const Value* payload = config.Find("payload")) {
    if (payload->kind == Kind::kList) {
      for (size_t i = 0; i < payload->items.size(); ++i) {
        CheckPayload(payload->items[i], At("config.payload", i), checker);
      }
    } else {
      CheckPayload(*payload, "config.payload", checker);
    }
  }
  if (const Value* http = config.Find("http")) CheckHttp(*http, checker);
  if (const Value* defaults = config.Find("defaults")) {
    CheckDefaults(*defaults, "config.defaults", checker);
  }
  if (const Value* plugins = config.Find("plugins")) CheckPlugins(*plugins, checker);
  if (const Value* processor = config.Find("processor")) {
    checker.Text(*processor, "config.processor", "\"./helpers/auth.js\"");
  }
  if (const Value* tls = config.Find("tls")) {
    checker.Map(*tls, "config.tls",
                {{"rejectUnauthorized"},
                 {"ca", "set SSL_CERT_FILE, or rejectUnauthorized: false"},
                 {"pfx", "use the k6 option tlsAuth"},
                 {"client", "use the k6 option tlsAuth"}},
                "config.tls");
  }
}

void CheckConfig(const Value& config, Checker& checker) {
  static const std::vector<Key> kKeys = {
      {"target"},
      {"phases"},
      {"variables"},
      {"payload"},
      {"http"},
      {"defaults"},
      {"timeout"},
      {"tls"},
      {"processor"},
      {"plugins"},
      {"ensure"},
      {"environments"},
      {"includeFiles"},
      {"statsInterval"},
      {"bundling"},
      {"engines", "kload's only engine is http; remove it"},
      {"ws", kHttpOnly},
      {"socketio", kHttpOnly},
      {"socketio-v3", kHttpOnly},
      {"mode", "arrivals are uniform; remove it"},
      {"workers", "say how many agents with --agents"},
      {"apdex", "use ensure or a threshold on http_req_duration"},
  };
  checker.Map(config, "config", kKeys, "config");
  if (config.kind == Kind::kMap) CheckConfigParts(config, checker);
}

void CheckScenario(const Value& scenario, const std::string& path, Checker& checker) {
  static const std::vector<Key> kKeys = {
      {"name"},
      {"weight"},
      {"flow"},
      {"engine"},
      {"beforeScenario"},
      {"afterScenario"},
      {"beforeRequest"},
      {"afterResponse"},
      {"onError"},
      {"tags"},
      {"testFunction", "kload has no browser; use steps of requests"},
      {"flowFunction", "kload has no browser; use steps of requests"},
      {"browser", "kload has no browser; use steps of requests"},
  };
  checker.Map(scenario, path, kKeys, "a scenario");
  if (scenario.kind != Kind::kMap) return;
  if (const Value* engine = scenario.Find("engine"); engine != nullptr && engine->text != "http") {
    checker.Add(engine->place, path + ".engine",
                fmt::format("{} is not available in kload, http is; remove it", Shown(*engine)));
    return;
  }
  if (const Value* weight = scenario.Find("weight")) {
    // Templates are filled in for a vuser, and weights say which one it is.
    if (HasTemplate(weight->text)) {
      checker.Add(
          weight->place, path + ".weight",
          fmt::format("{} is not a number such as 2; weights take no templates", Shown(*weight)));
    } else {
      checker.Number(*weight, path + ".weight", "2", 0);
    }
  }
  const Value* flow = scenario.Find("flow");
  if (flow == nullptr) {
    checker.Add(scenario.place, path,
                "has no flow; give it steps, flow: [{ get: { url: \"/\" } }]");
    return;
  }
  CheckFlow(*flow, path + ".flow", checker);
}

}  // namespace

void CheckTest(const Value& test, Checker& checker) {
  if (test.kind != Kind::kMap) {
    checker.Add(test.place, "", "is not an Artillery test, a map with config and scenarios");
    return;
  }
  std::vector<Key> keys = {{"config"}, {"scenarios"}, {"before"}, {"after"}};
  for (const Member& member : test.members) {
    const bool own = member.name.starts_with('_') || member.name.starts_with("x-");
    if (own) keys.push_back({member.name});  // a place for anchors
  }
  checker.Map(test, "", keys, "a test");
  if (const Value* config = test.Find("config")) {
    CheckConfig(*config, checker);
  } else {
    checker.Add(test.place, "",
                "has no config; give it a target, config: { target: \"http://...\" }");
  }
  const Value* scenarios = test.Find("scenarios");
  if (scenarios == nullptr || (scenarios->kind == Kind::kList && scenarios->items.empty())) {
    checker.Add(scenarios == nullptr ? test.place : scenarios->place, "", "has no scenarios");
  } else if (checker.List(*scenarios, "scenarios", "[{ flow: [{ get: { url: \"/\" } }] }]")) {
    for (size_t i = 0; i < scenarios->items.size(); ++i) {
      CheckScenario(scenarios->items[i], At("scenarios", i), checker);
    }
  }
  for (const std::string key : {"before", "after"}) {
    if (const Value* hook = test.Find(key)) CheckScenario(*hook, key, checker);
  }
}

}  // namespace kload::artillery
