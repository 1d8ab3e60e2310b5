#include "controller/link/agent_decoder.h"

#include <cmath>
#include <utility>

#include "common/base/status.h"
#include "common/base/utf8.h"
#include "controller/run/run_wire.h"

namespace kload::controller {
namespace {

absl::StatusOr<AgentEvent> DecodeHeartbeat(const v1::Heartbeat& message) {
  if (!std::isfinite(message.cpu_ratio()) || message.cpu_ratio() < 0) {
    return absl::InvalidArgumentError("heartbeat.cpu_ratio: not a number from 0 on");
  }
  return HeartbeatArrived{message.cpu_ratio(), message.rss_bytes(), message.run_id()};
}

PhaseDoneArrived DecodePhase(v1::PhaseDone message, bool teardown) {
  PhaseDoneArrived event;
  event.failure = DecodeFailure(message.has_failure(), message.failure());
  event.run_id = std::move(*message.mutable_run_id());
  event.data_json = std::move(*message.mutable_data_json());
  event.teardown = teardown;
  return event;
}

LogArrived DecodeLog(v1::LogLine line) {
  std::string& text = *line.mutable_text();
  if (text.size() > kLogTextMax) {
    CutUtf8(text, kLogTextMax);
    text += " [...]";
  }
  return {std::move(line)};
}

}  // namespace

absl::StatusOr<Introduced> AgentDecoder::DecodeHello(const v1::AgentMessage& message,
                                                     const std::string& address) {
  if (!message.has_hello()) {
    return absl::InvalidArgumentError("the first message of an agent's stream must be Hello");
  }
  const v1::Hello& hello = message.hello();
  return Introduced{.name = hello.name(),
                    .incarnation = hello.incarnation(),
                    .version = hello.version(),
                    .address = address,
                    .threads = hello.threads(),
                    .protocol = hello.protocol()};
}

absl::StatusOr<AgentEvent> AgentDecoder::Decode(v1::AgentMessage message, Nanos received) {
  using Message = v1::AgentMessage;
  switch (message.message_case()) {
    case Message::kHeartbeat:
      return DecodeHeartbeat(message.heartbeat());
    case Message::kPong:
      return PongArrived{Nanos(message.pong().controller_ns()), Nanos(message.pong().agent_ns()),
                         received};
    case Message::kPrepared:
      return PreparedArrived{message.prepared().run_id(), message.prepared().error()};
    case Message::kSetupDone:
      return DecodePhase(std::move(*message.mutable_setup_done()), false);
    case Message::kTeardownDone:
      return DecodePhase(std::move(*message.mutable_teardown_done()), true);
    case Message::kDelta: {
      KLOAD_ASSIGN_OR_RETURN(Delta delta, deltas_.Decode(message.delta()));
      return delta;
    }
    case Message::kTestCall:
      return TestCallArrived{message.test_call().run_id(),
                             message.test_call().kind() == v1::TestCall::ABORT,
                             message.test_call().message().substr(0, kLogTextMax)};
    case Message::kLog:
      return DecodeLog(std::move(*message.mutable_log()));
    case Message::kSamples:
      // Read by who writes them out: here they only pass through.
      return SamplesArrived{std::move(*message.mutable_samples())};
    case Message::kLeaving:
      return LeavingArrived{message.leaving().run_id()};
    case Message::kHello:
      return absl::InvalidArgumentError("Hello may come only once on a stream");
    case Message::MESSAGE_NOT_SET:
      return absl::InvalidArgumentError("an empty message, or one of a newer version");
  }
  return absl::InvalidArgumentError("a message of a newer version");
}

}  // namespace kload::controller
