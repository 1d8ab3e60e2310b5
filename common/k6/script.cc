#include "common/k6/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "common/base/status.h"
#include "common/js/engine.h"
#include "common/k6/cookie_jar_class.h"
#include "common/k6/evaluate.h"
#include "common/k6/files.h"
#include "common/k6/program.h"
#include "common/k6/realm.h"

namespace kload::k6 {

// ---- CompiledScript ----

struct CompiledScript::Impl {
  std::shared_ptr<const Program> program;
};

CompiledScript::CompiledScript() : impl_(std::make_unique<Impl>()) {}
CompiledScript::~CompiledScript() = default;

absl::StatusOr<std::shared_ptr<const CompiledScript>> CompiledScript::Compile(
    const Bundle& bundle) {
  auto program = CompileProgram(std::make_unique<BundleFiles>(bundle), bundle.main);
  if (!program.ok()) return program.status();
  std::shared_ptr<CompiledScript> script(new CompiledScript());
  script->impl_->program = *std::move(program);
  return std::shared_ptr<const CompiledScript>(std::move(script));
}

// ---- ScriptInstance ----

struct ScriptInstance::Impl {
  std::unique_ptr<Realm> realm;  // declared before all values below, which die before it
  js::Value data;                // setup's, shared by all iterations
  // Of `functions`, the one that was called last: beside what else a call touches.
  std::string last_name;
  js::Value last_function;
  js::Value exports;
  std::map<std::string, js::Value, std::less<>> functions;  // exported ones that were called

