// Patterns of host names, as `hosts`, `blockHostnames` and the domains of `tlsAuth` spell them.
//
// Thread: plain values.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/net/address.h"

namespace kload {

struct HostPattern {
  std::string name;   // lower case: a host name, an IP address without brackets, "*.x" or "*"
  uint16_t port = 0;  // 0: any
  friend bool operator==(const HostPattern&, const HostPattern&) = default;
};

// "example.com", "*.example.com", "*"; also "example.com:8080" and "[::1]:8080" with a port.
// Errors: InvalidArgument naming the text.
absl::StatusOr<HostPattern> ParseHostPattern(std::string_view text);
std::string FormatHostPattern(const HostPattern& pattern);

// Where a host's connections go instead of what its name says.
struct HostAddress {
  IpAddress ip;
  uint16_t port = 0;  // 0: the URL's
  friend bool operator==(const HostAddress&, const HostAddress&) = default;
};

// "10.0.0.1", "10.0.0.1:8080", "fd00::1", "[fd00::1]:8080".
// Errors: InvalidArgument naming the text.
absl::StatusOr<HostAddress> ParseHostAddress(std::string_view text);
std::string FormatHostAddress(const HostAddress& address);

// Patterns, each with a number of its owner's choice. A look-up costs one hash per label of the name.
class HostTable {
 public:
  // Of equal patterns the last one counts.
  void Add(const HostPattern& pattern, size_t number);
  bool empty() const { return numbers_.empty(); }
  // The number of the best pattern: those with the port before those without; of these the exact one, then the
  // longest. `host` is lower case.
  std::optional<size_t> Find(std::string_view host, uint16_t port) const;

 private:
  std::optional<size_t> FindName(std::string_view host, uint16_t port) const;

  std::unordered_map<std::string, size_t> numbers_;  // by FormatHostPattern()
  bool ports_ = false;                               // some pattern has one
};

}  // namespace kload
