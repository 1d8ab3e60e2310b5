#include "agent/worker/proxy_warning.h"

#include <fmt/format.h>

namespace kload::agent {

std::string ProxyWarning(const std::function<const char*(const char*)>& get) {
  std::string names;
  for (const char* name : {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"}) {
    const char* const value = get(name);
    if (value == nullptr || *value == '\0') continue;
    names += names.empty() ? "" : ", ";
    names += name;
  }
  if (names.empty()) return "";
  return fmt::format(
      "the agent's environment sets {}: kload uses no proxy, requests go straight to "
      "their servers; unset it where that is meant",
      names);
}

}  // namespace kload::agent
