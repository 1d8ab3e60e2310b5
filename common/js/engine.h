// A JavaScript engine of one VU: a QuickJS runtime with one context, its limits, and the way to stop it.
//
// Thread: one; may be entered from another stack (fiber) than it was made on.
// Stop:   a running entry ends by RequestStop(), by its deadline or by StopNow(); each raises an exception that
//         no script can catch, so that its C frames unwind. A suspended entry is never destroyed.
#pragma once

#include <absl/status/statusor.h>
#include <quickjs.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/js/heap.h"
#include "common/js/intrinsics.h"
#include "common/js/value.h"

namespace kload::js {

struct Limits {
  // Of the JavaScript heap; 0: none. At the limit large allocations fail as an exception that scripts can catch, small
  // ones as a stop of the entry, StopReason::kMemory.
  size_t memory_bytes = 0;
  size_t stack_bytes = 0;  // of native stack below an entry; 0: QuickJS' default of 1 MiB
  // While true, an entry that goes on for thousands of calls and loop turns is interrupted. May be set by any
  // thread, which is what ends a loop that never calls out. Null: none; outlives the engine.
  const std::atomic<bool>* interrupt = nullptr;
};

// An uncaught exception.
struct Error {
  // String(thrown value): `TypeError: not a function`.
  std::string text;
  // Lines `    at name (file.js:12:5)`; empty when something else than an Error was thrown.
  std::string stack;
};

enum class StopReason { kNone, kInterrupted, kDeadline, kMemory };

// What modules are loaded by. Called within JS frames: must not throw C++ exceptions.
struct ModuleLoader {
  JSModuleNormalizeFunc* normalize = nullptr;  // result by js_malloc
  JSModuleLoaderFunc* load = nullptr;
  void* opaque = nullptr;
};

class Engine {
 public:
  // Errors: ResourceExhausted when there is no memory for it.
  static absl::StatusOr<std::unique_ptr<Engine>> Create(const Limits& limits,
                                                        const Intrinsics& intrinsics = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  JSContext* cx() const { return cx_; }
  JSValueConst global() const { return global_.get(); }
  void SetModuleLoader(const ModuleLoader& loader);

  // Begins an entry on the current stack: forgets an earlier stop. `deadline` in steady time, checked every few
  // thousand calls and loop turns.
  void Enter(std::optional<Nanos> deadline);
  // Ends the running entry at its next loop turn, call or CheckStop(). From the engine's own thread.
  void RequestStop() { stop_ = StopReason::kInterrupted; }
  // Why the entry has to end, the deadline and the memory looked at now.
  StopReason stop();
  // Raises the uncatchable exception of a stop and returns the exception marker.
  Value StopNow();

  // Runs promise reactions until there are none, or until a stop. Returns the first uncaught exception of a job.
  std::optional<Error> RunJobs();
  // After a stop: throws away what is left of the entry (its jobs), so that the next one begins clean.
  void DiscardJobs();
  // The first rejection that nobody handled since the last call.
  std::optional<Error> TakeUnhandledRejection();
  // Forgets rejections with this reason: it goes on as an exception.
  void ForgetRejections(JSValueConst reason);
  // Takes the pending exception.
  Error TakeException();
  // Describes a thrown value.
  Error Describe(JSValueConst thrown);

  struct Usage {
    int64_t heap_bytes = 0;
  };
  Usage usage() const;

 private:
  explicit Engine(const Limits& limits)
      : heap_(limits.memory_bytes), interrupt_(limits.interrupt) {}
  static int OnInterrupt(JSRuntime* runtime, void* self);
  static void OnRejection(JSContext* cx, JSValueConst promise, JSValueConst reason, int is_handled,
                          void* self);

  struct Rejection {
    Value promise;
    Value reason;
  };

  Heap heap_;
  JSRuntime* runtime_ = nullptr;
  JSContext* cx_ = nullptr;
  std::vector<Rejection> rejections_;
  std::optional<Nanos> deadline_;
  StopReason stop_ = StopReason::kNone;
  Value global_;
  const std::atomic<bool>* const interrupt_;
  Intrinsics intrinsics_;  // that the context has
};

}  // namespace kload::js
