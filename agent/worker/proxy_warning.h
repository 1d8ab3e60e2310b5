// Whether the agent's environment names a proxy, which k6 would use and kload does not.
#pragma once

#include <functional>
#include <string>

namespace kload::agent {

// What to say of the variables HTTP_PROXY and HTTPS_PROXY (also in small letters); empty when none is set. `get` is
// getenv() or stands for it.
std::string ProxyWarning(const std::function<const char*(const char*)>& get);

}  // namespace kload::agent
