// The options that are not about scenarios and thresholds: what is supported, what is refused, what
// is ignored.
//
// Thread: pure functions.
#pragma once

#include "common/plan/plan.h"
#include "controller/script/fields.h"
#include "controller/script/layers.h"

namespace kload::controller {

// k6's default set of system tags.
const std::vector<std::string>& DefaultSystemTags();

// Reads the run's options. An option of k6 that would change the load or the measurement and that
// is not available is a problem unless it says what happens anyway (false, 0, empty); an option
// nobody knows is a warning.
RunOptions ReadRunOptions(const Layers& layers, Problems& problems);

}  // namespace kload::controller
