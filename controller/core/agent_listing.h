// The roster as others see it: kctl's list, /metrics.
//
// Thread: pure functions.
#pragma once

#include <vector>

#include "common/base/clock.h"
#include "controller/export/figures.h"
#include "controller/roster/roster.h"
#include "kload/v1/control.pb.h"

namespace kload::controller {

// busy, idle; away: its stream broke a moment ago; lost.
std::string StateName(const Agent& agent);

// By name. `now` is steady time.
v1::ListAgentsResponse EncodeAgents(const Roster& roster, Nanos now);
std::vector<AgentFigures> FiguresOf(const Roster& roster, Nanos now);

}  // namespace kload::controller
