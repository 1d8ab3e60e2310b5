// What a run does when its agents are lost, come back and leave.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "controller/run/run.h"
#include "controller/run/shortfall.h"
#include "controller/run/text.h"

namespace kload::controller {
namespace {

constexpr int kExitClusterFailed = 97;
constexpr int kExitOther = 255;
// Load that an agent leaves out at its end without being asked about it.
constexpr Nanos kEarlyEndMin = std::chrono::seconds(1);

// Of the scenarios with a fixed number.
IterationCounts Reported(const Member& member) {
  IterationCounts done;
  for (const auto& [name, progress] : member.scenarios) {
    done[name] = int64_t(progress.iterations_complete + progress.iterations_interrupted);
  }
  return done;
}

// Parts of which no iteration is left: who got one would only have to say so.
void DropEmptyParts(Deal::Shift& shift) {
  for (Deal::Adoption& adoption : shift.adoptions) {
    std::erase_if(adoption.parts, [](const Part& part) {
      return std::all_of(part.budgets.begin(), part.budgets.end(),
                         [](const PartBudget& budget) { return budget.iterations == 0; });
    });
  }
  std::erase_if(shift.adoptions,
                [](const Deal::Adoption& adoption) { return adoption.parts.empty(); });
}

std::string Describe(const Shortfall& missing) {
  std::vector<std::string> parts;
  if (missing.vu_seconds > 0) parts.push_back(fmt::format("{:.1f} VU·s", missing.vu_seconds));
  if (missing.iterations > 0) parts.push_back(Count(missing.iterations, "iteration"));
  return fmt::format("{}", fmt::join(parts, " and "));
}

}  // namespace

// ---- Losing agents ----

void Run::On(const AgentLost& event, Nanos now) {
  Member* member = Find(event.agent);
  if (member == nullptr) return;
  if (member->lost) {
    // It had come back, and is gone again before it was through.
    member->returned = false;
    return EndRunningIfDone(now);
  }
  member->lost_why = event.why.empty() ? "it was not heard of" : event.why;
  if (phase_ == RunPhase::kPreparing || phase_ == RunPhase::kSetup) {
    LoseBeforeLoad(*member, now);
  } else {
    LoseInLoad(*member, now);
  }
}

void Run::LoseBeforeLoad(Member& member, Nanos now) {
  const bool led = phase_ == RunPhase::kSetup && &member == Lead();
  member.lost = true;
  member.final = true;  // it has no load
  vus_.Lose(member.id.name);
  if (led || Living() == 0 || spec_.on_agent_loss != OnAgentLoss::kRebalance) {
    return Abandon(
        kExitOther,
        fmt::format(
            "agent '{}' was lost before the load began; no load was sent, start the run again",
            member.id.name),
        now);
  }
  std::vector<std::string> others;
  for (const Member& other : members_) {
    if (!other.lost && !other.left) others.push_back(other.id.incarnation);
  }
  Order(deal_.Lose(member.id.incarnation, others, {}, Nanos(0)));
  Warn("agent-lost", member.id.name,
       fmt::format("agent '{}' was lost before the load began ({}): the other {} run its part",
                   member.id.name, member.lost_why, others.size()));
  Do(AnnounceState{});
  if (phase_ == RunPhase::kPreparing) EndPreparingIfDone(now);
}

void Run::LoseInLoad(Member& member, Nanos now) {
  const bool led = &member == Lead();
  const bool had_left = member.left && !member.hands_over;
  member.lost = true;
  member.adopts_from = Nanos(0);
  if (!member.left) member.lost_at = std::max(Nanos(0), RunTime(now));
  vus_.Lose(member.id.name);
  AddVuGauges();
  if (!member.prepared) {
    Warn("agent-lost", member.id.name,
         fmt::format("agent '{}' was lost before it could join the run", member.id.name));
  } else if (had_left) {
    Note("agent-lost", member.id.name,
         fmt::format("agent '{}' has gone; it is counted up to {}", member.id.name,
                     Text(member.reported_until)));
  } else if (!had_left && !member.final) {
    HandOver(member, now);
  }
  Do(AnnounceState{});
  if (phase_ == RunPhase::kFinished) return;
  if (Living() == 0) return EndWithoutAgents(now);
  if (phase_ == RunPhase::kRunning) return EndRunningIfDone(now);
  if (phase_ == RunPhase::kTeardown && led) {
    Warn(fmt::format(
        "agent '{}' was lost while it ran teardown(): what the script created may be left over",
        member.id.name));
    FinishRun(now);
  }
}

void Run::EndWithoutAgents(Nanos now) {
  const bool waits = std::any_of(members_.begin(), members_.end(),
                                 [](const Member& member) { return member.awaited(); });
  Fail(kExitOther, "all agents of the run were lost; the result is not complete");
  if (!waits) FinishRun(now);
}

void Run::HandOver(Member& member, Nanos now) {
  member.hands_over = false;
  const std::vector<Part> parts = deal_.PartsOf(member.id.incarnation);
  const Nanos from = std::max(Nanos(0), RunTime(now) + kAdoptLead);
  if (Carriers(&member).empty()) RecallDrained();
  const std::vector<std::string> others = Carriers(&member);
  IterationCounts unassigned;
  if (spec_.on_agent_loss == OnAgentLoss::kRebalance && phase_ == RunPhase::kRunning &&
      !stopping_ && !others.empty() && LoadIsDueAfter(spec_.plan, from)) {
    Deal::Shift shift = deal_.Lose(member.id.incarnation, others, Reported(member), from);
    unassigned = shift.unassigned;
    if (!TimedLoadIsDueAfter(spec_.plan, from)) DropEmptyParts(shift);
    if (!shift.adoptions.empty()) member.lost_until = from;
    Warn("agent-lost", member.id.name, DescribeLoss(member, parts, unassigned));
    return Order(shift);
  }
  Warn("agent-lost", member.id.name, DescribeLoss(member, parts, unassigned));
  if (spec_.on_agent_loss != OnAgentLoss::kAbort || phase_ != RunPhase::kRunning || stopping_)
    return;
  Fail(kExitClusterFailed,
       fmt::format("agent '{}' was lost, and the run was started with --on-agent-loss=abort",
                   member.id.name));
  Do(Say{Say::Level::kError, outcome_.message});
  StopAll(false);
}

std::string Run::DescribeLoss(const Member& member, const std::vector<Part>& parts,
                              const IterationCounts& unassigned) const {
  int64_t vus = 0;
  const int64_t total = TotalVus(spec_.plan);
  for (const Part& part : parts) vus += ShareOf(total, part.slice);
  const std::string share = fmt::format("({} of {} VUs)", vus, total);
  std::string text =
      fmt::format("agent '{}' {} at {} ({}", member.id.name, member.left ? "left" : "was lost",
                  Text(member.lost_at), member.lost_why);
  // One that says goodbye worked until then; what it measured is on its way.
  const bool heard_out = member.left && member.quarantined.empty();
  if (heard_out) {
    text += ")";
  } else {
    text += member.deltas == 0
                ? "; it has sent no samples)"
                : fmt::format("; it is counted up to {})", Text(member.reported_until));
  }
  if (member.lost_until == Nanos(0)) {
    text += fmt::format(": its share of the load {} from then on{} missing", share,
                        member.left ? " is" : " and what it did since it was last heard of are");
  } else {
    text += fmt::format(": the others run its part {} from {} on", share, Text(member.lost_until));
    const Nanos since = heard_out ? member.lost_at : member.reported_until;
    const std::string missing =
        Describe(ShortfallOf(spec_.plan, parts, since, member.lost_until, ControlledVus()));
    if (!missing.empty()) {
      text += fmt::format("; up to {} that were due before that are missing", missing);
    }
    if (deal_.has_budgets() && !heard_out) {
      text += "; iterations that it had begun and not reported are run again";
    }
  }
  for (const auto& [scenario, iterations] : unassigned) {
    text +=
        fmt::format("; {} of scenario {} are not run", Count(iterations, "iteration"), scenario);
  }
  return text;
}

std::map<std::string, int64_t> Run::ControlledVus() const {
  std::map<std::string, int64_t> vus;
  for (const SendScale& scale : scales_) {
    if (scale.vus) vus[scale.scenario] = *scale.vus;
  }
  return vus;
}

// ---- Agents that come back, leave or lie ----

void Run::On(const AgentReturned& event, Nanos) {
  Member* member = Find(event.agent);
  if (member == nullptr) return;
  if (member->lost) return GreetLost(*member);
  // What was said while it was away did not arrive. Agents take each order once, however often it
  // comes.
  const std::string& name = member->id.name;
  if (!member->prepared) {
    if (phase_ == RunPhase::kPreparing || phase_ == RunPhase::kRunning) {
      Do(SendPrepare{name, member->slice});
    }
    return;
  }
  if (phase_ == RunPhase::kPreparing || phase_ == RunPhase::kSetup) RepeatOrders(*member);
  if (phase_ == RunPhase::kSetup && member == Lead()) Do(SendSetup{name});
  if (phase_ == RunPhase::kRunning && !member->final) {
    Do(SendStart{name, *zero_, setup_json_});
    RepeatOrders(*member);
    if (!member->quarantined.empty()) return Do(SendStop{name, false});
    if (stopping_) Do(SendStop{name, !stopping_at_once_});
  }
  if (phase_ == RunPhase::kTeardown && member == Lead()) Do(SendTeardown{name, setup_json_});
}

// Its part is with others: it ends its load at once, and hands over what it has measured.
void Run::GreetLost(Member& member) {
  const std::string& name = member.id.name;
  if (member.final) return Do(SendRelease{name});
  if (!std::exchange(member.returned, true)) {
    Tell("agent-returned", name,
         fmt::format(
             "agent '{}' is back at {}: it is told to end its load, what it has measured counts",
             name, Text(std::max(Nanos(0), RunTime(now_)))));
  }
  member.returned_at = now_;
  Do(ClaimAgents{{name}});
  Do(SendStop{name, false});
}

void Run::ReleaseReturned(Member& member) {
  member.returned = false;
  Do(SendRelease{member.id.name});
  Do(FreeAgent{member.id.name});
  std::string text = fmt::format("agent '{}' was lost until it came back late: {} of it {} counted",
                                 member.id.name, Count(int64_t(member.deltas_late), "second"),
                                 member.deltas_late == 1 ? "is" : "are");
  if (!member.final) text += ", its last ones are missing";
  if (deal_.has_budgets() && member.lost_until > Nanos(0)) {
    text += "; iterations among them were run again by others";
  }
  Warn("agent-returned", member.id.name, std::move(text));
}

void Run::On(const AgentLeaving& event, Nanos now) {
  Member* member = Find(event.agent);
  if (member == nullptr || member->lost || member->left) return;
  if (phase_ == RunPhase::kPreparing || phase_ == RunPhase::kSetup || !member->prepared) {
    return On(AgentLost{event.agent, "it was told to end"}, now);
  }
  if (phase_ != RunPhase::kRunning) return;
  member->left = true;
  member->adopts_from = Nanos(0);
  member->lost_at = std::max(Nanos(0), RunTime(now));
  member->lost_why = "it was told to end by SIGTERM";
  if (member->final) return;
  // Its last deltas are on their way. They say what is left of fixed numbers, which must not be guessed.
  member->hands_over = deal_.has_budgets();
  if (!member->hands_over) HandOver(*member, now);
  Do(AnnounceState{});
  if (Living() == 0) EndWithoutAgents(now);
}

// An agent stops its load by itself when its process did not run for a while, or when it heard nothing of us for long. What
// was due after that is missing as if it were lost.
void Run::CheckEnd(Member& member, Nanos now) {
  if (phase_ != RunPhase::kRunning || stopping_ || member.lost || member.left || member.drained ||
      !LoadIsLeft(member)) {
    return;
  }
  member.left = true;
  member.lost_at = member.reported_until;
  member.lost_why = "it ended its load before its time";
  HandOver(member, now);
  Do(AnnounceState{});
  if (Living() == 0) EndWithoutAgents(now);
}

bool Run::LoadIsLeft(const Member& member) const {
  const std::string& holder = member.id.incarnation;
  const Nanos after = member.reported_until + kEarlyEndMin;
  const Shortfall left =
      ShortfallOf(spec_.plan, deal_.PartsOf(holder), after, kTimeMax, ControlledVus());
  if (left.vu_seconds > 0 || left.iterations > 0) return true;
  const IterationCounts done = Reported(member);
  return std::any_of(spec_.plan.scenarios.begin(), spec_.plan.scenarios.end(),
                     [&](const Scenario& scenario) {
                       const auto reported = done.find(scenario.name);
                       return HasFixedIterations(scenario) &&
                              scenario.start_time + scenario.max_duration > after &&
                              (reported == done.end() ? 0 : reported->second) <
                                  deal_.BudgetOf(holder, scenario.name);
                     });
}

void Run::Quarantine(Member& member, std::string why, Nanos now) {
  member.quarantined = std::move(why);
  Warn("quarantined", member.id.name,
       fmt::format("agent '{}' said what cannot be ({}): nothing of it counts from now on",
                   member.id.name, member.quarantined));
  if (member.lost || member.left || phase_ != RunPhase::kRunning) return;
  Do(SendStop{member.id.name, false});
  vus_.Lose(member.id.name);
  member.left = true;
  member.adopts_from = Nanos(0);
  member.lost_at = std::max(Nanos(0), RunTime(now));
  member.lost_why = "what it said cannot be";
  if (!member.final) HandOver(member, now);
  Do(AnnounceState{});
  if (Living() == 0) EndWithoutAgents(now);
}

// ---- Orders ----

void Run::Order(const Deal::Shift& shift) {
  const auto give = [&](Member& member, auto order) {
    member.orders.push_back(order);
    if (member.prepared) Do(std::move(order));
  };
  for (const Deal::Cession& cession : shift.cessions) {
    Member* member = FindHolder(cession.holder);
    give(*member, SendCede{member->id.name, shift.epoch, cession.slices, shift.from});
  }
  for (const Deal::Adoption& adoption : shift.adoptions) {
    Member* member = FindHolder(adoption.holder);
    member->final = false;
    for (const Part& part : adoption.parts) {
      member->adopts_from = std::max(member->adopts_from, part.from);
    }
    vus_.Resume(member->id.name);
    Note("re-dealt", member->id.name,
         fmt::format("agent '{}' has {} of {} VUs from {} on (deal {})", member->id.name,
                     deal_.VusOf(adoption.holder), TotalVus(spec_.plan), Text(shift.from),
                     shift.epoch));
    give(*member, SendAdopt{member->id.name, shift.epoch, adoption.parts});
  }
}

void Run::RepeatOrders(const Member& member) {
  for (const auto& order : member.orders) {
    std::visit([&](const auto& each) { Do(each); }, order);
  }
  if (phase_ != RunPhase::kRunning) return;
  for (SendScale scale : scales_) {
    scale.agent = member.id.name;
    Do(std::move(scale));
  }
}

std::vector<std::string> Run::Carriers(const Member* without) const {
  std::vector<std::string> carriers;
  for (const Member& member : members_) {
    if (&member != without && member.carries()) carriers.push_back(member.id.incarnation);
  }
  return carriers;
}

Member* Run::FindHolder(const std::string& holder) {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& member) {
    return member.id.incarnation == holder;
  });
  return found == members_.end() ? nullptr : &*found;
}

}  // namespace kload::controller
