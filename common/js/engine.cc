#include "common/js/engine.h"

#include <absl/status/status.h>

#include <algorithm>
#include <utility>

#include "common/js/function.h"

namespace kload::js {
namespace {

// A job that has to end may start others; each of them ends within QuickJS' 10,000 uninterrupted calls.
constexpr int kDiscardedJobsMax = 1'000'000;

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Create(const Limits& limits,
                                                       const Intrinsics& intrinsics) {
  std::unique_ptr<Engine> engine(new Engine(limits));
  engine->intrinsics_ = intrinsics;
  engine->runtime_ = engine->heap_.NewRuntime();
  if (engine->runtime_ == nullptr) {
    return absl::ResourceExhaustedError("no memory for a JavaScript runtime");
  }
  engine->cx_ = NewContext(engine->runtime_, engine->intrinsics_);
  if (engine->cx_ == nullptr) {
    return absl::ResourceExhaustedError("no memory for a JavaScript context");
  }
  engine->global_ = Value(engine->cx_, JS_GetGlobalObject(engine->cx_));
  if (limits.stack_bytes != 0) JS_SetMaxStackSize(engine->runtime_, limits.stack_bytes);
  JS_SetInterruptHandler(engine->runtime_, OnInterrupt, engine.get());
  JS_SetHostPromiseRejectionTracker(engine->runtime_, OnRejection, engine.get());
  return engine;
}

Engine::~Engine() {
  if (runtime_ == nullptr) return;
  JS_UpdateStackTop(runtime_);
  rejections_.clear();
  global_.Reset();
  JS_SetHostPromiseRejectionTracker(runtime_, nullptr, nullptr);
  if (cx_ != nullptr) JS_FreeContext(cx_);
  JS_FreeRuntime(runtime_);
}

void Engine::SetModuleLoader(const ModuleLoader& loader) {
  JS_SetModuleLoaderFunc(runtime_, loader.normalize, loader.load, loader.opaque);
}

void Engine::Enter(std::optional<Nanos> deadline) {
  JS_UpdateStackTop(runtime_);
  stop_ = StopReason::kNone;
  deadline_ = deadline;
  rejections_.clear();
}

StopReason Engine::stop() {
  if (deadline_.has_value() && stop_ != StopReason::kDeadline &&
      SystemClock().Now() >= *deadline_) {
    stop_ = StopReason::kDeadline;
  }
  if (heap_.beyond_limit() && stop_ == StopReason::kNone) {
    JS_RunGC(runtime_);  // perhaps it is only garbage that refers to itself
    if (heap_.beyond_limit()) stop_ = StopReason::kMemory;
  }
  return stop_;
}

Value Engine::StopNow() {
  if (stop() == StopReason::kNone) stop_ = StopReason::kInterrupted;
  return ThrowUncatchable(cx_, "interrupted");
}

int Engine::OnInterrupt(JSRuntime*, void* self) {
  auto& engine = *static_cast<Engine*>(self);
  if (engine.interrupt_ != nullptr && engine.interrupt_->load(std::memory_order_relaxed)) {
    engine.RequestStop();
  }
  return engine.stop() != StopReason::kNone;
}

void Engine::OnRejection(JSContext* cx, JSValueConst promise, JSValueConst reason, int is_handled,
                         void* self) {
  auto& rejections = static_cast<Engine*>(self)->rejections_;
  if (!is_handled) {
    rejections.push_back({Value::Share(cx, promise), Value::Share(cx, reason)});
    return;
  }
  std::erase_if(rejections, [&](const Rejection& rejection) {
    return JS_VALUE_GET_PTR(rejection.promise.get()) == JS_VALUE_GET_PTR(promise);
  });
}

std::optional<Error> Engine::RunJobs() {
  std::optional<Error> first;
  JSContext* cx = nullptr;
  while (stop_ == StopReason::kNone) {
    const int done = JS_ExecutePendingJob(runtime_, &cx);
    if (done == 0) break;
    if (done < 0) {
      Error error = TakeException();
      if (!first.has_value()) first = std::move(error);
    }
  }
  return first;
}

void Engine::DiscardJobs() {
  if (stop_ == StopReason::kNone) stop_ = StopReason::kInterrupted;
  JSContext* cx = nullptr;
  for (int i = 0; i < kDiscardedJobsMax; ++i) {
    const int done = JS_ExecutePendingJob(runtime_, &cx);
    if (done == 0) break;
    if (done < 0) JS_FreeValue(cx_, JS_GetException(cx_));
  }
  rejections_.clear();
}

std::optional<Error> Engine::TakeUnhandledRejection() {
  if (rejections_.empty()) return std::nullopt;
  Error error = Describe(rejections_.front().reason.get());
  rejections_.clear();
  return error;
}

void Engine::ForgetRejections(JSValueConst reason) {
  std::erase_if(rejections_, [&](const Rejection& rejection) {
    return JS_SameValue(cx_, rejection.reason.get(), reason) != 0;
  });
}

Error Engine::TakeException() {
  const Value thrown(cx_, JS_GetException(cx_));
  return Describe(thrown.get());
}

Error Engine::Describe(JSValueConst thrown) {
  Error error;
  if (JS_IsNull(thrown)) {  // what QuickJS throws when not even the error object finds memory
    error.text = "null (out of memory, unless the script threw it)";
    return error;
  }
  error.text = ToTextOr(cx_, thrown);
  if (JS_IsError(cx_, thrown)) {
    const Value stack = Get(cx_, thrown, "stack");
    if (stack.IsException()) {
      JS_FreeValue(cx_, JS_GetException(cx_));
    } else if (!stack.IsUndefined()) {
      error.stack = ToTextOr(cx_, stack.get());
    }
    while (error.stack.ends_with('\n')) error.stack.pop_back();
  }
  return error;
}

Engine::Usage Engine::usage() const {
  return {.heap_bytes = static_cast<int64_t>(heap_.used_bytes())};
}

}  // namespace kload::js
