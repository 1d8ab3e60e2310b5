// Where the script that a user names lives: a file, the folder scripts/load-tests, or the
// controller's library.
#pragma once

#include <absl/status/statusor.h>

#include <filesystem>
#include <string>

namespace kload::kctl {

struct ScriptPlace {
  std::string path;  // file to read; empty: ask the controller's library for `library_name`
  std::string library_name;
};

// Resolves what was typed, seen from `folder` (the current one): a path that exists; else
// scripts/load-tests/NAME.js, .ts, .yml or .yaml below it; else a name of the library when `library` is true.
// https URLs are taken as they are.
// Errors: NotFound with every path that was tried; InvalidArgument for a folder.
absl::StatusOr<ScriptPlace> ResolveScript(const std::string& typed,
                                          const std::filesystem::path& folder, bool library);

}  // namespace kload::kctl
