#include "common/k6/evaluate.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "common/k6/commonjs.h"
#include "common/k6/module_loader.h"

namespace kload::k6 {
namespace {

constexpr Nanos kInitTimeMax = std::chrono::minutes(1);

absl::Status Failed(Realm& realm, const js::Error& error) {
  if (realm.engine->stop() == js::StopReason::kDeadline) {
    return absl::InvalidArgumentError(
        fmt::format("{}: init code (the top level of the script) did not end within {}",
                    realm.program->main, FormatDuration(kInitTimeMax)));
  }
  std::string text = realm.engine->stop() == js::StopReason::kMemory
                         ? OutOfMemoryText(realm)
                         : PlaceMissingExport(*realm.program, error.text);
  if (!error.stack.empty()) text += "\n" + error.stack;
  text = realm.program->places.Translate(std::move(text));
  const std::string open_problem = Message(realm.open_problem);
  const bool by_open = !realm.open_problem.ok() && text.find(open_problem) != text.npos;
  return absl::Status(by_open ? realm.open_problem.code() : absl::StatusCode::kInvalidArgument,
                      text);
}

absl::Status FailedWithException(Realm& realm) {
  return Failed(realm, realm.engine->TakeException());
}

// Runs the main module's top level and that of all it imports.
absl::Status RunModule(Realm& realm, js::Value module) {
  JSContext* cx = realm.cx;
  const js::Value promise(cx, JS_EvalFunction(cx, module.Release()));
  if (promise.IsException()) return FailedWithException(realm);
  if (const auto error = realm.engine->RunJobs()) return Failed(realm, *error);
  const auto state = JS_PromiseState(cx, promise.get());
  if (state == JS_PROMISE_REJECTED) {
    const js::Value reason(cx, JS_PromiseResult(cx, promise.get()));
    return Failed(realm, realm.engine->Describe(reason.get()));
  }
  if (realm.engine->stop() != js::StopReason::kNone) return Failed(realm, {});
  if (auto error = realm.engine->TakeUnhandledRejection()) {
    error->text = "Uncaught (in promise) " + error->text;
    return Failed(realm, *error);
  }
  if (state == JS_PROMISE_PENDING) {
    return absl::InvalidArgumentError(
        fmt::format("{}: the top level awaits something that never happens", realm.program->main));
  }
  return absl::OkStatus();
}

// Runs a main module that is CommonJS. Returns its exports.
absl::StatusOr<js::Value> RunCommonJsMain(Realm& realm) {
  realm.main_resolved = true;
  js::Value exports = RequireCommonJs(realm, realm.program->main);
  if (exports.IsException()) return FailedWithException(realm);
  if (const auto error = realm.engine->RunJobs()) return Failed(realm, *error);
  if (realm.engine->stop() != js::StopReason::kNone) return Failed(realm, {});
  if (auto error = realm.engine->TakeUnhandledRejection()) {
    error->text = "Uncaught (in promise) " + error->text;
    return Failed(realm, *error);
  }
  if (JS_IsObject(exports.get())) return exports;
  return js::Object(realm.cx);  // it exports nothing that could be called
}

absl::StatusOr<js::Value> RunEsMain(Realm& realm) {
  JSContext* cx = realm.cx;
  js::Value main = ReadEsModule(realm, realm.program->main);
  if (main.IsException()) return FailedWithException(realm);
  auto* const definition = static_cast<JSModuleDef*>(JS_VALUE_GET_PTR(main.get()));
  if (JS_ResolveModule(cx, main.get()) < 0) return FailedWithException(realm);
  realm.main_resolved = true;
  KLOAD_RETURN_IF_ERROR(RunModule(realm, std::move(main)));
  js::Value exports(cx, JS_GetModuleNamespace(cx, definition));
  if (exports.IsException()) return FailedWithException(realm);
  return exports;
}

}  // namespace

absl::StatusOr<js::Value> EvaluateScript(Realm& realm) {
  JSContext* cx = realm.cx;
  InstallModuleLoader(realm);
  realm.engine->Enter(SystemClock().Now() + kInitTimeMax);
  InstallGlobals(realm);
  if (JS_HasException(cx)) return FailedWithException(realm);
  const bool commonjs = realm.program->commonjs.contains(realm.program->main);
  KLOAD_ASSIGN_OR_RETURN(js::Value exports, commonjs ? RunCommonJsMain(realm) : RunEsMain(realm));
  realm.phase = Phase::kRun;
  return exports;
}

}  // namespace kload::k6
