// kctl get agents|runs: what the controller knows.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kctl/exit_code.h"
#include "kctl/table.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(Prints a table, or with -o json an array of objects for programs. VUS is active/planned.

Example:
  kctl get agents
  kctl get runs -o json

Exit codes:
  0    printed
  255  unknown kind or flag, no controller)";

class GetVerb final : public Verb {
 public:
  std::string name() const override { return "get"; }
  std::string summary() const override { return "list agents or runs"; }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("what", what_, "agents or runs")
        ->required()
        ->type_name("agents|runs")
        ->check(CLI::IsMember({"agents", "agent", "runs", "run"}).description(""));
    app.add_option("-o,--output", output_, "table or json")
        ->check(CLI::IsMember({"table", "json"}));
  }

  int Run(const GlobalFlags& global) override {
    const auto client = DialController(global);
    if (!client.ok()) return Fail(client.status(), kExitOther);
    const bool json = output_ == "json";
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
  std::string what_;
  std::string output_ = "table";
};

}  // namespace

std::unique_ptr<Verb> MakeGetVerb() { return std::make_unique<GetVerb>(); }

}  // namespace kload::kctl
