#include "common/net/host_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "common/base/status.h"

namespace kload {
namespace {

struct HostAndPort {
  std::string_view host;  // without brackets
  std::string_view port;  // empty: none
};

// Splits at the colon before the port. Two colons and no bracket: an IPv6 address as it is.
HostAndPort Split(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return {text, ""};
    const std::string_view rest = text.substr(end + 1);
    if (rest.empty()) return {text.substr(1, end - 1), ""};
    if (rest.size() < 2 || rest[0] != ':') return {text, ""};
    return {text.substr(1, end - 1), rest.substr(1)};
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return {text, ""};
  }
  // "host:" must not pass for "host".
  return colon + 1 == text.size() ? HostAndPort{text, ""}
                                  : HostAndPort{text.substr(0, colon), text.substr(colon + 1)};
}

// 0 for an empty text.
std::optional<uint16_t> ParsePort(std::string_view text) {
  if (text.empty()) return 0;
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

bool IsName(std::string_view name) {
  constexpr size_t kNameMax = 253;
  if (name == "*") return true;
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.empty() || name.size() > kNameMax || name.front() == '.' || name.back() == '.' ||
      name.find("..") != std::string_view::npos) {
    return false;
  }
  // Bytes beyond ASCII may be part of an international name.
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c >= 0x80;
  });
}

std::string WithPort(std::string_view host, uint16_t port) {
  if (port == 0) return std::string(host);
  return host.find(':') == std::string_view::npos ? fmt::format("{}:{}", host, port)
                                                  : fmt::format("[{}]:{}", host, port);
}

}  // namespace

absl::StatusOr<HostPattern> ParseHostPattern(std::string_view text) {
  const HostAndPort parts = Split(text);
  const std::optional<uint16_t> port = ParsePort(parts.port);
  HostPattern pattern;
  if (const absl::StatusOr<IpAddress> ip = ParseIp(parts.host); ip.ok()) {
    pattern.name = FormatIp(*ip);
  } else {
    pattern.name = parts.host;
    std::transform(pattern.name.begin(), pattern.name.end(), pattern.name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!IsName(pattern.name)) pattern.name.clear();
  }
  if (!port || pattern.name.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is not a host name such as api.example.com or *.example.com (a * only "
                    "as the first label)",
                    text));
  }
  pattern.port = *port;
  return pattern;
}

std::string FormatHostPattern(const HostPattern& pattern) {
  return WithPort(pattern.name, pattern.port);
}

absl::StatusOr<HostAddress> ParseHostAddress(std::string_view text) {
  const HostAndPort parts = Split(text);
  const std::optional<uint16_t> port = ParsePort(parts.port);
  const absl::StatusOr<IpAddress> ip = ParseIp(parts.host);
  if (!port || !ip.ok()) {
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\" is not an IP address with or without port, such as 10.0.0.1:8080 or [fd00::1]:8080",
        text));
  }
  return HostAddress{*ip, *port};
}

std::string FormatHostAddress(const HostAddress& address) {
  return WithPort(FormatIp(address.ip), address.port);
}

void HostTable::Add(const HostPattern& pattern, size_t number) {
  numbers_[FormatHostPattern(pattern)] = number;
  ports_ |= pattern.port != 0;
}

std::optional<size_t> HostTable::Find(std::string_view host, uint16_t port) const {
  if (host.ends_with('.')) host.remove_suffix(1);  // a name's root is not in patterns
  if (ports_) {
    if (const std::optional<size_t> found = FindName(host, port)) return found;
  }
  return FindName(host, 0);
}

std::optional<size_t> HostTable::FindName(std::string_view host, uint16_t port) const {
  const auto find = [&](std::string_view name) -> std::optional<size_t> {
    const auto known = numbers_.find(WithPort(name, port));
    if (known == numbers_.end()) return std::nullopt;
    return known->second;
  };
  if (const auto found = find(host)) return found;
  for (size_t dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
    if (const auto found = find(fmt::format("*{}", host.substr(dot)))) return found;
  }
  return find("*");
}

}  // namespace kload
