// Messages of one agent's stream -> events for the core; whatever is wrong with them is found here.
//
// Thread: one at a time, that of gRPC which has read the message.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "common/base/clock.h"
#include "common/wire/delta_wire.h"
#include "controller/core/agent_stream.h"
#include "kload/v1/cluster.pb.h"

namespace kload::controller {

// The longest log line that goes on to followers; the rest is cut off.
inline constexpr size_t kLogTextMax = 16 * 1024;

// One per stream: definitions of series live as long as it.
class AgentDecoder {
 public:
  // The first message. `address`: of the agent, for people.
  // Errors: InvalidArgument when it is no Hello.
  static absl::StatusOr<Introduced> DecodeHello(const v1::AgentMessage& message,
                                                const std::string& address);

  // Any later message; `received` in the controller's steady time.
  // Errors: InvalidArgument or ResourceExhausted naming the field; the stream is then out of step and must end.
  absl::StatusOr<AgentEvent> Decode(v1::AgentMessage message, Nanos received);

 private:
  wire::DeltaDecoder deltas_;
};

}  // namespace kload::controller
