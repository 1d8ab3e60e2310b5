#include "controller/roster/roster.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace kload::controller {
namespace {

constexpr char kNotHeardOf[] = "it was not heard of for 3s";
static_assert(kLostAfter == std::chrono::seconds(3), "kNotHeardOf says so");

void SetIdle(Agent& agent) {
  agent.run.clear();
  agent.vus_active = 0;
  agent.vus_scheduled = 0;
  agent.vus_at = Nanos(0);
}

}  // namespace

bool Agent::idle() const {
  return state == State::kAlive && run.empty() && clock.offset().has_value();
}

Roster::Joined Roster::Join(const AgentIntroduction& who, LinkId link, Nanos now) {
  Joined joined;
  if (who.name.empty() || who.incarnation.empty()) {
    joined.refused = "an agent must say its name and incarnation when it connects";
    return joined;
  }
  Agent& agent = agents_[who.name];
  const bool known = !agent.who.name.empty();
  if (known && agent.who.incarnation == who.incarnation) {
    joined.returned = true;
    joined.replaced = agent.link;
  } else {
    if (known && agent.state == Agent::State::kAlive) {
      joined.refused = fmt::format(
          "an agent named '{}' is connected already (from {}); give each agent its own --name",
          who.name, agent.who.address);
      return joined;
    }
    // The name's older process is away: it was restarted.
    if (known && agent.state == Agent::State::kAway) {
      joined.lost.push_back(Lose(agent, "it was started again", now));
    }
    // A lost one that did not run for a while may still have its stream.
    joined.replaced = agent.link;
    agent = Agent{};
  }
  agent.who = who;
  agent.state = Agent::State::kAlive;
  agent.link = link;
  agent.last_heard = now;
  agent.clock = ClockOffset{};
  return joined;
}

void Roster::Expect(const std::string& name, const std::string& incarnation, const std::string& run,
                    Nanos now) {
  Agent& agent = agents_[name];
  agent.who.name = name;
  agent.who.incarnation = incarnation;
  agent.state = Agent::State::kAway;
  agent.last_heard = now + kReturnWithin - kLostAfter;
  agent.run = run;
}

std::vector<LostAgent> Roster::Leave(LinkId link, Nanos now) {
  Agent* agent = FindByLink(link);
  if (agent == nullptr) return {};
  agent->link = 0;
  agent->last_heard = now;
  if (agent->state != Agent::State::kAlive) return {};
  agent->state = Agent::State::kAway;
  if (!agent->leaving) return {};
  return {Lose(*agent, "it was told to end by SIGTERM", now)};
}

bool Roster::OnHeartbeat(LinkId link, double cpu_ratio, uint64_t rss_bytes, Nanos now) {
  Agent* agent = FindByLink(link);
  if (agent == nullptr) return false;
  const bool was_lost = agent->state == Agent::State::kLost;
  agent->last_heard = now;
  agent->state = Agent::State::kAlive;
  agent->cpu_ratio = cpu_ratio;
  agent->rss_bytes = rss_bytes;
  return was_lost;
}

void Roster::OnPong(LinkId link, Nanos sent, Nanos agent_time, Nanos received) {
  Agent* agent = FindByLink(link);
  if (agent != nullptr) agent->clock.Add(sent, agent_time, received);
}

LostAgent Roster::Lose(Agent& agent, std::string why, Nanos now) {
  LostAgent lost{agent.who.name, agent.who.incarnation, agent.run, std::move(why)};
  agent.state = Agent::State::kLost;
  agent.lost_at = now;
  SetIdle(agent);
  return lost;
}

std::vector<LostAgent> Roster::Tick(Nanos now) {
  const Nanos deaf = now - std::exchange(ticked_, now).value_or(now);
  if (deaf > kHeartbeatInterval) {
    for (auto& [name, agent] : agents_) agent.last_heard = std::min(now, agent.last_heard + deaf);
  }
  const bool cut_off = IsCutOff(now);
  if (std::exchange(cut_off_, cut_off) && !cut_off) {
    for (auto& [name, agent] : agents_) {
      if (agent.state == Agent::State::kAlive && now - agent.last_heard < kCutOffFor) {
        agent.last_heard = now + kReturnWithin - kLostAfter;
      }
    }
  }
  std::vector<LostAgent> lost;
  for (auto it = agents_.begin(); it != agents_.end();) {
    Agent& agent = it->second;
    if (agent.state == Agent::State::kLost) {
      const bool forget = agent.link == 0 && now - agent.lost_at >= kForgottenAfter;
      it = forget ? agents_.erase(it) : std::next(it);
      continue;
    }
    const bool goes_on = cut_off && agent.state == Agent::State::kAlive;
    if (now - agent.last_heard >= kLostAfter && !goes_on) {
      lost.push_back(Lose(agent, kNotHeardOf, now));
    }
    ++it;
  }
  return lost;
}

// One agent alone may as well be the one that is cut off.
bool Roster::IsCutOff(Nanos now) const {
  size_t alive = 0;
  Nanos last{0};
  for (const auto& [name, agent] : agents_) {
    if (agent.state != Agent::State::kAlive) continue;
    ++alive;
    last = std::max(last, agent.last_heard);
  }
  const Nanos silent = now - last;
  return alive > 1 && silent > kHeartbeatInterval * 3 / 2 && silent < kCutOffFor;
}

void Roster::Assign(const std::string& name, const std::string& run) {
  Agent* agent = Find(name);
  KLOAD_CHECK(agent != nullptr, "only agents of the roster are assigned");
  agent->run = run;
}

void Roster::Free(const std::string& run) {
  for (auto& [name, agent] : agents_) {
    if (agent.run == run) SetIdle(agent);
  }
}

void Roster::Free(const std::string& name, const std::string& run) {
  Agent* agent = Find(name);
  if (agent != nullptr && agent->run == run) SetIdle(*agent);
}

Agent* Roster::Find(const std::string& name) {
  const auto found = agents_.find(name);
  return found == agents_.end() ? nullptr : &found->second;
}

Agent* Roster::FindByLink(LinkId link) {
  if (link == 0) return nullptr;
  for (auto& [name, agent] : agents_) {
    if (agent.link == link) return &agent;
  }
  return nullptr;
}

std::vector<std::string> Roster::Idle() const {
  std::vector<std::string> names;
  for (const auto& [name, agent] : agents_) {
    if (agent.idle()) names.push_back(name);
  }
  return names;
}

size_t Roster::connected() const {
  return size_t(std::count_if(agents_.begin(), agents_.end(), [](const auto& entry) {
    return entry.second.state == Agent::State::kAlive;
  }));
}

}  // namespace kload::controller
