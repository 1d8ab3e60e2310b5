// kctl baseline set|list|remove: runs with a name that others are compared with.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kctl/exit_code.h"
#include "kctl/table.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(A baseline is a run with a name, which the history keeps as long as it has one. kctl compare --baseline NAME, and
@NAME wherever a run is asked for, mean it.

Example:
  kctl baseline set main 20260131-083000-1
  kctl baseline list
  kctl baseline remove main

Exit codes:
  0    done
  255  no such run or name, no controller)";

class BaselineVerb final : public Verb {
 public:
  std::string name() const override { return "baseline"; }
  std::string summary() const override { return "name runs that others are compared with"; }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("what", what_, "set, list or remove")
        ->required()
        ->type_name("set|list|remove")
        ->check(CLI::IsMember({"set", "list", "remove"}).description(""));
    app.add_option("name", name_, "letters, digits, dots, dashes, underscores")->type_name("NAME");
    app.add_option("run", run_, "for set: a run, as `kctl get runs` names it")->type_name("RUN");
  }

  int Run(const GlobalFlags& global) override {
    if (const absl::Status wrong = Check(); !wrong.ok()) return Fail(wrong, kExitOther);
    const auto client = DialController(global);
    if (!client.ok()) return Fail(client.status(), kExitOther);
    if (what_ == "list") return List(**client);
    const absl::Status done = (*client)->SetBaseline(name_, what_ == "set" ? run_ : "");
    if (!done.ok()) return Fail(done, kExitOther);
    return kExitOk;
  }

 private:
  absl::Status Check() const {
    if (what_ == "list" && !name_.empty()) {
      return absl::InvalidArgumentError("baseline list: takes no name");
    }
    if (what_ == "set" && (name_.empty() || run_.empty())) {
      return absl::InvalidArgumentError(
          "baseline set: name the baseline and the run, as in `kctl baseline set main RUN`");
    }
    if (what_ == "remove" && (name_.empty() || !run_.empty())) {
      return absl::InvalidArgumentError("baseline remove: takes one name");
    }
    return absl::OkStatus();
  }

  static int List(Client& client) {
    const absl::StatusOr<v1::ListBaselinesResponse> baselines = client.ListBaselines();
    if (!baselines.ok()) return Fail(baselines.status(), kExitOther);
    std::vector<std::vector<std::string>> rows = {{"NAME", "RUN", "SCRIPT", "STARTED"}};
    for (const v1::Baseline& each : baselines->baselines()) {
      rows.push_back({each.name(), each.run().run_id(), each.run().script(),
                      FormatUtc(each.run().started_unix_ns())});
    }
    fmt::print("{}", AlignTable(rows));
    return kExitOk;
  }

  std::string what_;
  std::string name_;
  std::string run_;
};

}  // namespace

std::unique_ptr<Verb> MakeBaselineVerb() { return std::make_unique<BaselineVerb>(); }

}  // namespace kload::kctl
