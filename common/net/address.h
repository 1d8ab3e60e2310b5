// IP addresses and ranges of them, with their texts.
//
// Thread: plain values.
#pragma once

#include <absl/status/statusor.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kload {

// An IPv6 address that stands for an IPv4 one (::ffff:1.2.3.4) is kept as that.
struct IpAddress {
  bool v4 = true;
  std::array<uint8_t, 16> bytes{};  // in network order; the first four of an IPv4 address
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// Errors: InvalidArgument naming the text.
absl::StatusOr<IpAddress> ParseIp(std::string_view text);
std::string FormatIp(const IpAddress& address);

// Both ends are in it and of one family; first <= last.
struct IpRange {
  IpAddress first;
  IpAddress last;
  friend auto operator<=>(const IpRange&, const IpRange&) = default;
};

// "10.0.0.0/8": all of the block, or "10.0.0.1".
// Errors: InvalidArgument naming the text.
absl::StatusOr<IpRange> ParseCidr(std::string_view text);
// "10.0.0.1, 10.0.0.5-10.0.0.9, 10.1.0.0/24": k6's list of local addresses. Of an IPv4 block up to /30 the network's own
// address and the one for broadcasts are left out.
// Errors: InvalidArgument naming the part; also for an empty list.
absl::StatusOr<std::vector<IpRange>> ParseIpList(std::string_view text);
// "first-last", which ParseIpList() reads.
std::string FormatRange(const IpRange& range);

bool Contains(const IpRange& range, const IpAddress& address);
bool Contains(const std::vector<IpRange>& ranges, const IpAddress& address);
// The address that VU `vu` (1-based, 0 for setup and teardown) sends from: number vu - 1 modulo how many there are.
// Nothing of an empty list.
std::optional<IpAddress> AddressOfVu(const std::vector<IpRange>& ranges, int64_t vu);

}  // namespace kload
