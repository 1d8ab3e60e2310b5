#include "agent/http/dial_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace kload::agent {

namespace ip = boost::asio::ip;

ip::address ToAsio(const IpAddress& address) {
  if (!address.v4) return ip::address_v6(address.bytes);
  ip::address_v4::bytes_type bytes{};
  std::copy_n(address.bytes.begin(), bytes.size(), bytes.begin());
  return ip::address_v4(bytes);
}

IpAddress FromAsio(const ip::address& address) {
  IpAddress result;
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  if (address.is_v6() && !mapped) {
    result.v4 = false;
    result.bytes = address.to_v6().to_bytes();
    return result;
  }
  const auto bytes =
      (mapped ? ip::make_address_v4(ip::v4_mapped, address.to_v6()) : address.to_v4()).to_bytes();
  std::copy(bytes.begin(), bytes.end(), result.bytes.begin());
  return result;
}

DialRules::DialRules(const NetworkOptions& options, const AllowList& allow)
    : blacklist_(options.blacklisted_ips),
      allows_all_(allow.empty()),
      allowed_ranges_(allow.ranges) {
  for (const HostPattern& pattern : allow.hosts) allowed_hosts_.Add(pattern, 0);
  for (const HostPattern& pattern : options.blocked_hosts) blocked_.Add(pattern, 0);
  for (const HostOverride& host : options.hosts) {
    hosts_.Add(host.host, overrides_.size());
    overrides_.push_back(host.address);
  }
}

std::optional<Failure> DialRules::Blocked(const Target& target) const {
  if (blocked_.empty() || !blocked_.Find(target.host, target.port)) return std::nullopt;
  return Failure{FailureCode::kBlockedHostname, "hostname is blocked"};
}

std::optional<HostAddress> DialRules::Override(const Target& target) const {
  if (hosts_.empty()) return std::nullopt;
  const std::optional<size_t> number = hosts_.Find(target.host, target.port);
  if (!number) return std::nullopt;
  HostAddress address = overrides_[*number];
  if (address.port == 0) address.port = target.port;
  return address;
}

std::optional<Failure> DialRules::Forbidden(const Target& target, bool overridden,
                                            std::vector<ip::address>& addresses) const {
  if (allows_all_ || (!overridden && allowed_hosts_.Find(target.host, target.port))) {
    return std::nullopt;
  }
  std::erase_if(addresses, [&](const ip::address& address) {
    return !Contains(allowed_ranges_, FromAsio(address));
  });
  if (!addresses.empty()) return std::nullopt;
  return Failure{FailureCode::kBlockedHostname,
                 fmt::format("this agent may not send to {}:{} (kload-agent --allow)", target.host,
                             target.port)};
}

std::optional<Failure> DialRules::Refused(std::vector<ip::address>& addresses) const {
  if (blacklist_.empty() || addresses.empty()) return std::nullopt;
  const auto listed = [&](const ip::address& address) {
    return Contains(blacklist_, FromAsio(address));
  };
  if (listed(addresses.front())) {
    return Failure{FailureCode::kBlacklistedIp, "ip is blacklisted"};
  }
  std::erase_if(addresses, listed);
  return std::nullopt;
}

}  // namespace kload::agent
