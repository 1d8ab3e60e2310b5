// An Artillery test as a k6 script: a main module made from the test, and the runtime, which is the same for all tests.
//
// Data path: Test -> files of a k6 bundle.
// Thread:    pure functions.
#pragma once

#include <map>
#include <string>

#include "common/artillery/test.h"

namespace kload::artillery {

struct Program {
  std::string main;                          // key in `files`
  std::map<std::string, std::string> files;  // by names relative to the test's folder
};

// The main module requires the processor and opens the payloads, which are not among the files.
Program MakeProgram(const Test& test);

}  // namespace kload::artillery
