#include "tests/simulation/faults.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/duration.h"
#include "controller/roster/roster.h"

namespace kload::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// From the last that was heard of an agent to its part's going on: ticks, the lead of the change, slow paths, and the whole
// second in which VUs are counted.
constexpr Nanos kRecovery = controller::kLostAfter + milliseconds(2500);
// An order over a slow path: sent again by a controller that has just returned, it waits for some exchanges of clocks.
constexpr Nanos kScaleLate = seconds(6);
// To find out who is left, when the controller was away.
constexpr Nanos kRecoveryAfterReturn = controller::kReturnWithin + kRecovery;

Nanos Between(std::mt19937_64& random, Nanos low, Nanos high) {
  const int64_t span = std::chrono::duration_cast<milliseconds>(high - low).count();
  return low + milliseconds(static_cast<int64_t>(random() % static_cast<uint64_t>(span + 1)));
}

bool OfController(FaultKind kind) {
  return kind == FaultKind::kControllerKilled || kind == FaultKind::kControllerStopped ||
         kind == FaultKind::kAllPathsCut;
}

FaultKind AnyKind(std::mt19937_64& random) {
  static constexpr FaultKind kKinds[] = {
      FaultKind::kAgentKilled,      FaultKind::kAgentKilled,
      FaultKind::kAgentLeaves,      FaultKind::kAgentStopped,
      FaultKind::kAgentStopped,     FaultKind::kPathCut,
      FaultKind::kPathCut,          FaultKind::kPathSlow,
      FaultKind::kAllPathsCut,      FaultKind::kStreamBroken,
      FaultKind::kControllerKilled, FaultKind::kControllerStopped,
      FaultKind::kScaled,           FaultKind::kScaled};
  return kKinds[random() % std::size(kKinds)];
}

Nanos LastsOf(FaultKind kind, std::mt19937_64& random) {
  const bool briefly = random() % 2 == 0;
  switch (kind) {
    case FaultKind::kAgentKilled:
      return briefly ? Nanos::zero() : Between(random, milliseconds(300), seconds(6));
    case FaultKind::kAgentStopped:
    case FaultKind::kPathCut:
      return briefly ? Between(random, milliseconds(50), milliseconds(1500))
                     : Between(random, milliseconds(1500), seconds(14));
    case FaultKind::kPathSlow:
      return Between(random, seconds(1), seconds(10));
    case FaultKind::kStreamBroken:
      return briefly ? Nanos::zero() : Between(random, Nanos::zero(), seconds(2));
    case FaultKind::kControllerKilled:
      return random() % 12 == 0 ? Nanos::zero() : Between(random, milliseconds(200), seconds(9));
    case FaultKind::kControllerStopped:
    case FaultKind::kAllPathsCut:
      return Between(random, milliseconds(100), seconds(9));
    case FaultKind::kAgentLeaves:
    case FaultKind::kScaled:
    case FaultKind::kRunStopped:
      break;
  }
  return Nanos::zero();
}

Disturbance OwnDisturbance(const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kAgentKilled:
    case FaultKind::kAgentLeaves:
      return {fault.at, fault.at + kRecovery};
    case FaultKind::kAgentStopped:
    case FaultKind::kPathCut:
      return {fault.at, fault.at + fault.lasts + kRecovery};
    case FaultKind::kRunStopped:
      return {fault.at, Nanos::max()};
    case FaultKind::kPathSlow:
    case FaultKind::kAllPathsCut:
    case FaultKind::kStreamBroken:
    case FaultKind::kControllerKilled:
    case FaultKind::kControllerStopped:
    case FaultKind::kScaled:
      break;
  }
  return {};
}

}  // namespace

std::vector<Fault> MakeFaults(std::mt19937_64& random, uint32_t agents, Nanos load) {
  std::vector<Fault> faults(random() % 5);
  for (Fault& fault : faults) {
    do {
      fault.kind = AnyKind(random);
    } while (OfController(fault.kind) &&
             std::any_of(faults.begin(), faults.end(), [&](const Fault& other) {
               return &other != &fault && OfController(other.kind);
             }));
    fault.at = Between(random, milliseconds(200), load - milliseconds(500));
    fault.lasts = LastsOf(fault.kind, random);
    fault.agent = 1 + static_cast<uint32_t>(random() % (agents - 1));
  }
  if (random() % 10 == 0) {
    faults.push_back({FaultKind::kRunStopped, Between(random, seconds(1), load), {}, 0});
  }
  std::sort(faults.begin(), faults.end(),
            [](const Fault& a, const Fault& b) { return a.at < b.at; });
  return faults;
}

std::string Describe(const Fault& fault) {
  const std::string agent = fmt::format("agent a{}", fault.agent);
  const std::string lasts = FormatDuration(fault.lasts);
  const bool never = fault.lasts == Nanos::zero();
  std::string what;
  switch (fault.kind) {
    case FaultKind::kAgentKilled:
      what = agent + (never ? " killed" : " killed, back after " + lasts);
      break;
    case FaultKind::kAgentLeaves:
      what = agent + " leaves";
      break;
    case FaultKind::kAgentStopped:
      what = agent + " stopped for " + lasts;
      break;
    case FaultKind::kPathCut:
      what = agent + " cut off for " + lasts;
      break;
    case FaultKind::kPathSlow:
      what = agent + " has a slow path for " + lasts;
      break;
    case FaultKind::kAllPathsCut:
      what = "controller cut off for " + lasts;
      break;
    case FaultKind::kStreamBroken:
      what = agent + "'s stream broken, noticed by the controller after " + lasts;
      break;
    case FaultKind::kControllerKilled:
      what = never ? "controller killed for good" : "controller killed, back after " + lasts;
      break;
    case FaultKind::kControllerStopped:
      what = "controller stopped for " + lasts;
      break;
    case FaultKind::kScaled:
      what = "run scaled to other agents";
      break;
    case FaultKind::kRunStopped:
      what = "run stopped";
      break;
  }
  return fmt::format("{} {}", FormatDuration(fault.at), what);
}

std::vector<Disturbance> DisturbancesOf(const std::vector<Fault>& faults) {
  std::vector<Disturbance> disturbances;
  for (const Fault& fault : faults) {
    Disturbance own = OwnDisturbance(fault);
    // An order that is longer on its way than the lead of a change is carried out late.
    if (fault.kind == FaultKind::kScaled && Has(faults, FaultKind::kPathSlow)) {
      own = {fault.at, fault.at + kScaleLate};
    }
    if (own.to == Nanos::zero()) continue;
    for (const Fault& away : faults) {
      if (!OfController(away.kind) || away.at > own.to || own.to == Nanos::max()) continue;
      const bool never = away.kind == FaultKind::kControllerKilled && away.lasts == Nanos::zero();
      const Nanos back = away.at + away.lasts + kRecoveryAfterReturn;
      if (never) {
        own.to = Nanos::max();
      } else if (away.at + away.lasts >= own.from) {
        own.to = std::max(own.to, back);
      }
    }
    disturbances.push_back(own);
  }
  return disturbances;
}

bool IsDisturbed(const std::vector<Disturbance>& disturbances, Nanos at) {
  return std::any_of(disturbances.begin(), disturbances.end(),
                     [at](const Disturbance& each) { return each.from <= at && at <= each.to; });
}

bool Has(const std::vector<Fault>& faults, FaultKind kind) {
  return std::any_of(faults.begin(), faults.end(),
                     [kind](const Fault& fault) { return fault.kind == kind; });
}

}  // namespace kload::simulation
