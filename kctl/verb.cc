#include "kctl/verb.h"

#include <fmt/format.h>

#include <cstdio>

#include "common/base/status.h"
#include "kctl/environment.h"

namespace kload::kctl {

int Fail(const absl::Status& status, int exit_code) {
  fmt::print(stderr, "kctl: {}\n", Message(status));
  return exit_code;
}

absl::StatusOr<std::unique_ptr<Client>> DialController(const GlobalFlags& global) {
  KLOAD_ASSIGN_OR_RETURN(const Connection connection,
                         ResolveConnection(global, EnvironmentEntries()));
  return Client::Dial(connection, std::chrono::seconds(5));
}

}  // namespace kload::kctl
