// How kctl reaches its controller: the address, whom it trusts, and who it says it is.
//
// Data path: flags, environment, ~/.config/kload/kctl.json -> Connection -> Client.
// Thread:    pure functions, but for the files that they read.
// Rule:      flags win over the environment, and that over the file. What the file says is good for the controller that it
//            names: no other gets its token. A token is never an argument, as others can list those.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "kctl/flags.h"

namespace kload::kctl {

inline constexpr char kDefaultController[] = "127.0.0.1:7070";

struct Connection {
  std::string address = {};      // host:port
  std::string ca = {};           // PEM of the authority to trust; empty: no TLS
  std::string certificate = {};  // PEM, with its key: the operator's; empty: none
  std::string key = {};
  std::string token = {};  // empty: none
};

// Reads KCTL_CERTS, KCTL_TOKEN and KCTL_TOKEN_FILE of `environment` (NAME=VALUE texts) and the file. Errors: InvalidArgument,
// naming what is wrong; also for a token that would go over a network in the clear.
absl::StatusOr<Connection> ResolveConnection(const GlobalFlags& global,
                                             const std::vector<std::string>& environment);

// ~/.config/kload/kctl.json, by XDG_CONFIG_HOME or HOME; empty when there is neither.
std::string ConnectionFile(const std::vector<std::string>& environment);
// The file's text for a connection (address, ca, token), and what of it is known. Errors: InvalidArgument.
std::string FormatConnection(const Connection& connection);
absl::StatusOr<Connection> ParseConnection(const std::string& text);

}  // namespace kload::kctl
