// A script with every module it imports and every file it opens: the unit that travels from kctl to agents.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>

#include "common/k6/module_tools.h"

namespace kload::k6 {

struct Bundle {
  std::string main;                          // key in `files`
  std::map<std::string, std::string> files;  // normalized absolute-like path -> content
};

// Hex SHA-256 over main and the sorted files, each length-prefixed: equal bundles, equal hash, everywhere.
std::string HashOf(const Bundle& bundle);

// Reads the script and, by running its init code once with `env` as __ENV, everything that it imports or opens, from disk.
// Paths in the bundle are relative to the deepest common folder, so that they tell nothing about the machine
// but keep the file names that errors print.
// Errors: NotFound (no such script, import or opened file, each with file:line of who asked for it and the path that was
//         tried), InvalidArgument (syntax error or exception of init code: file:line and the JS stack).
// `script_path` may be an https URL. `tools` compile TypeScript and fetch remote modules, which are in the bundle as
// JavaScript under their own names; without them both are errors.
// `generated` are files that are not on disk, by their names relative to the script's folder; the script may be one.
absl::StatusOr<Bundle> BundleFromDisk(const std::string& script_path,
                                      const std::map<std::string, std::string>& env,
                                      ModuleTools* tools = nullptr,
                                      std::map<std::string, std::string> generated = {});

}  // namespace kload::k6
