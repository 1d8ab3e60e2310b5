#include "common/net/allow_list.h"

#include <fmt/format.h>

namespace kload {

absl::StatusOr<AllowList> ParseAllowList(const std::vector<std::string>& entries) {
  AllowList list;
  for (const std::string& entry : entries) {
    // An address stands for a host that is written so, and for names that lead there.
    if (const auto range = ParseCidr(entry); range.ok()) {
      list.ranges.push_back(*range);
      continue;
    }
    const auto pattern = ParseHostPattern(entry);
    if (!pattern.ok() || entry.find('/') != std::string::npos) {
      return absl::InvalidArgumentError(fmt::format(
          "\"{}\" is no host such as api.example, *.example:8443 or 10.0.0.0/8", entry));
    }
    list.hosts.push_back(*pattern);
  }
  return list;
}

}  // namespace kload
