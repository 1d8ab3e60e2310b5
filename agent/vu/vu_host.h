// k6::Host for one VU: its script's calls become suspensions of its fiber, requests and samples.
//
// Data path: script -> VuHost -> HttpClient, Recorder.
// Thread:    its worker's. "Inside" means on the VU's fiber, "outside" in any other handler of the
// worker's loop.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/fiber/fiber.h"
#include "agent/http/client.h"
#include "agent/record/recorder.h"
#include "agent/vu/shared.h"
#include "agent/vu/side_fetch.h"
#include "agent/vu/timer_queue.h"
#include "common/k6/host.h"

namespace kload::agent {

class VuHost final : public k6::Host, private SideSlots::Waiter {
 public:
  using ExecutionSource = std::function<k6::Execution()>;
  struct Identity {
    std::string scenario;  // empty in setup and teardown
    std::map<std::string, std::string> scenario_tags;
    std::string root_group;  // "", "::setup" or "::teardown"
    int64_t vu = 0;          // __VU
  };

  // `execution` answers k6/execution; called inside.
  VuHost(VuShared& shared, Identity identity, ExecutionSource execution);
  ~VuHost() override { shared_.side_slots.StopWaiting(*this); }

  // The fiber that the script runs on; before the script is made.
  void Attach(Fiber& fiber) { fiber_ = &fiber; }

  // ---- inside, between entries into the script ----
  // Suspends until steady time `due`, or until Wake() or Cancel().
  void WaitUntil(Nanos due);
  // Suspends until Wake() or Cancel().
  void Wait();
  // Lets the loop do other things when the script has not suspended since the last BeginEntry(). Returns whether it did.
  bool YieldIfBusy();
  // Forgets groups and byte counts of the entry before; a cancelled host works again.
  void BeginEntry();
  // The next entry is an iteration that begins `delay` after it was due: its requests are recorded with that
  // added as well.
  void BeginArrival(Nanos delay);
  // Records data_sent and data_received of the entry, which ended at run time `at`.
  void EndEntry(Nanos at);
  // Closes idle connections.
  void CloseIdle() { http_.CloseIdle(); }
  // Adds a sample under the root group.
  void Record(MetricId metric, double value, Nanos at);

  // ---- outside ----
  // Ends WaitUntil() and Wait() soon; a script's sleep goes on.
  void Wake();
  // Ends whatever the fiber waits for soon; what the script waits for later fails at once, until
  // BeginEntry().
  void Cancel();
  bool cancelled() const { return cancelled_; }

  // ---- k6::Host, inside ----
  absl::StatusOr<MetricId> DeclareMetric(const MetricDef& def) override;
  absl::Status Sleep(Nanos duration, bool may_group) override;
  absl::Status Fetch(const http::Request& request, const Tags& tags,
                     http::Response& response) override;
  void BeginFetch(uint64_t ticket, const http::Request& request, const Tags& tags) override;
  absl::StatusOr<std::vector<k6::Fetched>> AwaitFetches(std::optional<Nanos> longest) override;
  void AbandonFetches() override;
  void CallTest(k6::TestCall call, std::string_view message) override;
  k6::Execution GetExecution() override { return execution_(); }
  void SetVuTag(const std::string& name, const std::optional<std::string>& value) override;
  Tags GetVuTags() override;
  void AddSample(MetricId metric, double value, const Tags& tags) override;
  void AddCheck(std::string_view name, bool passed, const Tags& tags) override;
  void EnterGroup(std::string_view name) override;
  void LeaveGroup() override;
  void Log(k6::LogLevel level, std::string_view text, std::string_view source) override;

 private:
  enum class Waits { kNo, kIdle, kScript, kFetches };
  struct Group {
    std::string path;
    Nanos entered;  // steady time
  };

  // For the clients of the VU of that number.
  ClientOwner ClientOwnerOf(int64_t vu);
  void Suspend(Waits waits);
  Nanos Scaled(Nanos script_time) const;
  // Of samples of which nobody asks the time, unless raw samples are seen: not read from the clock for nothing.
  Nanos SampleTime() const {
    return shared_.recorder.logs_samples() ? shared_.RunNow() : Nanos::zero();
  }
  void RecordHops(const http::Request& request, const Recorder::Scope* scope, const Tags& tags,
                  http::Response& response);
  void OnRoom() override { BeginOrdered(); }
  void BeginOrdered();
  void OnSideFetchEnded(SideFetch& fetch);
  std::map<std::string, std::string> TagsOf(const std::string& group_path) const;
  // `tags` with vu and iter, where these are wanted. They are as many as there are iterations, so that they would fill the
  // table of scopes. Valid until the next call.
  const Tags& Tagged(const Tags& tags) {
    return tells_vu_ || tells_iter_ ? WithIdentity(tags) : tags;
  }
  const Tags& WithIdentity(const Tags& tags);
  const Recorder::Scope* ScopeOf(const std::string& group_path);
  const std::string& group_path() const {
    return groups_.empty() ? identity_.root_group : groups_.back().path;
  }
  void LeaveAllGroups();

  VuShared& shared_;
  Fiber* fiber_ = nullptr;
  HttpClient http_;
  TimerQueue::Timer resume_;
  const bool tells_vu_;  // as a tag of each call, see Tagged()
  const bool tells_iter_;
  Waits waits_ = Waits::kNo;
  bool cancelled_ = false;
  bool suspended_ = false;  // since BeginEntry()
  bool sent_ = false;       // anything, by the request that was recorded last
  const Recorder::Scope* root_scope_ = nullptr;
  const Recorder::Scope* scope_ = nullptr;  // of the group that the script is in
  uint64_t bytes_sent_ = 0;
  uint64_t bytes_received_ = 0;
  int64_t iteration_ = -1;            // of the entry at hand
  std::vector<Group> groups_;         // that the script is in, the outermost first
  std::optional<Nanos> start_delay_;  // of an iteration that was due at a time
  Tags tagged_;                       // what Tagged() gave last
  std::map<std::string, const Recorder::Scope*, std::less<>> scopes_;  // by group path
  std::map<std::string, std::string> vu_tags_;                         // what the script has set
  std::deque<SideFetch::Order> ordered_fetches_;  // those that found no slot yet
  std::map<uint64_t, std::unique_ptr<SideFetch>>
      side_fetches_;                     // by ticket: begun and not handed out yet
  size_t fetches_under_way_ = 0;         // of them, that have not ended
  std::vector<uint64_t> ended_fetches_;  // their tickets, in order
  const Identity identity_;
  const ExecutionSource execution_;
};

}  // namespace kload::agent
