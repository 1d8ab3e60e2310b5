// Options written out again: k6's keys in k6's order, what is unset as null, durations in Go's notation.
// What `kctl inspect` prints, archives keep, and scripts see as exec.test.options.
//
// Thread: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "common/plan/plan.h"
#include "controller/script/fields.h"

namespace kload::controller {

// A script's options as it exports them, nothing filled in; 2-space JSON. A value of the wrong type stays as
// it is.
std::string OptionsAsGiven(const std::string& options_json);

// The options out of all layers, with k6's defaults, and `scenarios` filled in from the plan when shortcuts
// stand for one. One line of JSON; times are as written.
std::string ConsolidateOptions(const Json& options, const TestPlan& plan);

// ConsolidateOptions()'s text as 2-space JSON, with what the test takes: totalDuration (with graceful stops)
// and maxVUs.
std::string ExecutionRequirements(const std::string& consolidated, const TestPlan& plan);

}  // namespace kload::controller
