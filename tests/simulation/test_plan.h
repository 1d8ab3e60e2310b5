// A random test for a trial: a script as a user would write it, and what it plans.
//
// Thread: pure function.
#pragma once

#include <random>
#include <string>

namespace kload::simulation {

// One to three scenarios of about `seconds` seconds. Each iteration adds 1 to the counter `took`; those of arrival rates log
// `scenario:number`.
std::string MakeScript(std::mt19937_64& random, int seconds);

}  // namespace kload::simulation
