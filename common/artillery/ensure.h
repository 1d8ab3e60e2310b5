// config.ensure to thresholds: what must hold for the test to pass.
//
// Thread: pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "common/artillery/checker.h"

namespace kload::artillery {

// Adds to `thresholds` ({ selector: [expression] }) what config.ensure and config.plugins.ensure ask for. Adds a problem
// for what thresholds cannot say.
void AddEnsure(const Value& ensure, const std::string& path, nlohmann::ordered_json& thresholds,
               Checker& checker);

}  // namespace kload::artillery
