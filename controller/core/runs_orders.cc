#include "controller/core/runs.h"

#include <utility>

#include "common/wire/plan_wire.h"
#include "controller/core/live_run.h"

namespace kload::controller {

void Runs::Do(LiveRun& live, const ClaimAgents& action) {
  for (const std::string& name : action.names) agents_.roster().Assign(name, live.id());
  // From now on there are new figures to come.
  shown_.reset();
}

void Runs::Do(LiveRun& live, const SendPrepare& action) {
  v1::ControllerMessage message;
  *message.mutable_prepare() = live.order;
  message.mutable_prepare()->set_run_id(live.id());
  v1::RunHeader& header = *message.mutable_prepare()->mutable_header();
  header.set_created_unix_ns(live.run.spec().created_unix.count());
  header.set_agents(static_cast<uint32_t>(live.run.members().size()));
  *message.mutable_prepare()->mutable_slice() = wire::EncodeSlice(action.slice);
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendSetup& action) {
  v1::ControllerMessage message;
  message.mutable_setup()->set_run_id(live.id());
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendStart& action) {
  agents_.SendStart(action.agent, live.id(), action.at, action.setup_json);
}

void Runs::Do(LiveRun& live, const SendScale& action) {
  v1::ControllerMessage message;
  message.mutable_scale()->set_run_id(live.id());
  message.mutable_scale()->set_scenario(action.scenario);
  if (action.vus) message.mutable_scale()->set_vus(*action.vus);
  if (action.rate) message.mutable_scale()->set_rate(*action.rate);
  message.mutable_scale()->set_from_ns(action.from.count());
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendAdopt& action) {
  v1::ControllerMessage message;
  message.mutable_adopt()->set_run_id(live.id());
  message.mutable_adopt()->set_epoch(action.epoch);
  for (const Part& part : action.parts) {
    *message.mutable_adopt()->add_parts() = wire::EncodePart(part);
  }
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendCede& action) {
  v1::ControllerMessage message;
  message.mutable_cede()->set_run_id(live.id());
  message.mutable_cede()->set_epoch(action.epoch);
  message.mutable_cede()->set_from_ns(action.from.count());
  for (const Slice slice : action.slices) {
    *message.mutable_cede()->add_slices() = wire::EncodeSlice(slice);
  }
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendStop& action) {
  v1::ControllerMessage message;
  message.mutable_stop()->set_run_id(live.id());
  message.mutable_stop()->set_graceful(action.graceful);
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendTeardown& action) {
  v1::ControllerMessage message;
  message.mutable_teardown()->set_run_id(live.id());
  message.mutable_teardown()->set_data_json(action.data_json);
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const SendRelease& action) {
  v1::ControllerMessage message;
  message.mutable_release()->set_run_id(live.id());
  agents_.Send(action.agent, std::move(message));
}

void Runs::Do(LiveRun& live, const FreeAgent& action) {
  agents_.roster().Free(action.agent, live.id());
}

void Runs::Do(LiveRun& live, const AcknowledgeDelta& action) {
  v1::ControllerMessage message;
  message.mutable_ack()->set_run_id(live.id());
  message.mutable_ack()->set_sequence(action.sequence);
  if (live.recorded) {
    acks_.emplace_back(action.agent, std::move(message));
  } else {
    agents_.Send(action.agent, std::move(message));
  }
}

}  // namespace kload::controller
