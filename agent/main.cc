// kload-agent: runs its part of load tests for a controller.
//
// Threads: the main thread waits for signals, one waits for the agent's end, one shuts it down; the rest are the agent's.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <thread>

#include "agent/agent.h"
#include "common/base/duration.h"
#include "common/base/end_signals.h"
#include "common/base/log.h"
#include "common/base/status.h"

namespace kload::agent {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitOther = 255;

constexpr char kHelp[] =
    R"(The agent dials its controller and needs no open port. While the controller is away it tries again
until it is there; a load that runs goes on for up to --orphan-timeout meanwhile. SIGTERM or Ctrl-C stops the load at
once, sends what was measured and leaves; a second one leaves without that.

Example:
  kload-agent --controller load.example:7070 --name rack1 --certs certs --allow "*.staging.example"

Exit codes:
  0    stopped by SIGTERM or Ctrl-C
  105  by a second signal, at once
  255  everything else: unknown flag, bad address, refused by the controller)";

int Fail(const absl::Status& status) {
  fmt::print(stderr, "kload-agent: {}\n", Message(status));
  return kExitOther;
}

// Lets the agent work until it ends by itself or a signal ends it.
int RunUntilEnd(Agent& agent, EndSignals& signals) {
  absl::Status result;
  std::thread waiter([&] {
    result = agent.Wait();
    signals.End();
  });
  signals.Wait([&] { agent.Shutdown(); });
  waiter.join();
  return result.ok() ? kExitOk : Fail(result);
}

int Main(int argc, char** argv) {
  AgentOptions options;
  std::string orphan_timeout = "60s";
  bool verbose = false;
  CLI::App app("kload-agent runs its part of load tests for a kload-controller.", "kload-agent");
  app.footer(kHelp);
  app.get_formatter()->column_width(34);
  app.add_option("--controller", options.controller, "the controller's address")
      ->type_name("HOST:PORT")
      ->envname("KLOAD_CONTROLLER")
      ->capture_default_str();
  app.add_option("--name", options.name, "unique in the cluster (host name and process id)")
      ->type_name("NAME")
      ->envname("KLOAD_AGENT_NAME");
  app.add_option("--threads", options.threads, "worker threads (one per core)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  app.add_option("--spool", options.spool,
                 "keep what is measured in files of this folder until the controller has it all, "
                 "for `kctl recover`")
      ->type_name("DIR")
      ->envname("KLOAD_SPOOL");
  app.add_option("--orphan-timeout", orphan_timeout,
                 "stop a load of which no controller wants to know for so long (60s)")
      ->type_name("DUR")
      ->envname("KLOAD_ORPHAN_TIMEOUT");
  app.add_option("--certs", options.certs,
                 "folder with ca.pem, agent.pem and agent.key of `kctl certs init`: TLS")
      ->type_name("DIR")
      ->envname("KLOAD_CERTS");
  app.add_option("--allow", options.allow,
                 "the only hosts that scripts may send to: NAME, *.NAME, ADDRESS or 10.0.0.0/8, "
                 "names also with :PORT; repeatable (anywhere)")
      ->type_name("HOST")
      ->envname("KLOAD_ALLOW")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--sample-log", options.sample_log,
                 "for tests: append every raw sample to FILE as a line of JSON")
      ->type_name("FILE");
  app.add_flag("-v,--verbose", verbose, "log more");
  app.set_version_flag("--version", "kload-agent " KLOAD_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return Fail(
        absl::InvalidArgumentError(fmt::format("{}; see kload-agent --help", error.what())));
  }
  const absl::StatusOr<Nanos> orphan = ParseDuration(orphan_timeout, BareNumber::kRefused);
  if (!orphan.ok() || *orphan <= Nanos::zero()) {
    return Fail(absl::InvalidArgumentError(
        fmt::format("--orphan-timeout: \"{}\" is not a duration such as 60s", orphan_timeout)));
  }
  options.orphan_timeout = *orphan;
  SetUpLogging(verbose);
  EndSignals signals("kload-agent");
  auto agent = Agent::Start(options);
  if (!agent.ok()) return Fail(agent.status());
  return RunUntilEnd(**agent, signals);
}

}  // namespace
}  // namespace kload::agent

int main(int argc, char** argv) {
  try {
    return kload::agent::Main(argc, argv);
  } catch (const std::exception& error) {
    return kload::agent::Fail(absl::InternalError(error.what()));
  }
}
