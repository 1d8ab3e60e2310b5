// kctl stop RUN: ends a run early.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kctl/exit_code.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(No new iteration starts; those that run may end within their scenario's gracefulStop, with --now
they are interrupted. Then come teardown() and the summary, for whoever follows the run; the
follower's exit code is 103.

Example:
  kctl stop 20260131-083000-1

Exit codes:
  0    the run was told to stop
  255  no such run, it had ended, or no controller)";

class StopVerb final : public Verb {
 public:
  std::string name() const override { return "stop"; }
  std::string summary() const override { return "end a run early"; }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("run", run_id_, "id of the run")->required()->type_name("RUN");
    app.add_flag("--now", now_, "interrupt running iterations");
  }

  int Run(const GlobalFlags& global) override {
    const auto client = DialController(global);
    if (!client.ok()) return Fail(client.status(), kExitOther);
    const absl::StatusOr<std::string> message = (*client)->StopRun(run_id_, !now_);
    if (!message.ok()) return Fail(message.status(), kExitOther);
    if (global.quiet) return kExitOk;
    fmt::print("{}\n", message->empty() ? fmt::format("run {} is stopping", run_id_) : *message);
    return kExitOk;
  }

 private:
  std::string run_id_;
  bool now_ = false;
};

}  // namespace

std::unique_ptr<Verb> MakeStopVerb() { return std::make_unique<StopVerb>(); }

}  // namespace kload::kctl
