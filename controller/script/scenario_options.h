// `options.scenarios` and the shortcuts -> Scenarios.
//
// Thread: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/plan/plan.h"
#include "controller/script/fields.h"

namespace kload::controller {

// The fields of an executor beside those that all have, in k6's order; empty for an unknown name.
std::vector<std::string_view> FieldsOfExecutor(std::string_view name);

// One entry of `scenarios`: the fields of its executor, k6's defaults for the others.
Scenario ReadScenario(const std::string& name, const Json& config, const std::string& path,
                      Problems& problems);

// A list of {duration, target}, as in `options.stages`, ramping-vus and ramping-arrival-rate.
std::vector<Stage> ReadStages(const Json& list, const std::string& path, int64_t target_max,
                              Problems& problems);

// Rules that span fields, for scenarios from anywhere: iterations >= vus, some VU at all, the whole
// not too long.
void CheckScenario(const Scenario& scenario, const std::string& path, Problems& problems);

}  // namespace kload::controller
