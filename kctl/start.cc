// kctl start SCRIPT|NAME: runs a test on the agents of a controller and follows it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kctl/exit_code.h"
#include "kctl/interrupt.h"
#include "kctl/session.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(SCRIPT is the path of a k6 script or an archive. A NAME is looked up as scripts/load-tests/NAME.js below
the current folder, then in the controller's own library. "-" reads it from stdin. Options are taken from
the config file, the script, K6_ variables and flags, the later over the earlier.

The test runs once, spread over the agents: VUs, iterations and thresholds are those of the whole
cluster. Without --agents all connected agents take part; with it, kctl waits --agents-timeout for
that many. Ctrl-C stops the run at once (teardown() and the summary still come, exit code 105), a
second one leaves without waiting. __ENV holds what -e and --env-file say.

Example:
  kctl start stress --agents 8 -e API_BASE_URL=http://10.0.0.5:3001/api
  kctl start baseline --detach && kctl get runs
  kctl start baseline --watch-metrics http://10.0.0.5:3001/api/metrics \
    --watch 'pool=db_pool_connections_in_use' --watch 'jobs=rate(db_pool_jobs_total[10s])'

)";

class StartVerb final : public Verb {
 public:
  std::string name() const override { return "start"; }
  std::string summary() const override { return "run a test on the cluster and follow it"; }
  std::string help() const override { return std::string(kHelp) + kExitCodesHelp; }

  void Declare(CLI::App& app) override {
    AddRunFlags(app, flags_);
    app.add_flag("--detach", detach_, "print the run's id and return at once");
  }

  int Run(const GlobalFlags& global) override {
    const SessionKind kind{.execution = "cluster", .library = true};
    v1::StartRunRequest request;
    AfterRun after;
    const Problem problem = MakeRequest(flags_, kind, request, after);
    if (!problem.status.ok()) return Fail(problem.status, problem.exit_code);
    if (detach_ && request.samples()) {
      return Fail(absl::InvalidArgumentError(
                      "--detach cannot be combined with --out json or csv: kctl itself writes "
                      "those files, while it follows the run"),
                  kExitOther);
    }
    if (detach_ && NeedsTheEnd()) {
      return Fail(
          absl::InvalidArgumentError(
              "--detach cannot be combined with --targets, --export, --findings or --output "
              "FILE, which are for the run's end; `kctl report RUN` has them later"),
          kExitOther);
    }
    CatchInterrupts();
    const auto client = DialController(global);
    if (!client.ok()) return Fail(client.status(), kExitOther);
    if (!detach_) {
      Terminal terminal(flags_, global);
      const auto outputs = OpenOutputs(flags_, terminal.screen());
      if (!outputs.ok()) return Fail(outputs.status(), kExitOther);
      return StartAndFollow(**client, request, flags_, global, kind, terminal.screen(), **outputs,
                            after);
    }
    v1::StartRunResponse begun;
    const Problem refused = AskForRun(**client, request, begun);
    if (!refused.status.ok()) return Fail(refused.status, refused.exit_code);
    fmt::print("{}\n", begun.run_id());
    return kExitOk;
  }

 private:
  bool NeedsTheEnd() const {
    return !flags_.targets_file.empty() || !flags_.export_file.empty() || flags_.findings ||
           !flags_.report.empty();
  }

  RunFlags flags_;
  bool detach_ = false;
};

}  // namespace

std::unique_ptr<Verb> MakeStartVerb() { return std::make_unique<StartVerb>(); }

}  // namespace kload::kctl
