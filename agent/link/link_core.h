// What an agent does on its controller's orders, and what without them: the link without its thread.
//
// Data path: controller -> Uplink -> LinkCore -> RunSession -> Crew; WorkerEvent -> LinkCore -> RunSession -> Outgoing.
// Thread:    the link's; no I/O but the spool's, time comes from the clock and by the timers.
// Stalled:   a process that did not run for longer than its controller waits for a heartbeat was counted as lost, and its
//            part is run by others: it stops its load as soon as it runs again.
// Away:      a running load goes on while the controller is away, and what it measures is kept (see Outbox). When
//            nobody has been heard of for `orphan_after`, the load is stopped: nobody is there to stop it.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/link/crew.h"
#include "agent/link/health.h"
#include "agent/link/outgoing.h"
#include "agent/link/run_session.h"
#include "agent/link/stall_watch.h"
#include "agent/link/stream.h"
#include "agent/link/uplink.h"
#include "agent/vu/timer_queue.h"
#include "agent/worker/messages.h"
#include "common/base/clock.h"
#include "kload/v1/cluster.pb.h"

namespace kload::agent {

class LinkCore final : private UplinkListener {
 public:
  struct Options {
    std::string where;  // the controller, for people
    std::string name;
    std::string incarnation;
    std::string version;
    Nanos orphan_after = std::chrono::seconds(60);
    AllowList allow = {};  // where scripts may send to
    // Folder for the deltas of each run, until the controller has them all; empty: none.
    std::string spool_dir = {};
    // How long a shutdown waits for samples to be acknowledged.
    Nanos flush_timeout = std::chrono::seconds(5);
    // Whether a load is stopped after a stall; not for an agent in its controller's process, which stalls with it.
    bool fences = true;
    // An acknowledgement that is owed for longer means that the stream is no good.
    Nanos ack_timeout = std::chrono::seconds(20);
    uint64_t seed = 0;  // of the jitter between attempts to connect
  };
  // What it needs of its surroundings; all outlive it.
  struct World {
    const Clock& clock;
    TimerQueue& timers;
    Crew& crew;
    Dialler dial;
    // Has `work` done on the link's thread, later. Called on any.
    std::function<void(std::function<void()> work)> post;
    // Of this process, at a steady time.
    std::function<ProcessHealth(Nanos now)> measure;
    // The agent is of no more use: refused by the controller (FailedPrecondition, a message for people), or leaving (OK). Once.
    std::function<void(absl::Status)> on_end;
    // After Leave(): nothing is at work any more. The last call; this may be destroyed afterwards.
    std::function<void()> on_closed;
  };

  LinkCore(Options options, World world);
  ~LinkCore() override;

  // Begins to connect. Once.
  void Open();
  void OnEvent(WorkerEvent event);
  // Stops the load at once, sends what it measured if the controller is there and closes the stream: on_closed follows, within
  // flush_timeout and Uplink::kCloseTimeout. Idempotent.
  void Leave();

 private:
  // What the controller does, see UplinkListener.
  void OnUp(Nanos heartbeat_interval) override;
  void OnOrder(const v1::ControllerMessage& order) override;
  void OnDown() override { GoOnLeaving(); }
  void OnRefused(absl::Status why) override;
  void OnClosed() override { world_.on_closed(); }

  void OnPing(const v1::Ping& ping);
  void OnPrepare(const v1::Prepare& order);
  void OnRelease(const std::string& run_id);
  RunSession* SessionOf(const std::string& run_id);

  void BeginSession(const v1::Prepare& order);
  void EndReleasedSession();
  void Pulse();
  void WatchForOrphan(Nanos now);
  void WatchForStall(Nanos now);
  void StopEarly(const std::string& why);
  void GoOnLeaving();
  void Settle(const absl::Status& status);

  const Options options_;
  const World world_;
  const Clock& clock_;
  TimerQueue::Timer pulse_;
  TimerQueue::Timer leave_timer_;
  Outgoing outgoing_;
  Uplink uplink_;
  std::unique_ptr<RunSession> session_;
  uint64_t session_number_ = 0;  // tells a compiled script of an earlier session from this one's
  std::optional<v1::Prepare> queued_;  // begins when the session before is released
  StallWatch stall_;
  Nanos pulse_interval_;
  Nanos last_word_{0};  // steady time: until then the controller was known to care for the session
  bool orphaned_ = false;
  bool leaving_ = false;
  bool leave_now_ = false;  // the time to flush is over
  bool closing_ = false;    // the uplink is
  bool settled_ = false;    // on_end was called
};

}  // namespace kload::agent
