// A test in one file, as `k6 archive` makes it: a tar of the script, everything that it imports or opens, its
// options and its variables.
//
//   metadata.json   type, options, filename, pwd, env, compatibilityMode, k6version, goos
//   data            the main script
//   file/...        every file by its absolute path, sorted; https/... for modules from the network
//
// Thread: main thread.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <string_view>

#include "common/k6/bundle.h"

namespace kload::kctl {

struct Archive {
  k6::Bundle bundle;
  std::map<std::string, std::string> env;
  std::string options_json;  // unset options are left out
};

// Whether the bytes begin like a tar.
bool LooksLikeArchive(std::string_view bytes);

// Bound: 1 GiB of files. Paths of the bundle are absolute then. Nothing is written to disk.
// Errors: InvalidArgument for what is no tar, has no metadata.json, or lacks the main script.
absl::StatusOr<Archive> ReadArchive(std::string_view bytes);

// Writes the archive to `path`, "-" for stdout. Files of the same content make the same bytes.
// Errors: Unavailable when it cannot be written.
absl::Status WriteArchive(const Archive& archive, const std::string& path);

}  // namespace kload::kctl
