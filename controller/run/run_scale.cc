// What a run does when it gets another number of agents, or one of its scenarios another size.
#include <fmt/format.h>

#include <algorithm>

#include "controller/run/run.h"
#include "controller/run/text.h"

namespace kload::controller {

uint32_t Run::agents_at_work() const {
  return uint32_t(std::count_if(members_.begin(), members_.end(), [](const Member& member) {
    return !member.lost && !member.left && !member.drained;
  }));
}

void Run::On(const AgentsRequested& event, Nanos now) {
  if (phase_ != RunPhase::kRunning || stopping_) return;
  wanted_ = std::max(1U, event.agents);
  Tell("scaled", "", fmt::format("from {} to {} agents by kctl scale", agents_at_work(), wanted_));
  while (agents_at_work() > wanted_) RetireYoungest(now);
  for (Member& member : members_) {
    if (agents_at_work() >= wanted_) break;
    if (!member.drained || member.lost || member.left) continue;
    member.drained = false;
    vus_.AddAgent(member.id.name);
    JoinNow(member, now);
  }
  for (const AgentId& agent : event.idle) {
    if (agents_at_work() >= wanted_) break;
    // One that was lost has been released: to it this run is over.
    if (Find(agent) != nullptr) continue;
    Member& member = members_.emplace_back();
    member.id = agent;
    member.slice = kNoSlice;
    Do(ClaimAgents{{agent.name}});
    Do(SendPrepare{agent.name, kNoSlice});
  }
  Do(AnnounceState{});
}

void Run::DismissJoiner(Member& member, std::string why) {
  const std::string& name = member.id.name;
  member.lost = true;
  member.final = true;
  member.lost_why = std::move(why);
  Do(SendRelease{name});
  Do(FreeAgent{name});
  Warn("warning", name, fmt::format("agent '{}' did not join the run: {}", name, member.lost_why));
}

// Nobody else is left: who has given up its part takes one again.
void Run::RecallDrained() {
  for (Member& member : members_) {
    if (!member.lost && !member.left) member.drained = false;
  }
}

void Run::EndJoining(Member& member, const std::string& error, Nanos now) {
  const std::string& name = member.id.name;
  if (!error.empty()) return DismissJoiner(member, error);
  if (stopping_) return DismissJoiner(member, "the run was stopped before it could");
  member.prepared = true;
  vus_.AddAgent(name);
  Do(SendStart{name, *zero_, setup_json_});
  for (SendScale scale : scales_) {
    scale.agent = name;
    Do(std::move(scale));
  }
  JoinNow(member, now);
}

void Run::JoinNow(Member& member, Nanos now) {
  const Nanos from = std::max(Nanos(0), RunTime(now) + kScaleLead);
  const Deal::Shift shift = deal_.Join(member.id.incarnation, Carriers(&member), from);
  if (shift.empty()) {
    return Tell("agent-joined", member.id.name,
                fmt::format("agent '{}' has joined, but there are no VUs for it", member.id.name));
  }
  member.joined_at = from;
  Tell("agent-joined", member.id.name,
       fmt::format("agent '{}' runs {} of {} VUs from {} on", member.id.name,
                   deal_.VusOf(member.id.incarnation), TotalVus(spec_.plan), Text(from)));
  Order(shift);
}

void Run::RetireYoungest(Nanos now) {
  const auto youngest = std::find_if(members_.rbegin(), members_.rend(), [](const Member& member) {
    return !member.lost && !member.left && !member.drained;
  });
  Member& member = *youngest;
  if (!member.prepared) return DismissJoiner(member, "it is not wanted any more");
  member.drained = true;
  const Nanos from = std::max(Nanos(0), RunTime(now) + kScaleLead);
  const std::vector<std::string> others = Carriers(&member);
  if (others.empty()) return;
  const Deal::Shift shift = deal_.Retire(member.id.incarnation, others, from);
  Tell("agent-retired", member.id.name,
       fmt::format("agent '{}' gives its part to the others at {}", member.id.name, Text(from)));
  Order(shift);
}

void Run::On(const ScaleRequested& event, Nanos now) {
  if (phase_ != RunPhase::kRunning || stopping_) return;
  const Nanos at = std::max(Nanos(0), RunTime(now));
  SendScale scale{.agent = {},
                  .scenario = event.scenario,
                  .vus = event.vus,
                  .rate = event.rate,
                  .from = event.rate ? at + kAdoptLead : at};
  // Rates follow each other at their instants, of VUs the last word counts.
  if (!event.rate) {
    std::erase_if(scales_, [&](const SendScale& each) {
      return each.scenario == event.scenario && !each.rate;
    });
  }
  scales_.push_back(scale);
  // Also to those without load: it counts for what they adopt.
  for (const Member& member : members_) {
    if (member.lost || !member.prepared) continue;
    scale.agent = member.id.name;
    Do(scale);
  }
  const std::string size =
      event.rate ? fmt::format("a rate of {}", *event.rate) : Count(event.vus.value_or(0), "VU");
  Warn("scaled", "",
       fmt::format("at {} scenario {} was scaled to {} by kctl scale", Text(scale.from),
                   event.scenario, size));
}

}  // namespace kload::controller
