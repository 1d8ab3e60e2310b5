// The module `k6/execution`: where the script stands in its test, and the ways to end that.

#include <fmt/format.h>

#include <string>
#include <utility>

#include "common/js/function.h"
#include "common/k6/realm.h"
#include "common/k6/tag_object.h"

namespace kload::k6 {
namespace {

double Milliseconds(Nanos duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

enum ScenarioField {
  kName,
  kExecutor,
  kStartTime,
  kProgress,
  kIterationInInstance,
  kIterationInTest,
};

js::Value ScenarioField(const js::Call& call) {
  JSContext* cx = call.cx;
  Realm& realm = RealmOf(cx);
  if (auto wrong = RequireRun(realm, "exec.scenario"); wrong.IsException()) return wrong;
  const Execution execution = realm.host.GetExecution();
  if (!execution.scenario) {
    return js::ThrowError(cx, "exec.scenario is only available in functions that VUs run");
  }
  const Execution::ScenarioPart& scenario = *execution.scenario;
  switch (call.magic) {
    case kName:
      return js::String(cx, scenario.name);
    case kExecutor:
      return js::String(cx, scenario.executor);
    case kStartTime:
      return js::Number(cx, Milliseconds(scenario.start_unix));
    case kProgress:
      return js::Number(cx, scenario.progress);
    case kIterationInInstance:
      return js::Number(cx, static_cast<double>(scenario.iteration_in_instance));
    default:
      return js::Number(cx, static_cast<double>(scenario.iteration_in_test));
  }
}

enum InstanceField { kRunTime, kCompleted, kInterrupted, kActive, kInitialized };

js::Value InstanceField(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  if (auto wrong = RequireRun(realm, "exec.instance"); wrong.IsException()) return wrong;
  const Execution execution = realm.host.GetExecution();
  switch (call.magic) {
    case kRunTime:
      return js::Number(call.cx, Milliseconds(execution.run_time));
    case kCompleted:
      return js::Number(call.cx, static_cast<double>(execution.iterations_completed));
    case kInterrupted:
      return js::Number(call.cx, static_cast<double>(execution.iterations_interrupted));
    case kActive:
      return js::Number(call.cx, static_cast<double>(execution.vus_active));
    default:
      return js::Number(call.cx, static_cast<double>(execution.vus_initialized));
  }
}

enum VuField { kIdInInstance, kIdInTest, kVuIterationInInstance, kVuIterationInScenario };

js::Value VuField(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  if (auto wrong = RequireRun(realm, "exec.vu"); wrong.IsException()) return wrong;
  const Execution execution = realm.host.GetExecution();
  switch (call.magic) {
    case kIdInInstance:
      return js::Number(call.cx, static_cast<double>(execution.vu_in_instance));
    case kIdInTest:
      return js::Number(call.cx, static_cast<double>(execution.vu_in_test));
    case kVuIterationInInstance:
      return js::Number(call.cx, static_cast<double>(execution.iteration_in_instance));
    default:
      return js::Number(call.cx, static_cast<double>(execution.iteration_in_scenario));
  }
}

// The message of abort() and fail().
std::optional<std::string> ReadMessage(const js::Call& call) {
  if (JS_IsUndefined(call.arg(0))) return "";
  return js::ToText(call.cx, call.arg(0));
}

js::Value Abort(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  const auto message = ReadMessage(call);
  if (!message.has_value()) return js::Thrown(call.cx);
  if (realm.phase == Phase::kInit) {
    realm.host.CallTest(TestCall::kAbort, *message);
    return js::ThrowError(call.cx, "exec.test.abort(): " + *message);
  }
  if (auto wrong = RequireRun(realm, "exec.test.abort()"); wrong.IsException()) return wrong;
  realm.host.CallTest(TestCall::kAbort, *message);
  realm.engine->RequestStop();
  return realm.engine->StopNow();
}

js::Value Fail(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  if (auto wrong = RequireRun(realm, "exec.test.fail()"); wrong.IsException()) return wrong;
  const auto message = ReadMessage(call);
  if (!message.has_value()) return js::Thrown(call.cx);
  realm.host.CallTest(TestCall::kFail, *message);
  return js::Undefined(call.cx);
}

void DeepFreeze(JSContext* cx, JSValueConst value) {
  if (!JS_IsObject(value)) return;
  js::ForEachProperty(cx, value, [cx](JSAtom, JSValueConst inner) {
    DeepFreeze(cx, inner);
    return true;
  });
  const js::Value global(cx, JS_GetGlobalObject(cx));
  const js::Value object = js::Get(cx, global.get(), "Object");
  const js::Value freeze = js::Get(cx, object.get(), "freeze");
  JSValueConst argument = value;
  JS_FreeValue(cx, JS_Call(cx, freeze.get(), JS_UNDEFINED, 1, &argument));
}

js::Value Options(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  if (auto wrong = RequireRun(realm, "exec.test.options"); wrong.IsException()) return wrong;
  if (realm.test_options.IsUndefined()) {
    const std::string* json = realm.settings.options_json.get();
    js::Value options =
        json == nullptr || json->empty() ? js::Object(call.cx) : js::ParseJson(call.cx, *json);
    if (options.IsException()) return options;
    DeepFreeze(call.cx, options.get());
    realm.test_options = std::move(options);
  }
  return js::Value::Share(call.cx, realm.test_options.get());
}

js::Value NoSetter(const js::Call& call) {
  return js::ThrowTypeError(call.cx, "the values of k6/execution cannot be assigned");
}

js::Value MakeScenario(JSContext* cx) {
  js::Value scenario = js::Object(cx);
  constexpr std::pair<const char*, int> kFields[] = {{"name", kName},
                                                     {"executor", kExecutor},
                                                     {"startTime", kStartTime},
                                                     {"progress", kProgress},
                                                     {"iterationInInstance", kIterationInInstance},
                                                     {"iterationInTest", kIterationInTest}};
  for (const auto& [name, field] : kFields) {
    js::AddAccessor<ScenarioField, NoSetter>(cx, scenario.get(), name, field);
  }
  return scenario;
}

js::Value MakeInstance(JSContext* cx) {
  js::Value instance = js::Object(cx);
  constexpr std::pair<const char*, int> kFields[] = {{"currentTestRunDuration", kRunTime},
                                                     {"iterationsCompleted", kCompleted},
                                                     {"iterationsInterrupted", kInterrupted},
                                                     {"vusActive", kActive},
                                                     {"vusInitialized", kInitialized}};
  for (const auto& [name, field] : kFields) {
    js::AddAccessor<InstanceField, NoSetter>(cx, instance.get(), name, field);
  }
  return instance;
}

js::Value MakeVu(JSContext* cx) {
  js::Value vu = js::Object(cx);
  constexpr std::pair<const char*, int> kFields[] = {
      {"idInInstance", kIdInInstance},
      {"idInTest", kIdInTest},
      {"iterationInInstance", kVuIterationInInstance},
      {"iterationInScenario", kVuIterationInScenario}};
  for (const auto& [name, field] : kFields) {
    js::AddAccessor<VuField, NoSetter>(cx, vu.get(), name, field);
  }
  js::Define(cx, vu.get(), "tags", NewTagObject(cx));
  js::Value metrics = js::Object(cx);
  js::Define(cx, metrics.get(), "tags", NewTagObject(cx));
  js::Define(cx, metrics.get(), "metadata", js::Object(cx));
  js::Define(cx, vu.get(), "metrics", std::move(metrics));
  return vu;
}

js::Value MakeTest(JSContext* cx) {
  js::Value test = js::Object(cx);
  js::Define(cx, test.get(), "abort", js::NewFunction<Abort>(cx, "abort", 1));
  js::Define(cx, test.get(), "fail", js::NewFunction<Fail>(cx, "fail", 1));
  js::AddAccessor<Options, NoSetter>(cx, test.get(), "options");
  return test;
}

}  // namespace

js::Value MakeExecutionModule(Realm& realm) {
  JSContext* cx = realm.cx;
  if (!InstallTagClass(realm)) return js::Thrown(cx);
  js::Value module = js::Object(cx);
  js::Define(cx, module.get(), "scenario", MakeScenario(cx));
  js::Define(cx, module.get(), "instance", MakeInstance(cx));
  js::Define(cx, module.get(), "test", MakeTest(cx));
  js::Define(cx, module.get(), "vu", MakeVu(cx));
  return module;
}

}  // namespace kload::k6
