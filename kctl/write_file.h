// Writing a result to a file.
//
// Thread: any.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

namespace kload::kctl {

// Creates or replaces the file. Errors: Unavailable, beginning with `who`, a flag or function that wanted it.
absl::Status WriteFile(std::string_view who, const std::string& path, std::string_view content);

}  // namespace kload::kctl
