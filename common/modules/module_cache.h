// Remote modules on disk, each under its URL.
//
// Thread: the caller's. Several processes may share a folder: files appear whole, by renaming.
#pragma once

#include <absl/status/status.h>

#include <optional>
#include <string>
#include <string_view>

namespace kload::modules {

// ${XDG_CACHE_HOME:-~/.cache}/kload/modules; empty when neither variable is set.
std::string CacheFolder();

// Hex, as sha256sum prints it.
std::string Sha256Hex(std::string_view bytes);

class ModuleCache {
 public:
  // An empty folder keeps nothing.
  explicit ModuleCache(std::string folder) : folder_(std::move(folder)) {}
  std::optional<std::string> Find(const std::string& url) const;
  // Errors: Unavailable naming the file that cannot be written.
  absl::Status Keep(const std::string& url, std::string_view content) const;

 private:
  std::string PathOf(const std::string& url) const;

  const std::string folder_;
};

}  // namespace kload::modules
