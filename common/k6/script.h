// A k6 script, compiled once per process and instantiated once per VU.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/k6/bundle.h"
#include "common/k6/host.h"

namespace kload::k6 {

class Secrets;

// Every module of a bundle as bytecode of this process. Immutable; any thread may instantiate from it. The bytecode never
// leaves the process.
class CompiledScript {
 public:
  // Errors: InvalidArgument with file:line:column for a syntax error; NotFound for an import that is not in the bundle.
  static absl::StatusOr<std::shared_ptr<const CompiledScript>> Compile(const Bundle& bundle);
  ~CompiledScript();

 private:
  friend class ScriptInstance;
  CompiledScript();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// How an entry into the script ended.
struct Outcome {
  enum class Kind {
    kOk,
    kException,    // uncaught, or out of memory; `message` has the text, `stack` the JS stack
    kInterrupted,  // the host answered Cancelled, or Interrupt() was called
    kTimedOut,     // the deadline passed (also in a loop that never calls out)
  };
  Kind kind = Kind::kOk;
  std::string message;
  std::string stack;
  // Return value as JSON (setup() only); empty for undefined.
  std::string json;
};

struct ScriptSettings {
  // Defaults of http params for this run.
  Nanos request_timeout = std::chrono::seconds(60);
  int max_redirects = 10;
  bool discard_response_bodies = false;
  bool throw_on_error = false;    // option `throw`: failed requests become exceptions
  bool no_cookies_reset = false;  // else every iteration begins without cookies
  int64_t vu = 0;                 // __VU; 0 for setup, teardown and inspection
  // __ENV; null: empty. Shared, as all VUs of a run have the same.
  std::shared_ptr<const std::map<std::string, std::string>> env;
  std::shared_ptr<const Secrets> secrets;  // of k6/secrets; null: none
  size_t memory_limit_bytes = 0;           // 0: none
  // Below the size of the stack that the script runs on; 0: QuickJS' default.
  size_t stack_limit_bytes = 0;
  // See js::Limits::interrupt: how another thread ends a script that does not come back by itself.
  const std::atomic<bool>* interrupt = nullptr;
  int batch = 20;          // requests of one http.batch() at a time
  int batch_per_host = 6;  // of these to one host
  // The test's options, as exec.test.options shows them; null: unknown.
  std::shared_ptr<const std::string> options_json;
  std::string user_agent;  // that requests have unless they name another, for scripts to read
};

// One VU's (or setup's, or the inspector's) copy of the script: a JS runtime and context of its own.
// Thread: one thread; may be entered from another stack than it was created on (the engine's stack top is refreshed on entry).
//         While an entry is suspended in the host, no other entry may begin.
class ScriptInstance {
 public:
  // Makes the runtime and runs the script's init code with `host` (which must outlive the instance).
  // Errors: InvalidArgument with message and JS stack when init code throws.
  static absl::StatusOr<std::unique_ptr<ScriptInstance>> Create(
      std::shared_ptr<const CompiledScript> script, Host& host, const ScriptSettings& settings);
  ~ScriptInstance();

  // The exported `options` as JSON, "{}" when there is none.
  absl::StatusOr<std::string> OptionsJson();
  // Names of exported functions: "default", "setup", ...
  std::vector<std::string> ExportedFunctions();

  // setup(): Outcome.json is its return value. `deadline` in steady time. Ok without such an export.
  Outcome CallSetup(std::optional<Nanos> deadline);
  // teardown(data).
  Outcome CallTeardown(const std::string& data_json, std::optional<Nanos> deadline);
  // Parses setup's data once; iterations then share the object. Empty: undefined.
  absl::Status SetData(const std::string& data_json);
  // One iteration of the exported function, with __ITER = `iteration` (0-based, of this VU).
  Outcome CallIteration(const std::string& exec, int64_t iteration);
  // handleSummary(data): what goes where, by path, "stdout" and "stderr". Nothing when there is no such export or it returns
  // nothing.
  struct SummaryOutcome {
    Outcome outcome;
    std::optional<std::map<std::string, std::string>> files;
  };
  SummaryOutcome CallHandleSummary(const std::string& data_json, std::optional<Nanos> deadline);
  // Adds or replaces entries of __ENV (scenario.env).
  void OverlayEnv(const std::map<std::string, std::string>& env);

  // Ends the running entry at its next back-edge or host call, uncatchably. Same thread (e.g. from another fiber).
  void Interrupt();

 private:
  static absl::StatusOr<std::unique_ptr<ScriptInstance>> Create(
      std::shared_ptr<const CompiledScript> script, Host& host, const ScriptSettings& settings,
      bool exports_all);
  ScriptInstance();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kload::k6
