// kctl scale RUN: changes the number of VUs of a run that goes on.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kctl/exit_code.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(For a scenario with the executor externally-controlled: from now on it has --vus VUs, in the whole
cluster, up to its maxVUs. VUs that are taken away finish their iteration. The change and its time
are part of the run's summary.

Example:
  kctl scale 20260131-083000-1 --vus 50

Exit codes:
  0    the run was scaled
  255  no such run, its load does not go on, too many VUs, or no controller)";

class ScaleVerb final : public Verb {
 public:
  std::string name() const override { return "scale"; }
  std::string summary() const override { return "change the number of VUs of a run"; }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("run", run_id_, "id of the run")->required()->type_name("RUN");
    app.add_option("-u,--vus", vus_, "virtual users from now on")->required()->type_name("N");
    app.add_option("--scenario", scenario_, "which one, when there are several")->type_name("NAME");
  }

  int Run(const GlobalFlags& global) override {
    const auto client = DialController(global);
    if (!client.ok()) return Fail(client.status(), kExitOther);
    const absl::StatusOr<std::string> message = (*client)->ScaleRun(run_id_, scenario_, vus_);
    if (!message.ok()) return Fail(message.status(), kExitOther);
    if (!global.quiet) fmt::print("{}\n", *message);
    return kExitOk;
  }

 private:
  std::string run_id_;
  std::string scenario_;
  int64_t vus_ = 0;
};

}  // namespace

std::unique_ptr<Verb> MakeScaleVerb() { return std::make_unique<ScaleVerb>(); }

}  // namespace kload::kctl
