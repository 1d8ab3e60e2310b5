// A whole file as text.
#pragma once

#include <absl/status/statusor.h>

#include <string>

namespace kload::kctl {

// Errors: NotFound when there is no such file, Unavailable when it cannot be read or is a folder; each names
// the path.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace kload::kctl
