#include "controller/journal/input_codec.h"

#include <utility>
#include <variant>

#include "common/base/status.h"
#include "common/wire/delta_wire.h"
#include "controller/run/run_wire.h"
#include "kload/v1/record.pb.h"

namespace kload::controller {
namespace {

using Message = v1::RecordedInput;

v1::RecordedAgent EncodeAgent(const AgentId& agent) {
  v1::RecordedAgent message;
  message.set_name(agent.name);
  message.set_incarnation(agent.incarnation);
  return message;
}

void EncodeFailure(const std::optional<RunFailure>& failure, v1::PhaseDone& message) {
  if (!failure) return;
  message.mutable_failure()->set_exit_code(failure->exit_code);
  message.mutable_failure()->set_message(failure->message);
}

// One overload for each kind of input.
struct Encoder {
  Message& out;

  void Agent(const AgentId& agent) const { *out.mutable_agent() = EncodeAgent(agent); }
  void operator()(const AgentsSeen& input) const {
    out.mutable_agents_seen()->set_number(input.connected);
    for (const AgentId& each : input.idle) {
      *out.mutable_agents_seen()->add_idle() = EncodeAgent(each);
    }
  }
  void operator()(const AgentPrepared& input) const {
    Agent(input.agent);
    out.mutable_prepared()->set_error(input.error);
  }
  void operator()(const SetupEnded& input) const {
    Agent(input.agent);
    out.mutable_setup_ended()->set_data_json(input.data_json);
    EncodeFailure(input.failure, *out.mutable_setup_ended());
  }
  void operator()(const TeardownEnded& input) const {
    Agent(input.agent);
    EncodeFailure(input.failure, *out.mutable_teardown_ended());
  }
  void operator()(const DeltaArrived& input) const {
    Agent(input.agent);
    *out.mutable_delta() = wire::DeltaEncoder().Encode(input.delta);
  }
  void operator()(const AgentLost& input) const {
    Agent(input.agent);
    out.mutable_lost()->set_text(input.why);
  }
  void operator()(const AgentReturned& input) const {
    Agent(input.agent);
    out.mutable_returned();
  }
  void operator()(const AgentLeaving& input) const {
    Agent(input.agent);
    out.mutable_leaving();
  }
  void operator()(const TestCalled& input) const {
    Agent(input.agent);
    out.mutable_test_called()->set_kind(input.abort ? v1::TestCall::ABORT : v1::TestCall::FAIL);
    out.mutable_test_called()->set_message(input.message);
  }
  void operator()(const ScaleRequested& input) const {
    out.mutable_scale()->set_scenario(input.scenario);
    if (input.vus) out.mutable_scale()->set_vus(*input.vus);
    if (input.rate) out.mutable_scale()->set_rate(*input.rate);
  }
  void operator()(const AgentsRequested& input) const {
    out.mutable_agents_requested()->set_number(input.agents);
    for (const AgentId& each : input.idle) {
      *out.mutable_agents_requested()->add_idle() = EncodeAgent(each);
    }
  }
  void operator()(const StopRequested& input) const {
    out.mutable_stop()->set_graceful(input.graceful);
    out.mutable_stop()->set_why(input.why);
  }
  void operator()(const Tick&) const { out.mutable_tick(); }
  void operator()(const ControllerReturned& input) const {
    out.mutable_controller_returned()->set_ns(input.away.count());
  }
  void operator()(const RecordBroken& input) const {
    out.mutable_record_broken()->set_text(input.why);
  }
};

std::vector<AgentId> DecodeAgents(const v1::RecordedAgentsSeen& message) {
  std::vector<AgentId> agents;
  for (const v1::RecordedAgent& each : message.idle()) {
    agents.push_back({each.name(), each.incarnation()});
  }
  return agents;
}

std::optional<RunFailure> FailureOf(const v1::PhaseDone& message) {
  return DecodeFailure(message.has_failure(), message.failure());
}

absl::StatusOr<RunInput> Decode(const Message& message) {
  const AgentId agent{message.agent().name(), message.agent().incarnation()};
  switch (message.input_case()) {
    case Message::kAgentsSeen:
      return AgentsSeen{DecodeAgents(message.agents_seen()), message.agents_seen().number()};
    case Message::kPrepared:
      return AgentPrepared{agent, message.prepared().error()};
    case Message::kSetupEnded:
      return SetupEnded{agent, message.setup_ended().data_json(), FailureOf(message.setup_ended())};
    case Message::kTeardownEnded:
      return TeardownEnded{agent, FailureOf(message.teardown_ended())};
    case Message::kDelta: {
      KLOAD_ASSIGN_OR_RETURN(Delta delta, wire::DeltaDecoder().Decode(message.delta()));
      return DeltaArrived{agent, std::move(delta)};
    }
    case Message::kLost:
      return AgentLost{agent, message.lost().text()};
    case Message::kReturned:
      return AgentReturned{agent};
    case Message::kLeaving:
      return AgentLeaving{agent};
    case Message::kTestCalled:
      return TestCalled{agent, message.test_called().kind() == v1::TestCall::ABORT,
                        message.test_called().message()};
    case Message::kScale: {
      ScaleRequested input{.scenario = message.scale().scenario()};
      if (message.scale().has_vus()) input.vus = message.scale().vus();
      if (message.scale().has_rate()) input.rate = message.scale().rate();
      return input;
    }
    case Message::kAgentsRequested:
      return AgentsRequested{static_cast<uint32_t>(message.agents_requested().number()),
                             DecodeAgents(message.agents_requested())};
    case Message::kStop:
      return StopRequested{message.stop().graceful(), message.stop().why()};
    case Message::kTick:
      return Tick{};
    case Message::kControllerReturned:
      return ControllerReturned{Nanos(message.controller_returned().ns())};
    case Message::kRecordBroken:
      return RecordBroken{message.record_broken().text()};
    case Message::INPUT_NOT_SET:
      break;
  }
  return absl::DataLossError("the run's record has an entry of a newer version");
}

}  // namespace

std::string EncodeInput(const RunInput& input, Nanos at) {
  Message message;
  message.set_at_ns(at.count());
  std::visit(Encoder{message}, input);
  return message.SerializeAsString();
}

absl::StatusOr<TimedInput> DecodeInput(const std::string& bytes) {
  Message message;
  if (!message.ParseFromString(bytes)) {
    return absl::DataLossError("an entry of the run's record cannot be read");
  }
  KLOAD_ASSIGN_OR_RETURN(RunInput input, Decode(message));
  return TimedInput{Nanos(message.at_ns()), std::move(input)};
}

}  // namespace kload::controller
