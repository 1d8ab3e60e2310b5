// kload-controller: takes agents and runs, merges what they measure, judges it.
//
// Threads: the main thread waits for signals, one shuts the controller down; the rest are the controller's.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>

#include "common/base/end_signals.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "controller/controller.h"

namespace kload::controller {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitOther = 255;

constexpr char kHelp[] =
    R"(Agents dial --listen, and so does kctl; Prometheus scrapes http://HTTP/metrics, a health check asks
/healthz. Without --data the history of runs is kept in memory only. SIGTERM or Ctrl-C ends running
load (teardown() and summaries still come, within 5 s); a second one leaves without that. Beyond loopback it
wants TLS: `kctl certs init DIR` makes what --certs reads, for all parts of the cluster.

Example:
  kctl certs init certs --host load.example
  kload-controller --listen 0.0.0.0:7070 --http 0.0.0.0:7071 --certs certs --data /var/lib/kload \
    --scenarios scripts/load-tests --env API_BASE_URL=http://10.0.0.5:3001/api
  kload-agent --controller load.example:7070 --certs certs     on each machine that sends load
  KCTL_CERTS=certs kctl --controller load.example:7070 start baseline --agents 8

Exit codes:
  0    stopped by SIGTERM or Ctrl-C
  105  by a second signal, at once
  255  everything else: unknown flag, bad address, folder or certificate, port in use)";

int Fail(const absl::Status& status) {
  fmt::print(stderr, "kload-controller: {}\n", Message(status));
  return kExitOther;
}

absl::Status AddEnv(const std::vector<std::string>& entries,
                    std::map<std::string, std::string>& env) {
  for (const std::string& entry : entries) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(fmt::format(
          "--env: \"{}\" is not NAME=VALUE such as API_BASE_URL=http://10.0.0.5:3001/api", entry));
    }
    env[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return absl::OkStatus();
}

void SayReady(const Controller& controller, bool tls) {
  if (!controller.listen_address().empty()) {
    spdlog::info("listening on {} for agents and kctl", controller.listen_address());
  }
  if (!controller.http_address().empty()) {
    spdlog::info("metrics on {}://{}/metrics", tls ? "https" : "http", controller.http_address());
  }
}

int Main(int argc, char** argv) {
  ControllerOptions options;
  std::vector<std::string> env;
  bool verbose = false;
  size_t bundle_mb = 64;
  CLI::App app("kload-controller runs k6 scripts as one load test on many agents.",
               "kload-controller");
  app.footer(kHelp);
  app.get_formatter()->column_width(34);
  app.add_option("--listen", options.listen, "where agents and kctl dial")
      ->type_name("HOST:PORT")
      ->envname("KLOAD_LISTEN")
      ->capture_default_str();
  app.add_option("--http", options.http, "where /metrics is served; \"\": nowhere")
      ->type_name("HOST:PORT")
      ->envname("KLOAD_HTTP")
      ->capture_default_str();
  app.add_option("--data", options.data_dir, "folder of the run history (in memory)")
      ->type_name("DIR");
  app.add_option("--scenarios", options.scenarios_dir,
                 "folder of scripts that `kctl start NAME` finds (none)")
      ->type_name("DIR");
  app.add_option("--env", env, "entry of __ENV for runs that do not set it; repeatable")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_option("--certs", options.certs_dir,
                 "folder of `kctl certs init`: TLS, and agents need a certificate of it")
      ->type_name("DIR")
      ->envname("KLOAD_CERTS");
  app.add_option("--tokens", options.tokens_file,
                 "file of `kctl token create`: who may look, and who may start runs (DIR/tokens of "
                 "--certs)")
      ->type_name("FILE");
  app.add_flag("--insecure", options.insecure,
               "listen beyond loopback without TLS: whoever reaches it may start any load");
  app.add_option("--max-bundle", bundle_mb, "largest script with its files, in MB (64)")
      ->type_name("MB")
      ->check(CLI::Range(1, 1024));
  app.add_option("--keep-runs", options.runs_kept, "runs in the history; older ones go (1000)")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  app.add_flag("-v,--verbose", verbose, "log more");
  app.set_version_flag("--version", "kload-controller " KLOAD_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return Fail(
        absl::InvalidArgumentError(fmt::format("{}; see kload-controller --help", error.what())));
  }
  options.bundle_bytes_max = bundle_mb << 20;
  if (const absl::Status added = AddEnv(env, options.env); !added.ok()) return Fail(added);
  SetUpLogging(verbose);
  // gRPC's own lines about a port in use say less than ours; whoever debugs gRPC sets this by hand.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  EndSignals signals("kload-controller");
  const bool tls = !options.certs_dir.empty();
  const auto controller = Controller::Start(std::move(options));
  if (!controller.ok()) return Fail(controller.status());
  SayReady(**controller, tls);
  signals.Wait([&] { (*controller)->Shutdown(); });
  return kExitOk;
}

}  // namespace
}  // namespace kload::controller

int main(int argc, char** argv) {
  try {
    return kload::controller::Main(argc, argv);
  } catch (const std::exception& error) {
    return kload::controller::Fail(absl::InternalError(error.what()));
  }
}
