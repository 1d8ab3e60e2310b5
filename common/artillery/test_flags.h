// What the user says about an Artillery test beside its file.
//
// Thread: a plain value.
#pragma once

#include <string>

namespace kload::artillery {

// Empty: not said.
struct TestFlags {
  std::string environment = {};    // name of one of config.environments
  std::string target = {};         // wins over config.target
  std::string variables = {};      // JSON object; wins over config.variables
  std::string overrides = {};      // JSON object, laid over the whole test
  std::string payload = {};        // CSV file; wins over the path of the only config.payload
  std::string scenario_name = {};  // run only this one
  bool report = false;             // a report is wanted, which has more statistics than a summary
  friend bool operator==(const TestFlags&, const TestFlags&) = default;
};

}  // namespace kload::artillery
