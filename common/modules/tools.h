// What BundleFromDisk() needs for TypeScript and remote modules.
//
// Thread: that of the caller, which waits.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/k6/module_tools.h"
#include "common/modules/module_cache.h"

namespace kload::modules {

class Tools final : public k6::ModuleTools {
 public:
  using FetchFunction = std::function<absl::StatusOr<std::string>(const std::string& url)>;

  // `refresh`: fetch what the cache has too.
  explicit Tools(bool refresh);
  // For tests: another cache, another network.
  Tools(bool refresh, std::string cache_folder, FetchFunction fetch)
      : refresh_(refresh), cache_(std::move(cache_folder)), fetch_(std::move(fetch)) {}

  absl::StatusOr<std::string> CompileTypeScript(const std::string& name,
                                                std::string_view source) override;
  // Logs URL and SHA-256 of each module, at debug level.
  absl::StatusOr<std::string> Fetch(const std::string& url) override;

 private:
  const bool refresh_;
  const ModuleCache cache_;
  const FetchFunction fetch_;
};

}  // namespace kload::modules
