// kctl get agents|runs|run ID: what the controller knows.
#include <fmt/format.h>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "kctl/client.h"
#include "kctl/exit_code.h"
#include "kctl/run_history.h"
#include "kctl/screen.h"
#include "kctl/table.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(Prints a table, or with -o json an array of objects for programs. VUS is active/planned.
With the id of a run: all that the history has of it, second by second, also of one that goes on, and what
of its target was watched (--watch-metrics).

Example:
  kctl get agents
  kctl get runs -o json
  kctl get run 20260131-083000-1

Exit codes:
  0    printed
  255  unknown kind, run or flag, no controller)";

class GetVerb final : public Verb {
 public:
  std::string name() const override { return "get"; }
  std::string summary() const override { return "list agents or runs, show one run"; }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("what", what_, "agents or runs")
        ->required()
        ->type_name("agents|runs")
        ->check(CLI::IsMember({"agents", "agent", "runs", "run"}).description(""));
    app.add_option("id", id_, "a run, as `kctl get runs` names it")->type_name("RUN");
    app.add_option("-o,--output", output_, "table or json")
        ->check(CLI::IsMember({"table", "json"}));
  }

  int Run(const GlobalFlags& global) override {
    const auto client = DialController(global);
    if (!client.ok()) return Fail(client.status(), kExitOther);
    const bool json = output_ == "json";
    if (!id_.empty()) return ShowRun(**client, global);
    if (what_.starts_with("agent")) {
      const absl::StatusOr<v1::ListAgentsResponse> agents = (*client)->ListAgents();
      if (!agents.ok()) return Fail(agents.status(), kExitOther);
      fmt::print("{}", json ? AgentsJson(*agents) : AgentsTable(*agents));
      return kExitOk;
    }
    const absl::StatusOr<v1::ListRunsResponse> runs = (*client)->ListRuns();
    if (!runs.ok()) return Fail(runs.status(), kExitOther);
    fmt::print("{}", json ? RunsJson(*runs) : RunsTable(*runs));
    return kExitOk;
  }

 private:
  int ShowRun(Client& client, const GlobalFlags& global) const {
    if (what_.starts_with("agent")) {
      return Fail(absl::InvalidArgumentError(fmt::format(
                      "get {}: takes no name; `kctl get agents -o json` has all of each", what_)),
                  kExitOther);
    }
    const absl::StatusOr<v1::GetRunResponse> run = client.GetRun(id_);
    if (!run.ok()) return Fail(run.status(), kExitOther);
    const bool color = UseColor(::isatty(STDOUT_FILENO) != 0, global.no_color,
                                std::getenv("NO_COLOR"), std::getenv("CLICOLOR_FORCE"));
    const absl::StatusOr<std::string> text =
        output_ == "json" ? RunHistoryJson(*run) : RunHistoryText(*run, color);
    if (!text.ok()) return Fail(text.status(), kExitOther);
    fmt::print("{}", *text);
    return kExitOk;
  }

  std::string what_;
  std::string id_;
  std::string output_ = "table";
};

}  // namespace

std::unique_ptr<Verb> MakeGetVerb() { return std::make_unique<GetVerb>(); }

}  // namespace kload::kctl
