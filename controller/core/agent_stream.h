// An agent's stream as the core sees it, in both directions.
//
// Data path: agent -> stream (link) -> AgentEvent -> core; core -> AgentStream -> stream -> agent.
// Thread:    events are values, posted to the core thread; AgentStream says its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "common/base/clock.h"
#include "common/metric/delta.h"
#include "controller/run/run_event.h"
#include "kload/v1/cluster.pb.h"

namespace kload::controller {

// The only version of the stream's messages so far.
inline constexpr uint32_t kProtocol = 1;

// Implemented by link. Shared: by the core until the stream's end was posted to it, and by gRPC until its last callback.
class AgentStream {
 public:
  virtual ~AgentStream() = default;
  // Queues the message; never blocks. Nothing happens after the stream's end. Any thread.
  virtual void Send(v1::ControllerMessage message) = 0;
  // Ends the stream once everything that was queued is sent. Any thread; idempotent.
  virtual void Close() = 0;
};

// First on every stream.
struct Introduced {
  std::string name;
  std::string incarnation;
  std::string version;
  std::string address;
  uint32_t threads = 0;
  uint32_t protocol = 0;
};
struct HeartbeatArrived {
  double cpu_ratio = 0;
  uint64_t rss_bytes = 0;
  std::string run_id;  // that it works on, empty: none
};
struct PongArrived {
  Nanos sent{0};      // controller's steady time
  Nanos agent{0};     // agent's
  Nanos received{0};  // controller's
};
struct PreparedArrived {
  std::string run_id;
  std::string error;  // empty: ready
};
struct PhaseDoneArrived {
  std::string run_id;
  std::string data_json;
  std::optional<RunFailure> failure;
  bool teardown = false;  // else setup
};
struct TestCallArrived {
  std::string run_id;
  bool abort = false;  // else fail
  std::string message;
};
struct LogArrived {
  v1::LogLine line;
};

// It is about to end its load and go away by itself.
struct LeavingArrived {
  std::string run_id;
};

// Not looked into: what is wrong with it is found where it is written out.
struct SamplesArrived {
  v1::SampleBatch batch;
};

using AgentEvent = std::variant<HeartbeatArrived, PongArrived, PreparedArrived, PhaseDoneArrived,
                                Delta, TestCallArrived, LogArrived, LeavingArrived, SamplesArrived>;

}  // namespace kload::controller
