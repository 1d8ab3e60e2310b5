// The gRPC service that agents dial: kload.v1.Cluster.
//
// Data path: agent -> Connect() -> AgentDecoder -> core; core -> AgentStream -> agent.
// Thread:    gRPC's, which own nothing: they decode, post to the core thread and return.
// Bounds:    in: the next message of a stream is read when the core is done with the one before; out: kQueuedMax
//            messages wait for an agent that does not read, then its stream is ended.
#pragma once

#include <atomic>

#include "common/base/clock.h"
#include "controller/access/access.h"
#include "controller/core/core_thread.h"
#include "controller/roster/roster.h"
#include "kload/v1/cluster.grpc.pb.h"

namespace kload::controller {

class ClusterService final : public v1::Cluster::CallbackService {
 public:
  static constexpr size_t kQueuedMax = 1024;

  // All must outlive the service, and the server must be shut down before the core thread is joined.
  ClusterService(CoreThread& core, const Clock& clock, const Access& access)
      : core_(core), clock_(clock), access_(access) {}

  grpc::ServerBidiReactor<v1::AgentMessage, v1::ControllerMessage>* Connect(
      grpc::CallbackServerContext* context) override;

 private:
  CoreThread& core_;
  const Clock& clock_;
  const Access& access_;
  std::atomic<LinkId> next_link_{1};  // handed out on any of gRPC's threads
};

}  // namespace kload::controller
