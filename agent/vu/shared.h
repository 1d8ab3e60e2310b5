// What the VUs of one worker share in one run.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/http/client.h"
#include "agent/record/recorder.h"
#include "agent/vu/run_figures.h"
#include "agent/vu/side_slots.h"
#include "agent/vu/timer_queue.h"
#include "common/base/clock.h"
#include "common/k6/host.h"
#include "common/k6/script.h"
#include "common/metric/metric.h"
#include "common/plan/plan.h"

namespace kload::agent {

// A line that a script printed, or an exception of it.
struct LogRecord {
  k6::LogLevel level = k6::LogLevel::kInfo;
  std::string text;
  std::string source;    // console, stacktrace, kload
  std::string scenario;  // empty in setup, teardown and init code
  Nanos unix_time{0};
};

// A script has called exec.test.abort() or fail().
struct TestCallRecord {
  k6::TestCall call = k6::TestCall::kAbort;
  std::string message;
};

// An iteration that begins so long after it was due, though a VU was free, was kept by the generator: on a busy machine of two
// cores one in a hundred is later than 2 ms, so this is far from what a loop does that keeps up.
inline constexpr Nanos kLateAfter = std::chrono::milliseconds(20);

// Thread: the worker's. Outlives its VUs; all references outlive it.
struct VuShared {
  const Clock& clock;
  TimerQueue& timers;
  HttpShared& http;
  MetricTable& metrics;
  Recorder& recorder;
  const RunOptions& options;
  const std::shared_ptr<const std::map<std::string, std::string>> env;
  std::shared_ptr<const k6::CompiledScript> script;
  std::function<void(LogRecord)> log;
  std::function<void(TestCallRecord)> call_test;
  RunFigures& figures;                 // of the agent
  const std::atomic<bool>* interrupt;  // see k6::ScriptSettings
  std::optional<Nanos> start = {};     // steady time of run time 0, once it is known
  std::shared_ptr<const k6::Secrets> secrets = {};
  // options.consolidated_options_json, for all scripts together.
  std::shared_ptr<const std::string> options_json = {};
  SideSlots side_slots = {};
  // Since the run's start: begun late by the loop's fault, and dropped as all VUs were busy.
  uint64_t iterations_late = 0;
  uint64_t iterations_dropped = 0;

  // Run time; 0 until the start is known.
  // What k6/execution tells of the agent.
  k6::Execution AgentExecution() const;
  Nanos RunTime(Nanos steady) const { return start ? steady - *start : Nanos::zero(); }
  Nanos RunNow() const { return start ? clock.Now() - *start : Nanos::zero(); }
};

// Bounds of a VU's script. The fiber's stack is Fiber::kStackBytes; what remains is for the C++
// below a host call.
inline constexpr size_t kScriptStackBytes = 160 * 1024;
inline constexpr size_t kScriptMemoryBytes = 256 * 1024 * 1024;

// Settings of a script instance for VU `vu` (0: setup and teardown).
k6::ScriptSettings SettingsOf(const VuShared& shared, int64_t vu);

// `message` and the JS stack below it, as k6 logs an exception.
std::string ExceptionText(const k6::Outcome& outcome);

}  // namespace kload::agent
