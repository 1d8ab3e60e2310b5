// Whether kload can run a test: every key is known, every value is of its kind.
//
// Thread: pure functions.
#pragma once

#include "common/artillery/checker.h"

namespace kload::artillery {

// The whole test, with its environment and overrides merged in: config, scenarios, before, after.
void CheckTest(const Value& test, Checker& checker);

// A list of steps, also the inner ones.
void CheckFlow(const Value& flow, const std::string& path, Checker& checker);

}  // namespace kload::artillery
