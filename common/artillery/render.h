// Templates that are filled in before the test begins: those of the target, phases, conditions and file names.
//
// Thread: pure functions.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "common/artillery/checker.h"

namespace kload::artillery {

// What templates may name then.
struct Scope {
  std::map<std::string, std::string> env;        // $processEnvironment.NAME, $env.NAME
  std::string environment;                       // $environment
  std::map<std::string, std::string> variables;  // NAME, of config.variables
};

// Fills in all texts below the value; a text that becomes a number is one then. Adds a problem for what has no value.
void RenderAll(Value& value, const std::string& path, const Scope& scope, Checker& checker);

// Names of the environment's variables that templates in the text use.
std::set<std::string> EnvNames(std::string_view text);

}  // namespace kload::artillery
