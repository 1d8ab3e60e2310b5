// What a script's options come to, without a controller and without load: for `kctl inspect` and
// `kctl archive`.
//
// Thread: runs the script's init code on the caller's thread.
#pragma once

#include <string>

#include "kload/v1/control.pb.h"

namespace kload::controller {

enum class OptionsView {
  kAsGiven,       // what the script exports, nothing filled in
  kMerged,        // all layers laid over each other, nothing filled in
  kRequirements,  // that, with defaults, the scenario that shortcuts stand for, totalDuration and maxVUs
};

struct ShownOptions {
  int exit_code = 0;  // k6's: 107 when the script is wrong, 104 when options or thresholds are
  std::string text;   // 2-space JSON in k6's shape and order, or what is wrong
};

// Of the request's bundle. Warnings are logged.
ShownOptions ShowOptions(const v1::StartRunRequest& request, OptionsView view);

}  // namespace kload::controller
