#include "common/net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "common/base/status.h"

namespace kload {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kOrdinaryBlockMax = 30;  // longer IPv4 prefixes have no address to leave out

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

size_t Width(const IpAddress& address) { return address.v4 ? 4 : 16; }

// Sets the bits after the first `kept` ones.
void SetTail(IpAddress& address, int kept, bool value) {
  for (size_t i = 0; i < Width(address); ++i) {
    const int left = std::clamp(kept - static_cast<int>(i) * 8, 0, 8);
    const auto mask = static_cast<uint8_t>(0xff >> left);
    address.bytes[i] =
        static_cast<uint8_t>(value ? address.bytes[i] | mask : address.bytes[i] & ~mask);
  }
}

// The address `steps` after this one, which must exist.
IpAddress Plus(IpAddress address, uint64_t steps) {
  for (size_t i = Width(address); i-- > 0 && steps > 0;) {
    const uint64_t sum = address.bytes[i] + (steps & 0xff);
    address.bytes[i] = static_cast<uint8_t>(sum);
    steps = (steps >> 8) + (sum >> 8);
  }
  return address;
}

// How many addresses the range has; the largest number when there are more.
uint64_t SizeOf(const IpRange& range) {
  __extension__ typedef unsigned __int128 Wide;
  Wide distance = 0;
  for (size_t i = 0; i < Width(range.first); ++i) {
    distance = distance * 256 + range.last.bytes[i] - range.first.bytes[i];
  }
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  return distance >= kMost ? kMost : static_cast<uint64_t>(distance) + 1;
}

// "10.0.0.0/8" as address and prefix; nothing when there is no slash.
absl::StatusOr<std::pair<IpAddress, int>> ParseBlock(std::string_view text, size_t slash) {
  KLOAD_ASSIGN_OR_RETURN(const IpAddress address, ParseIp(text.substr(0, slash)));
  const std::string_view digits = text.substr(slash + 1);
  int prefix = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  const int bits = static_cast<int>(Width(address)) * 8;
  if (error != std::errc() || end != digits.data() + digits.size() || prefix < 0 || prefix > bits) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is not a block of addresses such as 10.0.0.0/8", text));
  }
  return std::pair(address, prefix);
}

IpRange Whole(const IpAddress& address, int prefix) {
  IpRange range{address, address};
  SetTail(range.first, prefix, false);
  SetTail(range.last, prefix, true);
  return range;
}

absl::StatusOr<IpRange> ParsePart(std::string_view text) {
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    KLOAD_ASSIGN_OR_RETURN(const auto block, ParseBlock(text, slash));
    IpRange range = Whole(block.first, block.second);
    if (block.first.v4 && block.second <= kOrdinaryBlockMax) {
      range.first = Plus(range.first, 1);
      range.last.bytes[3] -= 1;
    }
    return range;
  }
  const size_t dash = text.find('-');
  KLOAD_ASSIGN_OR_RETURN(const IpAddress first, ParseIp(Trimmed(text.substr(0, dash))));
  if (dash == std::string_view::npos) return IpRange{first, first};
  KLOAD_ASSIGN_OR_RETURN(const IpAddress last, ParseIp(Trimmed(text.substr(dash + 1))));
  if (first.v4 != last.v4 || last < first) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is not a range of addresses such as 10.0.0.5-10.0.0.9", text));
  }
  return IpRange{first, last};
}

}  // namespace

absl::StatusOr<IpAddress> ParseIp(std::string_view text) {
  const std::string copy(text);  // with an end
  IpAddress address;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) return address;
  address.v4 = false;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) != 1) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is not an IP address such as 10.0.0.1 or fd00::1", text));
  }
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin())) {
    IpAddress mapped;
    std::copy_n(address.bytes.begin() + 12, 4, mapped.bytes.begin());
    return mapped;
  }
  return address;
}

std::string FormatIp(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.v4 ? AF_INET : AF_INET6, address.bytes.data(), text.data(), text.size());
  return text.data();
}

absl::StatusOr<IpRange> ParseCidr(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    KLOAD_ASSIGN_OR_RETURN(const IpAddress address, ParseIp(text));
    return IpRange{address, address};
  }
  KLOAD_ASSIGN_OR_RETURN(const auto block, ParseBlock(text, slash));
  return Whole(block.first, block.second);
}

absl::StatusOr<std::vector<IpRange>> ParseIpList(std::string_view text) {
  std::vector<IpRange> ranges;
  while (true) {
    const size_t comma = text.find(',');
    KLOAD_ASSIGN_OR_RETURN(const IpRange range, ParsePart(Trimmed(text.substr(0, comma))));
    ranges.push_back(range);
    if (comma == std::string_view::npos) return ranges;
    text.remove_prefix(comma + 1);
  }
}

std::string FormatRange(const IpRange& range) {
  return fmt::format("{}-{}", FormatIp(range.first), FormatIp(range.last));
}

bool Contains(const IpRange& range, const IpAddress& address) {
  return range.first.v4 == address.v4 && range.first <= address && address <= range.last;
}

bool Contains(const std::vector<IpRange>& ranges, const IpAddress& address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const IpRange& range) { return Contains(range, address); });
}

std::optional<IpAddress> AddressOfVu(const std::vector<IpRange>& ranges, int64_t vu) {
  if (ranges.empty()) return std::nullopt;
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  uint64_t total = 0;
  for (const IpRange& range : ranges) {
    const uint64_t size = SizeOf(range);
    total = size > kMost - total ? kMost : total + size;
  }
  uint64_t index = vu < 1 ? 0 : static_cast<uint64_t>(vu - 1) % total;
  for (const IpRange& range : ranges) {
    const uint64_t size = SizeOf(range);
    if (index < size) return Plus(range.first, index);
    index -= size;
  }
  return ranges.back().last;
}

}  // namespace kload
