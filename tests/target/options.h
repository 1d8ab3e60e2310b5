// kushim-target's flags as values.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "tests/target/faults.h"

namespace kload::target {

struct TargetOptions {
  std::vector<std::string> listen = {"127.0.0.1:3001"};  // host:port, port 0: any free one
  unsigned threads = 0;                                  // io threads; 0: one per core
  std::string database;                                  // file; empty: a temporary one
  unsigned pool = 10;                                    // database connections
  Nanos pool_timeout = std::chrono::seconds(2);          // longest wait for a connection
  Nanos query_time{0};                                   // least time that a query holds one
  Nanos cache{0};                                        // how long answers are kept; 0: not at all
  Faults faults;
  bool gzip = false;  // compress when the client accepts it
  bool anonymous_login = true;
};

// Reads argv. nullopt: the process should end with `exit_code` (help, version or a bad flag, whose
// message has been printed).
std::optional<TargetOptions> ParseOptions(int argc, char** argv, int& exit_code);

}  // namespace kload::target
