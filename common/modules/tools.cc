#include "common/modules/tools.h"

#include <fmt/format.h>

#include "common/base/log.h"
#include "common/base/status.h"
#include "common/modules/remote.h"
#include "common/modules/typescript.h"

namespace kload::modules {

Tools::Tools(bool refresh) : Tools(refresh, CacheFolder(), FetchModule) {}

absl::StatusOr<std::string> Tools::CompileTypeScript(const std::string& name,
                                                     std::string_view source) {
  return modules::CompileTypeScript(name, source);
}

absl::StatusOr<std::string> Tools::Fetch(const std::string& url) {
  if (!refresh_) {
    if (auto kept = cache_.Find(url)) {
      spdlog::debug("module {} sha256={} (from the cache)", url, Sha256Hex(*kept));
      return *std::move(kept);
    }
  }
  KLOAD_ASSIGN_OR_RETURN(std::string content, fetch_(url));
  spdlog::debug("module {} sha256={}", url, Sha256Hex(content));
  if (const absl::Status kept = cache_.Keep(url, content); !kept.ok()) {
    spdlog::warn("{}", Message(kept));
  }
  return content;
}

}  // namespace kload::modules
