// kctl scale RUN: changes the number of agents of a run that goes on, or the size of one of its scenarios.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "kctl/exit_code.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(--agents N: the run goes on with N agents. With more, idle ones join: they prepare the script, then all
change over at one instant, and nothing of the plan runs twice or not at all. With fewer, the youngest give
their part to the others and end their iterations. Fixed numbers of iterations stay with the agents that
have them.

--vus N: a scenario with the executor externally-controlled has N VUs from now on, in the whole cluster, up to
its maxVUs. VUs that are taken away finish their iteration.

--rate N: a scenario with the executor constant-arrival-rate starts N iterations per timeUnit from now on. Its
VUs stay as they are: what they cannot run is dropped.

Each change and its time are part of the run's record.

Example:
  kctl scale 20260131-083000-1 --agents 8
  kctl scale 20260131-083000-1 --rate 500 --scenario checkout

Exit codes:
  0    the run was scaled
  255  no such run, its load does not go on, too few idle agents, a size or scenario that does not fit, or no
       controller)";

class ScaleVerb final : public Verb {
 public:
  std::string name() const override { return "scale"; }
  std::string summary() const override {
    return "change the number of agents of a run, its VUs or rate";
  }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("run", run_id_, "id of the run")->required()->type_name("RUN");
    app.add_option("--agents", agents_, "agents from now on")
        ->check(CLI::PositiveNumber)
        ->type_name("N");
    app.add_option("-u,--vus", vus_, "virtual users from now on")->type_name("N");
    app.add_option("--rate", rate_, "iterations per timeUnit from now on")->type_name("N");
    app.add_option("--scenario", scenario_, "which one, when there are several")->type_name("NAME");
  }

  int Run(const GlobalFlags& global) override {
    v1::ScaleRunRequest request;
    request.set_run_id(run_id_);
    request.set_scenario(scenario_);
    if (vus_) request.set_vus(*vus_);
    if (rate_) request.set_rate(*rate_);
    request.set_agents(agents_.value_or(0));
    if (!vus_ && !rate_ && !agents_) {
      return Fail(absl::InvalidArgumentError("say what to change: --agents, --vus or --rate"),
                  kExitOther);
    }
    const auto client = DialController(global);
    if (!client.ok()) return Fail(client.status(), kExitOther);
    const absl::StatusOr<std::string> message = (*client)->ScaleRun(request);
    if (!message.ok()) return Fail(message.status(), kExitOther);
    if (!global.quiet) fmt::print("{}\n", *message);
    return kExitOk;
  }

 private:
  std::string run_id_;
  std::string scenario_;
  std::optional<int64_t> vus_;
  std::optional<int64_t> rate_;
  std::optional<uint32_t> agents_;
};

}  // namespace

std::unique_ptr<Verb> MakeScaleVerb() { return std::make_unique<ScaleVerb>(); }

}  // namespace kload::kctl
