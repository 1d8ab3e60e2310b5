#include "controller/core/agents.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace kload::controller {
namespace {

v1::ControllerMessage StartMessage(const std::string& run_id, Nanos agent_time,
                                   const std::string& setup_json) {
  v1::ControllerMessage message;
  message.mutable_start()->set_run_id(run_id);
  message.mutable_start()->set_start_agent_ns(agent_time.count());
  message.mutable_start()->set_setup_json(setup_json);
  return message;
}

void Refuse(AgentStream& stream, const Introduced& who, std::string why) {
  spdlog::warn("agent '{}' from {} was refused: {}", who.name, who.address, why);
  v1::ControllerMessage message;
  message.mutable_welcome()->set_refused(std::move(why));
  stream.Send(std::move(message));
  stream.Close();
}

}  // namespace

Agents::Arrival Agents::Hello(LinkId link, const Introduced& who,
                              std::shared_ptr<AgentStream> stream, Nanos now) {
  Arrival arrival;
  if (who.protocol != kProtocol) {
    Refuse(*stream, who,
           fmt::format("it speaks protocol {} and this controller {}; install the same version of "
                       "kload on both",
                       who.protocol, kProtocol));
    return arrival;
  }
  Roster::Joined joined =
      roster_.Join({who.name, who.incarnation, who.version, who.address, who.threads}, link, now);
  if (!joined.refused.empty()) {
    Refuse(*stream, who, std::move(joined.refused));
    return arrival;
  }
  if (const auto old = links_.find(joined.replaced); old != links_.end()) {
    old->second.stream->Close();
    links_.erase(old);
  }
  Link& entry = links_[link];
  entry.stream = std::move(stream);
  v1::ControllerMessage welcome;
  welcome.mutable_welcome()->set_heartbeat_interval_ns(kHeartbeatInterval.count());
  entry.stream->Send(std::move(welcome));
  Ping(entry, now);
  spdlog::info("agent '{}' {} from {} (version {}, {} threads)", who.name,
               joined.returned ? "is back" : "has joined", who.address, who.version, who.threads);
  arrival.welcome = true;
  arrival.returned = joined.returned;
  arrival.lost = std::move(joined.lost);
  return arrival;
}

std::vector<LostAgent> Agents::Leave(LinkId link, Nanos now) {
  if (const Agent* agent = roster_.FindByLink(link)) {
    spdlog::info("agent '{}' has disconnected", agent->who.name);
  }
  links_.erase(link);
  return roster_.Leave(link, now);
}

void Agents::OnPong(LinkId link, const PongArrived& pong, Nanos now) {
  const auto found = links_.find(link);
  if (found == links_.end()) return;
  roster_.OnPong(link, pong.sent, pong.agent, pong.received);
  if (found->second.pings < kFirstPings) Ping(found->second, now);
  const Agent* agent = roster_.FindByLink(link);
  if (agent == nullptr || !found->second.held_start) return;
  if (const auto offset = agent->clock.offset()) ReleaseHeld(found->second, *offset);
}

void Agents::ReleaseHeld(Link& link, Nanos offset) {
  const HeldStart start = *std::exchange(link.held_start, std::nullopt);
  link.stream->Send(StartMessage(start.run_id, start.at + offset, start.setup_json));
  for (v1::ControllerMessage& message : std::exchange(link.held, {})) {
    link.stream->Send(std::move(message));
  }
}

std::vector<LostAgent> Agents::Tick(Nanos now) {
  for (auto& [id, link] : links_) {
    if (now - link.pinged_at >= kPingInterval) Ping(link, now);
  }
  std::vector<LostAgent> lost = roster_.Tick(now);
  for (const LostAgent& agent : lost) {
    spdlog::warn("agent '{}' is lost: it was not heard of for {} s", agent.name,
                 std::chrono::duration_cast<std::chrono::seconds>(kLostAfter).count());
  }
  return lost;
}

void Agents::Send(const std::string& name, v1::ControllerMessage message) {
  Link* link = LinkOf(name);
  if (link == nullptr) return;
  if (link->held_start) {
    link->held.push_back(std::move(message));
  } else {
    link->stream->Send(std::move(message));
  }
}

void Agents::SendStart(const std::string& name, const std::string& run_id, Nanos at,
                       const std::string& setup_json) {
  Link* link = LinkOf(name);
  if (link == nullptr) return;
  if (const auto offset = roster_.Find(name)->clock.offset()) {
    Send(name, StartMessage(run_id, at + *offset, setup_json));
  } else {
    link->held_start = HeldStart{run_id, at, setup_json};
  }
}

std::vector<AgentId> Agents::Idle() const {
  std::vector<AgentId> idle;
  for (const std::string& name : roster_.Idle()) {
    idle.push_back({name, roster_.agents().at(name).who.incarnation});
  }
  return idle;
}

void Agents::CloseAll() {
  for (auto& [id, link] : links_) link.stream->Close();
}

void Agents::Ping(Link& link, Nanos now) {
  ++link.pings;
  link.pinged_at = now;
  v1::ControllerMessage message;
  message.mutable_ping()->set_controller_ns(now.count());
  link.stream->Send(std::move(message));
}

Agents::Link* Agents::LinkOf(const std::string& name) {
  const Agent* agent = roster_.Find(name);
  if (agent == nullptr) return nullptr;
  const auto found = links_.find(agent->link);
  return found == links_.end() ? nullptr : &found->second;
}

}  // namespace kload::controller
