// Where an agent may send load to, whatever its scripts say.
//
// Thread: plain values.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "common/net/address.h"
#include "common/net/host_pattern.h"

namespace kload {

struct AllowList {
  std::vector<HostPattern> hosts = {};
  std::vector<IpRange> ranges = {};
  // Everything is allowed.
  bool empty() const { return hosts.empty() && ranges.empty(); }
};

// Entries: "api.example", "*.example:8443", "10.0.0.5", "10.0.0.0/8". Errors: InvalidArgument naming the entry.
absl::StatusOr<AllowList> ParseAllowList(const std::vector<std::string>& entries);

}  // namespace kload
