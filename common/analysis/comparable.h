// Whether two runs are the same experiment.
//
// Thread: pure functions.
#pragma once

#include <string>
#include <vector>

#include "common/result/result.h"

namespace kload::analysis {

// Why a result must not be compared with the other, a sentence each: another plan, other VUs, not finished, not trustworthy.
// Empty: they can be compared.
std::vector<std::string> WhyIncomparable(const Result& before, const Result& after);

// What is worth knowing although they can: another script's name, another number of agents, endpoints of one run alone.
std::vector<std::string> RemarksOf(const Result& before, const Result& after);

}  // namespace kload::analysis
