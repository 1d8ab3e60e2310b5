// Load phases to k6 scenarios: the same number of vusers arrive at the same times.
//
// Thread: pure functions.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/artillery/checker.h"
#include "common/base/clock.h"

namespace kload::artillery {

// One phase, checked. Exactly one of pause, count and rate says what it is.
struct Phase {
  std::string name = {};  // as the test calls it; may be empty
  Nanos duration{0};      // of a pause too
  bool pause = false;
  std::optional<int64_t> count;  // arrivalCount
  double rate = 0;               // arrivals per second, of a ramp at its start
  std::optional<double> ramp_to;
  std::optional<int64_t> vusers_max;
  // How many vusers arrive.
  int64_t Arrivals() const;
};

// Reads config.phases, whose templates are filled in already. Without any: one vuser. Adds problems for wrong ones.
std::vector<Phase> ReadPhases(const Value* phases, Checker& checker);

// The option `scenarios` of the phases, one after the other, and for each scenario's name how many vusers come before it.
// `session`: how long a vuser's flow takes, from which the VUs are estimated.
struct PhasePlan {
  nlohmann::ordered_json scenarios = nlohmann::ordered_json::object();
  nlohmann::ordered_json offsets = nlohmann::ordered_json::object();
};
PhasePlan PlanPhases(const std::vector<Phase>& phases, Nanos session);

// A time: 60, "60", "10m", "2 minutes", "500ms"; a bare number is in seconds. Nullopt for anything else.
std::optional<Nanos> TimeOf(const Value& value);

// How long the longest of the scenarios takes by its thinks and loops, not counting its requests' time but guessing
// it.
Nanos EstimateSession(const Value& scenarios);

}  // namespace kload::artillery
