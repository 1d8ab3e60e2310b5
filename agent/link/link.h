// The agent's side of the stream to its controller: LinkCore with a thread, timers and gRPC.
//
// Thread: one of its own, which owns everything; public functions may be called from any thread.
#pragma once

#include <absl/status/status.h>
#include <grpcpp/channel.h>

#include <functional>
#include <memory>

#include "agent/link/crew.h"
#include "agent/link/link_core.h"
#include "agent/worker/messages.h"
#include "common/base/clock.h"

namespace kload::agent {

class Link {
 public:
  // A channel for one attempt to connect; called on the link's thread.
  using Dial = std::function<std::shared_ptr<grpc::Channel>()>;

  // `clock` outlives the link.
  Link(LinkCore::Options options, Dial dial, const Clock& clock);
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
