// kctl inspect SCRIPT: prints the options of a script, without any cluster and without load.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "controller/show_options.h"
#include "kctl/exit_code.h"
#include "kctl/session.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(Runs the init code of a script or an archive and prints its options as JSON, every option in k6's
order, those that are not set as null. Nothing else has to run, and no request is sent.

With --execution-requirements the config file and K6_ variables are merged in, defaults and the
scenario that stages, vus, duration or iterations stand for are filled in, and totalDuration and
maxVUs say what the test takes; options and thresholds are checked as before a run. __ENV holds what
-e and --env-file say; --include-system-env-vars adds the environment.

Example:
  kctl inspect --execution-requirements script.js | jq .maxVUs

Exit codes:
  0    printed
  104  invalid options, scenario or threshold
  107  the script failed in its init code or has a syntax error
  255  everything else: unknown flag, missing file)";

class InspectVerb final : public Verb {
 public:
  std::string name() const override { return "inspect"; }
  std::string summary() const override { return "print the options of a script"; }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    AddScriptFlags(app, flags_);
    app.add_flag("--execution-requirements", requirements_,
                 "merge all layers, fill in defaults, add totalDuration and maxVUs");
  }

  int Run(const GlobalFlags&) override {
    v1::StartRunRequest request;
    AfterRun after;  // of a run that never is
    const Problem problem = MakeRequest(flags_, {}, request, after);
    if (!problem.status.ok()) return Fail(problem.status, problem.exit_code);
    const controller::ShownOptions shown =
        controller::ShowOptions(request, requirements_ ? controller::OptionsView::kRequirements
                                                       : controller::OptionsView::kAsGiven);
    if (shown.exit_code != kExitOk) {
      return Fail(absl::InvalidArgumentError(shown.text), shown.exit_code);
    }
    fmt::print("{}\n", shown.text);
    return kExitOk;
  }

 private:
  RunFlags flags_;
  bool requirements_ = false;
};

}  // namespace

std::unique_ptr<Verb> MakeInspectVerb() { return std::make_unique<InspectVerb>(); }

}  // namespace kload::kctl
