// kushim-target: the API of the load-testing guide; see README.md.
//
//   kushim-target --listen 127.0.0.1:3001 --latency lognormal:20ms,0.5 --error-rate 0.01
//
// Exit codes: 0 ended by a signal, 1 could not start, 2 bad flags.
#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "common/base/end_signals.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "tests/target/options.h"
#include "tests/target/server.h"

int main(int argc, char** argv) {
  using kload::target::Server;
  kload::SetUpLogging(/*verbose=*/false);
  int exit_code = 0;
  const auto options = kload::target::ParseOptions(argc, argv, exit_code);
  if (!options) return exit_code;
  kload::EndSignals signals("kushim-target");
  const auto server = Server::Start(*options);
  if (!server.ok()) {
    spdlog::error("{}", kload::Message(server.status()));
    return 1;
  }
  for (const std::string& address : (*server)->addresses()) {
    fmt::print("kushim-target ready: http://{}/api\n", address);
  }
  std::fflush(stdout);
  signals.Wait([] {});  // the rest ends with the server
  return 0;
}
