// Listeners and threads of the target.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/target/options.h"

namespace kload::target {

class Server {
 public:
  // Opens database and ports, starts the threads. `options` must outlive the server.
  // Errors: Unavailable when a port is in use or the database cannot be opened.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const TargetOptions& options);
  // Closes all connections and joins the threads.
  ~Server();

  // host:port of each listener, with the real port.
  std::vector<std::string> addresses() const;

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace kload::target
