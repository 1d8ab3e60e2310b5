// What a k6 script may ask of its surroundings. This is the seam that makes scripts testable: agents implement it
// with fibers and sockets, the inspector with a host that refuses I/O, tests with a scripted fake.
//
// Thread: called on the thread (and fiber) that runs the script; Sleep() and Fetch() may suspend that fiber.
// Errors: Cancelled from a suspending call means that the VU is being stopped: the module then raises an
//         uncatchable JS exception, so that the script unwinds and no iteration sample is taken.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/http/message.h"
#include "common/metric/delta.h"
#include "common/metric/metric.h"

namespace kload::k6 {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// A request that was begun by Host::BeginFetch() and has ended.
struct Fetched {
  uint64_t ticket = 0;
  http::Response response;
};

// How the test as a whole is to end because a script says so.
enum class TestCall { kAbort, kFail };

// Where a script instance stands in its test, for k6/execution. Numbers are 0-based, ids 1-based.
struct Execution {
  struct ScenarioPart {
    std::string name;
    std::string executor;  // ramping-vus ...
    Nanos start_unix{0};   // of the scenario, since 1970
    double progress = 0;   // 0 to 1
    int64_t iteration_in_instance = 0;
    int64_t iteration_in_test = 0;  // no two iterations of the cluster have the same
  };
  std::optional<ScenarioPart> scenario;  // nothing in setup and teardown
  // Of the agent.
  Nanos run_time{0};
  uint64_t iterations_completed = 0;
  uint64_t iterations_interrupted = 0;
  int64_t vus_active = 0;
  int64_t vus_initialized = 0;
  // Of the VU.
  int64_t vu_in_instance = 0;
  int64_t vu_in_test = 0;
  int64_t iteration_in_instance = 0;
  int64_t iteration_in_scenario = 0;
};

class Host {
 public:
  virtual ~Host() = default;

  // ---- init code ----
  // new Counter(...) and its like. Errors: as MetricTable::Declare.
  virtual absl::StatusOr<MetricId> DeclareMetric(const MetricDef& def) = 0;

  // ---- setup, iterations, teardown ----
  // Returns after `duration` (already > 0) times the run's time scale. `may_group`: a little later, if that is when others wake
  // as well, which a script's sleep() allows and its timers do not, as their lateness would add up.
  virtual absl::Status Sleep(Nanos duration, bool may_group) = 0;
  // Sends the request, follows redirects, records the samples of every hop under `tags` and the current group. A failed request
  // is not an error: it is a response with status 0. `response` must be as made anew. Errors: Cancelled only.
  virtual absl::Status Fetch(const http::Request& request, const Tags& tags,
                             http::Response& response) = 0;
  // ---- requests beside the script ----
  // Begins what Fetch() does without waiting for it. Both references hold until `ticket`, the caller's choice, has come
  // back or AbandonFetches() has returned.
  virtual void BeginFetch(uint64_t ticket, const http::Request& request, const Tags& tags) = 0;
  // Waits until at least one of them has ended, or for `longest` (> 0, as in Sleep()): none then. Errors: Cancelled only.
  virtual absl::StatusOr<std::vector<Fetched>> AwaitFetches(std::optional<Nanos> longest) = 0;
  // Ends those that are under way, and waits for that.
  virtual void AbandonFetches() = 0;

  // Metric.add(); `tags` come on top of the VU's own.
  virtual void AddSample(MetricId metric, double value, const Tags& tags) = 0;
  // One evaluated check.
  virtual void AddCheck(std::string_view name, bool passed, const Tags& tags) = 0;
  // group(): every sample until LeaveGroup() carries the path, "::outer::inner"; LeaveGroup() records group_duration.
  // When the VU is being stopped, LeaveGroup() is not called: groups end with the entry.
  virtual void EnterGroup(std::string_view name) = 0;
  virtual void LeaveGroup() = 0;

  // ---- the test as a whole ----
  // exec.test.abort() and fail(): tells the controller; the caller ends its own entry.
  virtual void CallTest(TestCall call, std::string_view message) = 0;
  virtual Execution GetExecution() = 0;
  // exec.vu.tags: on every sample of the VU from now on. Without a value: no longer.
  virtual void SetVuTag(const std::string& name, const std::optional<std::string>& value) = 0;
  // With the VU's own, those of the run, the scenario and the group.
  virtual Tags GetVuTags() = 0;

  // ---- any time ----
  // console.* (source "console") and uncaught exceptions (source "stacktrace").
  virtual void Log(LogLevel level, std::string_view text, std::string_view source) = 0;
};

}  // namespace kload::k6
