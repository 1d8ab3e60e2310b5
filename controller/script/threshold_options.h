// `options.thresholds` and --threshold -> ThresholdSpecs: their shape only, the verdict checks what
// they say.
//
// Thread: pure functions. For the flag see ParseThresholdFlag() in options.h.
#pragma once

#include <string>
#include <vector>

#include "common/plan/plan.h"
#include "controller/script/fields.h"

namespace kload::controller {

// `{selector: "expression" | {threshold, abortOnFail, delayAbortEval} | [of those]}`, by selector.
std::vector<ThresholdSpec> ReadThresholds(const Json& thresholds, const std::string& path,
                                          Problems& problems);

}  // namespace kload::controller
