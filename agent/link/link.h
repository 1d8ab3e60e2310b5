// The agent's side of the stream to its controller: carries out its orders, reports what was measured, and knows what
// to do when it is away.
//
// Data path: controller -> Uplink -> Link -> RunSession -> Crew; WorkerEvent -> Link -> RunSession -> Outgoing.
// Thread:    one of its own, which owns everything; public functions may be called from any thread.
// Stalled:   a process that did not run for longer than its controller waits for a heartbeat was counted as lost, and its
//            part is run by others: it stops its load as soon as it runs again.
// Away:      a running load goes on while the controller is away, and what it measures is kept (see Outbox). When
//            nobody has been heard of for `orphan_after`, the load is stopped: nobody is there to stop it.
#pragma once

#include <absl/status/status.h>
#include <grpcpp/channel.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "agent/link/crew.h"
#include "agent/worker/messages.h"
#include "common/base/clock.h"

namespace kload::agent {

class Link {
 public:
  struct Options {
    std::string where;  // the controller, for people
    // A channel for one attempt to connect; called on the link's thread.
    std::function<std::shared_ptr<grpc::Channel>()> dial;
    std::string name;
    std::string incarnation;
    std::string version;
    Nanos orphan_after = std::chrono::seconds(60);
    // Folder for the deltas of each run, until the controller has them all; empty: none.
    std::string spool_dir = {};
    // How long a shutdown waits for samples to be acknowledged.
    Nanos flush_timeout = std::chrono::seconds(5);
    // Whether a load is stopped after a stall; not for an agent in its controller's process, which stalls with it.
    bool fences = true;
    // An acknowledgement that is owed for longer means that the stream is no good.
    Nanos ack_timeout = std::chrono::seconds(20);
  };

  // `clock` outlives the link.
  Link(Options options, const Clock& clock);
  // Shuts down.
  ~Link();

  // Starts the thread and begins to connect. The crew outlives Shutdown(). Once.
  void Start(Crew& crew);
  // Takes what a worker tells. Also before Start() and after Shutdown(), when it does nothing.
  void Post(WorkerEvent event);
  // Blocks until the controller refuses the agent (FailedPrecondition, a message for people) or Shutdown() is called
  // (OK).
  absl::Status Wait();
  // Stops the load at once, sends what it measured if the controller is there, closes the stream and joins the thread:
  // within flush_timeout and Uplink::kCloseTimeout. The workers still hold the run afterwards. Idempotent.
  void Shutdown();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kload::agent
