#include "controller/core/agent_listing.h"

namespace kload::controller {

std::string StateName(const Agent& agent) {
  switch (agent.state) {
    case Agent::State::kAlive:
      return agent.run.empty() ? "idle" : "busy";
    case Agent::State::kAway:
      return "away";
    case Agent::State::kLost:
      return "lost";
  }
  return "";
}

v1::ListAgentsResponse EncodeAgents(const Roster& roster, Nanos now) {
  v1::ListAgentsResponse response;
  for (const auto& [name, agent] : roster.agents()) {
    v1::AgentInfo* info = response.add_agents();
    info->set_name(name);
    info->set_state(StateName(agent));
    info->set_run_id(agent.run);
    info->set_threads(agent.who.threads);
    info->set_cpu_ratio(agent.cpu_ratio);
    info->set_rss_bytes(agent.rss_bytes);
    info->set_heartbeat_age_ns((now - agent.last_heard).count());
    info->set_version(agent.who.version);
    info->set_address(agent.who.address);
    info->set_vus_scheduled(agent.vus_scheduled);
    info->set_vus_active(agent.vus_active);
    info->set_vus_at_ns(agent.vus_at.count());
  }
  return response;
}

std::vector<AgentFigures> FiguresOf(const Roster& roster, Nanos now) {
  std::vector<AgentFigures> figures;
  for (const auto& [name, agent] : roster.agents()) {
    figures.push_back({.name = name,
                       .state = StateName(agent),
                       .up = agent.state == Agent::State::kAlive,
                       .cpu_ratio = agent.cpu_ratio,
                       .rss_bytes = agent.rss_bytes,
                       .loop_lag = agent.loop_lag,
                       .heartbeat_age = now - agent.last_heard,
                       .vus_active = agent.vus_active,
                       .vus_scheduled = agent.vus_scheduled,
                       .deltas = agent.deltas,
                       .deltas_duplicate = agent.deltas_duplicate});
  }
  return figures;
}

}  // namespace kload::controller