  // Null when there is no such export.
  const js::Value* FindFunction(const std::string& name);
  Outcome Call(const js::Value& function, JSValueConst argument, std::optional<Nanos> deadline,
               bool wants_result);
  Outcome Finish(js::Value result, bool wants_result);
  std::optional<Outcome> RunEventLoop();
  Outcome Exception(js::Error error, std::string_view prefix = {});
  js::Value Settled(const js::Value& result);
  Outcome Result(const js::Value& result);
  SummaryOutcome SummaryFiles(const js::Value& returned);
};

const js::Value* ScriptInstance::Impl::FindFunction(const std::string& name) {
  if (last_name == name && !last_function.IsUndefined()) return &last_function;
  const auto known = functions.find(name);
  if (known != functions.end()) {
    last_name = name;
    last_function = js::Value::Share(realm->cx, known->second.get());
    return &last_function;
  }
  realm->engine->Enter(std::nullopt);
  js::Value function = js::Get(realm->cx, exports.get(), name.c_str());
  if (!JS_IsFunction(realm->cx, function.get())) {
    if (function.IsException()) JS_FreeValue(realm->cx, JS_GetException(realm->cx));
    return nullptr;
  }
  return &functions.emplace(name, std::move(function)).first->second;
}

// How an entry ended that has thrown or been stopped.
Outcome ScriptInstance::Impl::Exception(js::Error error, std::string_view prefix) {
  Outcome outcome;
  switch (realm->engine->stop()) {
    case js::StopReason::kNone:
      outcome.kind = Outcome::Kind::kException;
      outcome.message = fmt::format("{}{}", prefix, error.text);
      outcome.stack = realm->program->places.Translate(std::move(error.stack));
      break;
    case js::StopReason::kMemory:
      outcome.kind = Outcome::Kind::kException;
      outcome.message = OutOfMemoryText(*realm);
      outcome.stack = realm->program->places.Translate(std::move(error.stack));
      break;
    case js::StopReason::kInterrupted:
      outcome.kind = Outcome::Kind::kInterrupted;
      break;
    case js::StopReason::kDeadline:
      outcome.kind = Outcome::Kind::kTimedOut;
      break;
  }
  return outcome;
}

// Jobs, then timers, until there are none: k6 ends an iteration when its event loop is empty. Nullopt when all went
// well.
std::optional<Outcome> ScriptInstance::Impl::RunEventLoop() {
  js::Engine& engine = *realm->engine;
  while (true) {
    if (auto error = engine.RunJobs()) return Exception(*std::move(error));
    if (engine.stop() != js::StopReason::kNone) return Exception({});
    if (auto error = engine.TakeUnhandledRejection()) {
      return Exception(*std::move(error), "Uncaught (in promise) ");
    }
    if (realm->timers.empty() && realm->fetches.empty()) return std::nullopt;
    // Also when a timer is due: a script that lives on timers must let others run, and be stoppable.
    std::optional<Nanos> wait;
    if (!realm->timers.empty()) {
      wait = std::max(realm->timers.next_due() - ScriptNow(*realm), Nanos(1));
    }
    if (!realm->fetches.empty()) {
      if (realm->fetches.Await(*realm, wait).IsException())
        return Exception(engine.TakeException());
      const bool due = wait && realm->timers.next_due() <= ScriptNow(*realm);
      if (!due) continue;
    } else if (SleepFor(*realm, *wait, false).IsException()) {
      return Exception(engine.TakeException());
    }
    Timer timer = realm->timers.TakeNext();
    std::vector<JSValueConst> args;
    for (const js::Value& arg : timer.args) args.push_back(arg.get());
    const js::Value callback = js::Value::Share(realm->cx, timer.callback.get());
    const js::Value result(realm->cx, JS_Call(realm->cx, callback.get(), JS_UNDEFINED,
                                              static_cast<int>(args.size()), args.data()));
    if (result.IsException()) return Exception(engine.TakeException());
    if (timer.interval >= Nanos::zero() && !realm->timers.taken_cancelled()) {
      timer.due += timer.interval;
      realm->timers.Add(std::move(timer));
    }
  }
}

// What a promise that was kept holds; anything else as it is.
js::Value ScriptInstance::Impl::Settled(const js::Value& result) {
  JSContext* cx = realm->cx;
  if (JS_IsObject(result.get()) && JS_PromiseState(cx, result.get()) == JS_PROMISE_FULFILLED) {
    return js::Value(cx, JS_PromiseResult(cx, result.get()));
  }
  return js::Value::Share(cx, result.get());
}

// setup()'s result as JSON; undefined and what JSON leaves out (functions) are empty.
Outcome ScriptInstance::Impl::Result(const js::Value& result) {
  JSContext* cx = realm->cx;
  const js::Value value = Settled(result);
  const js::Value json(cx, JS_JSONStringify(cx, value.get(), JS_UNDEFINED, JS_UNDEFINED));
  if (json.IsException()) {
    return Exception(realm->engine->TakeException(), "setup() returned what is no JSON: ");
  }
  Outcome outcome;
  if (!json.IsUndefined()) outcome.json = js::ToTextOr(cx, json.get());
  return outcome;
}

Outcome ScriptInstance::Impl::Finish(js::Value result, bool wants_result) {
  if (result.IsException()) return Exception(realm->engine->TakeException());
  if (auto failed = RunEventLoop()) return *std::move(failed);
  return wants_result ? Result(result) : Outcome();
}

Outcome ScriptInstance::Impl::Call(const js::Value& function, JSValueConst argument,
                                   std::optional<Nanos> deadline, bool wants_result) {
  JSContext* cx = realm->cx;
  realm->engine->Enter(deadline);
  Outcome outcome =
      Finish(js::Value(cx, JS_Call(cx, function.get(), JS_UNDEFINED, 1, &argument)), wants_result);
  // Also when all went well: a toJSON() of the result may have begun something.
  if (outcome.kind != Outcome::Kind::kOk || wants_result) {
    realm->fetches.Abandon(*realm);
    realm->timers.Clear();
    realm->engine->DiscardJobs();
  }
  return outcome;
}

ScriptInstance::SummaryOutcome ScriptInstance::Impl::SummaryFiles(const js::Value& returned) {
  JSContext* cx = realm->cx;
  const js::Value value = Settled(returned);
  if (JS_ToBool(cx, value.get()) <= 0) return {};
  const auto wrong = [](std::string text) {
    return SummaryOutcome{{.kind = Outcome::Kind::kException,
                           .message = "handleSummary() returned " + std::move(text) +
                                      "; expected an object such as { 'summary.json': "
                                      "JSON.stringify(data), stdout: 'text' }",
                           .stack = "",
                           .json = ""},
                          std::nullopt};
  };
  if (!JS_IsObject(value.get())) return wrong(js::ToTextOr(cx, value.get()));
  std::map<std::string, std::string> files;
  std::string bad;
  const bool read = js::ForEachProperty(cx, value.get(), [&](JSAtom path, JSValueConst content) {
    const bool text = JS_IsString(content) || js::ViewBytes(cx, content).has_value();
    if (!text && bad.empty()) bad = js::AtomText(cx, path);
    if (auto bytes = ReadBytes(cx, content)) files[js::AtomText(cx, path)] = *std::move(bytes);
    return true;
  });
  if (!read) return {Exception(realm->engine->TakeException()), std::nullopt};
  if (!bad.empty()) return wrong(fmt::format("neither text nor bytes for '{}'", bad));
  return {{}, std::move(files)};
}

ScriptInstance::ScriptInstance() : impl_(std::make_unique<Impl>()) {}
ScriptInstance::~ScriptInstance() = default;

absl::StatusOr<std::unique_ptr<ScriptInstance>> ScriptInstance::Create(
    std::shared_ptr<const CompiledScript> script, Host& host, const ScriptSettings& settings,
    bool exports_all) {
  KLOAD_ASSIGN_OR_RETURN(auto engine,
                         js::Engine::Create({.memory_bytes = settings.memory_limit_bytes,
                                             .stack_bytes = settings.stack_limit_bytes,
                                             .interrupt = settings.interrupt},
                                            script->impl_->program->needs.intrinsics));
  std::unique_ptr<ScriptInstance> instance(new ScriptInstance());
  instance->impl_->realm =
      std::make_unique<Realm>(script->impl_->program, host, settings, std::move(engine));
  instance->impl_->realm->exports_all = exports_all;
  KLOAD_ASSIGN_OR_RETURN(instance->impl_->exports, EvaluateScript(*instance->impl_->realm));
  return instance;
}

absl::StatusOr<std::unique_ptr<ScriptInstance>> ScriptInstance::Create(
    std::shared_ptr<const CompiledScript> script, Host& host, const ScriptSettings& settings) {
  auto instance = Create(script, host, settings, false);
  // Imports are found by eye, and in odd source one may have been missed. Nothing of the script has run yet: modules are
  // linked first.
  const bool missed = !instance.ok() &&
                      Message(instance.status()).find("Could not find export") != std::string::npos;
  return missed ? Create(std::move(script), host, settings, true) : std::move(instance);
}

absl::StatusOr<std::string> ScriptInstance::OptionsJson() {
  JSContext* cx = impl_->realm->cx;
  js::Engine& engine = *impl_->realm->engine;
  engine.Enter(std::nullopt);
  const js::Value options = js::Get(cx, impl_->exports.get(), "options");
  if (options.IsUndefined()) return "{}";
  const js::Value json(cx, JS_JSONStringify(cx, options.get(), JS_UNDEFINED, JS_UNDEFINED));
  if (options.IsException() || json.IsException()) {
    return absl::InvalidArgumentError(fmt::format("{}: options cannot be written as JSON: {}",
                                                  impl_->realm->program->main,
                                                  engine.TakeException().text));
  }
  return json.IsUndefined() ? "{}" : js::ToTextOr(cx, json.get());
}

std::vector<std::string> ScriptInstance::ExportedFunctions() {
  JSContext* cx = impl_->realm->cx;
  impl_->realm->engine->Enter(std::nullopt);
  std::vector<std::string> names;
  const bool ok =
      js::ForEachProperty(cx, impl_->exports.get(), [&](JSAtom name, JSValueConst value) {
        if (JS_IsFunction(cx, value)) names.push_back(js::AtomText(cx, name));
        return true;
      });
  if (!ok) JS_FreeValue(cx, JS_GetException(cx));
  return names;
}

Outcome ScriptInstance::CallSetup(std::optional<Nanos> deadline) {
  const js::Value* function = impl_->FindFunction("setup");
  if (function == nullptr) return {};
  return impl_->Call(*function, JS_UNDEFINED, deadline, true);
}

Outcome ScriptInstance::CallTeardown(const std::string& data_json, std::optional<Nanos> deadline) {
  const js::Value* function = impl_->FindFunction("teardown");
  if (function == nullptr) return {};
  if (const absl::Status status = SetData(data_json); !status.ok()) {
    return {.kind = Outcome::Kind::kException, .message = Message(status), .stack = "", .json = ""};
  }
  return impl_->Call(*function, impl_->data.get(), deadline, false);
}

absl::Status ScriptInstance::SetData(const std::string& data_json) {
  JSContext* cx = impl_->realm->cx;
  impl_->realm->engine->Enter(std::nullopt);
  if (data_json.empty()) {
    impl_->data = js::Undefined(cx);
    return absl::OkStatus();
  }
  js::Value data = js::ParseJson(cx, data_json);
  if (data.IsException()) {
    return absl::InvalidArgumentError(fmt::format("setup()'s data cannot be read: {}",
                                                  impl_->realm->engine->TakeException().text));
  }
  impl_->data = std::move(data);
  return absl::OkStatus();
}

Outcome ScriptInstance::CallIteration(const std::string& exec, int64_t iteration) {
  const js::Value* function = impl_->FindFunction(exec);
  if (function == nullptr) {
    return {.kind = Outcome::Kind::kException,
            .message = fmt::format("the script exports no function '{}'", exec),
            .stack = "",
            .json = ""};
  }
  Realm& realm = *impl_->realm;
  if (!realm.settings.no_cookies_reset) ResetCookies(realm);
  realm.iteration = static_cast<double>(iteration);
  return impl_->Call(*function, impl_->data.get(), std::nullopt, false);
}

ScriptInstance::SummaryOutcome ScriptInstance::CallHandleSummary(const std::string& data_json,
                                                                 std::optional<Nanos> deadline) {
  const js::Value* function = impl_->FindFunction("handleSummary");
  if (function == nullptr) return {};
  JSContext* cx = impl_->realm->cx;
  js::Engine& engine = *impl_->realm->engine;
  engine.Enter(deadline);
  const js::Value data = js::ParseJson(cx, data_json);
  if (data.IsException()) return {impl_->Exception(engine.TakeException()), std::nullopt};
  js::Value returned = js::Undefined(cx);
  JSValueConst argument = data.get();
  returned = js::Value(cx, JS_Call(cx, function->get(), JS_UNDEFINED, 1, &argument));
  Outcome outcome = impl_->Finish(js::Value::Share(cx, returned.get()), false);
  if (outcome.kind != Outcome::Kind::kOk) return {std::move(outcome), std::nullopt};
  return impl_->SummaryFiles(returned);
}

void ScriptInstance::OverlayEnv(const std::map<std::string, std::string>& env) {
  Realm& realm = *impl_->realm;
  realm.engine->Enter(std::nullopt);
  for (const auto& [name, value] : env) {
    js::Define(realm.cx, realm.env.get(), name.c_str(), js::String(realm.cx, value));
  }
}

void ScriptInstance::Interrupt() { impl_->realm->engine->RequestStop(); }

}  // namespace kload::k6
