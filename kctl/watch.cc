// kctl watch RUN: follows a run that was started elsewhere, from its current state to its end.
#include <CLI/CLI.hpp>

#include "kctl/exit_code.h"
#include "kctl/interrupt.h"
#include "kctl/session.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(RUN is an id from `kctl get runs` or `kctl start --detach`. Ends with the run's summary and exit
code. Ctrl-C ends the watching (exit code 105); the run goes on.

Example:
  kctl watch 20260131-083000-1

)";

class WatchVerb final : public Verb {
 public:
  std::string name() const override { return "watch"; }
  std::string summary() const override { return "follow a run to its end"; }
  std::string help() const override { return std::string(kHelp) + kExitCodesHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("run", run_id_, "id of the run")->required()->type_name("RUN");
    app.add_option("--summary-mode", flags_.summary_mode, "compact, full, legacy or disabled");
    app.add_option("--summary-export", flags_.summary_export, "write the summary as JSON")
        ->type_name("FILE");
    app.add_option("-o,--output", flags_.output, "text, or json: the summary alone")
        ->check(CLI::IsMember({"text", "json"}));
  }

  int Run(const GlobalFlags& global) override {
    const SessionKind kind{.execution = "cluster"};
    absl::StatusOr<FollowOptions> options = FollowOptionsOf(flags_, global, kind, run_id_);
    if (!options.ok()) return Fail(options.status(), kExitOther);
    CatchInterrupts();
    const auto client = DialController(global);
    if (!client.ok()) return Fail(client.status(), kExitOther);
    options->stops_run = false;
    options->view.header.script = ScriptOf(**client);
    Terminal terminal(flags_, global);
    return Follow(**client, run_id_, *options, terminal.screen(), SystemClock());
  }

 private:
  // For the banner only, so that a failure may be silent: Follow() reports what matters.
  std::string ScriptOf(Client& client) const {
    const absl::StatusOr<v1::ListRunsResponse> runs = client.ListRuns();
    if (!runs.ok()) return "?";
    for (const v1::RunInfo& run : runs->runs()) {
      if (run.run_id() == run_id_) return run.script();
    }
    return "?";
  }

  std::string run_id_;
  RunFlags flags_;
};

}  // namespace

std::unique_ptr<Verb> MakeWatchVerb() { return std::make_unique<WatchVerb>(); }

}  // namespace kload::kctl
