// An Artillery test read from its text: checked, with its environment and overrides, and as k6 options.
//
// Data path: YAML, flags -> Test -> generated script (program.h).
// Thread:    pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/artillery/test_flags.h"

namespace kload::artillery {

struct Test {
  std::string name;  // of the file, without folders
  // What the runtime takes: config, scenarios, before, after, environment, offsets. In the test's order.
  nlohmann::ordered_json script;
  nlohmann::ordered_json options;  // k6 options: scenarios, thresholds ...
  std::vector<std::string> warnings;
};

// `name` is the file's, for messages; `env` is what templates of phases see.
// Errors: InvalidArgument with a line for each problem, file:line:column first.
absl::StatusOr<Test> ReadTest(const std::string& text, const std::string& name,
                              const TestFlags& flags,
                              const std::map<std::string, std::string>& env);

}  // namespace kload::artillery
