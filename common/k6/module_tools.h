// What bundling needs beyond the disk: the seam between bundle.h and compilers and networks.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace kload::k6 {

class ModuleTools {
 public:
  virtual ~ModuleTools() = default;
  // JavaScript, with its source map inline; see source_map.h. Errors begin with the name, and name:line:column for syntax.
  virtual absl::StatusOr<std::string> CompileTypeScript(const std::string& name,
                                                        std::string_view source) = 0;
  // What an https URL holds. Errors name the URL and what to do.
  virtual absl::StatusOr<std::string> Fetch(const std::string& url) = 0;
};

}  // namespace kload::k6
