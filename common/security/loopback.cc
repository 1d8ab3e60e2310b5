#include "common/security/loopback.h"

#include "common/net/address.h"

namespace kload {

bool IsLoopback(const std::string& address) {
  std::string host = address.substr(0, address.rfind(':'));
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (host == "localhost") return true;
  const auto ip = ParseIp(host);
  if (!ip.ok()) return false;
  if (ip->v4) return ip->bytes[0] == 127;
  return FormatIp(*ip) == "::1";
}

}  // namespace kload
