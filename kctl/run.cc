// kctl run SCRIPT: runs a test without a cluster: controller and agents live in this process.
#include <fmt/format.h>
#include <grpcpp/channel.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>
#include <vector>

#include "agent/agent.h"
#include "controller/controller.h"
#include "kctl/exit_code.h"
#include "kctl/interrupt.h"
#include "kctl/session.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(SCRIPT is the path of a k6 script or an archive, or a NAME that stands for scripts/load-tests/NAME.js
below the current folder. "-" reads it from stdin. Options are taken from the config file, the script,
K6_ variables and flags, the later over the earlier.

Nothing else has to run: a controller and --agents agents (1) are started in this process and talk
without sockets. The environment is copied into __ENV, as k6 run does; --env-file and -e win over it.
Ctrl-C stops the test at once (teardown() and the summary still come, exit code 105), a second one leaves.

Example:
  kctl run scripts/load-tests/baseline.js -e API_BASE_URL=http://localhost:3001/api
  kctl run script.js --stage 10s:20,30s:20,5s:0 --threshold 'http_req_duration=p(95)<200'
  kctl run baseline --watch-metrics http://localhost:3001/api/metrics \
    --watch 'hit rate=rate(cache_hits_total[10s]) / (rate(cache_hits_total[10s]) + rate(cache_misses_total[10s]))'

)";

// The cluster in this process. Agents go before the controller that they talk to.
class LocalCluster {
 public:
  static absl::StatusOr<std::unique_ptr<LocalCluster>> Start(uint32_t agents, unsigned threads) {
    auto cluster = std::make_unique<LocalCluster>();
    auto controller = controller::Controller::Start({.listen = "",
                                                     .http = "",
                                                     .data_dir = "",
                                                     .scenarios_dir = "",
                                                     .env = {},
                                                     .logs_runs = false});
    if (!controller.ok()) return controller.status();
    cluster->controller_ = *std::move(controller);
    for (uint32_t i = 0; i < agents; ++i) {
      auto agent = agent::Agent::Start({.controller = "",
                                        .channel = cluster->channel(),
                                        .name = fmt::format("local-{}", i + 1),
                                        .threads = threads,
                                        .sample_log = ""});
      if (!agent.ok()) return agent.status();
      cluster->agents_.push_back(*std::move(agent));
    }
    return cluster;
  }
  ~LocalCluster() {
    for (const auto& agent : agents_) agent->Shutdown();
    if (controller_) controller_->Shutdown();
  }
  std::shared_ptr<grpc::Channel> channel() { return controller_->InProcessChannel(); }

 private:
  std::unique_ptr<controller::Controller> controller_;
  std::vector<std::unique_ptr<agent::Agent>> agents_;
};

class RunVerb final : public Verb {
 public:
  std::string name() const override { return "run"; }
  std::string summary() const override { return "run a test in this process, no cluster needed"; }
  std::string help() const override { return std::string(kHelp) + kExitCodesHelp; }

  void Declare(CLI::App& app) override {
    AddRunFlags(app, flags_);
    app.add_option("--threads", threads_, "worker threads of each agent (cores / agents)")
        ->type_name("N")
        ->check(CLI::Range(1, 1024));
  }

  int Run(const GlobalFlags& global) override {
    const uint32_t agents = flags_.agents.value_or(1);
    if (agents < 1 || agents > 256) {
      return Fail(
          absl::InvalidArgumentError(fmt::format("--agents: {} is not between 1 and 256", agents)),
          kExitOther);
    }
    const SessionKind kind{.execution = "local",
                           .system_env = true,
                           .agents_default = 1,
                           .agent_names = agents > 1,
                           .shows_run_id = false};
    v1::StartRunRequest request;
    AfterRun after;
    const Problem problem = MakeRequest(flags_, kind, request, after);
    if (!problem.status.ok()) return Fail(problem.status, problem.exit_code);
    CatchInterrupts();
    Terminal terminal(flags_, global);
    const auto outputs = OpenOutputs(flags_, terminal.screen());
    if (!outputs.ok()) return Fail(outputs.status(), kExitOther);
    const unsigned cores = std::max(std::thread::hardware_concurrency(), 1U);
    const auto cluster =
        LocalCluster::Start(agents, threads_.value_or(std::max(cores / agents, 1U)));
    if (!cluster.ok()) return Fail(cluster.status(), kExitOther);
    Client client((*cluster)->channel(), "this process");
    return StartAndFollow(client, request, flags_, global, kind, terminal.screen(), **outputs,
                          after);
  }

 private:
  RunFlags flags_;
  std::optional<unsigned> threads_;
};

}  // namespace

std::unique_ptr<Verb> MakeRunVerb() { return std::make_unique<RunVerb>(); }

}  // namespace kload::kctl
