// kctl archive SCRIPT: writes a script with everything that it needs into one file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "common/base/status.h"
#include "common/wire/bundle_wire.h"
#include "controller/show_options.h"
#include "kctl/archive_file.h"
#include "kctl/exit_code.h"
#include "kctl/session.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(Writes a tar with the script, everything that it imports and open()s, its variables, and its options
with the config file's, K6_ variables' and flags' laid over them. `kctl run` and `kctl start` take it in
the place of a script, on any machine: its options and variables then stand where the script's own would,
so flags and -e still win. The file is laid out as those of `k6 archive`, which kctl takes too.

The variables of -e and --env-file are in the file, secrets too; --exclude-env-vars leaves them out.

Example:
  kctl archive script.js -e API_BASE_URL=http://localhost:3001/api -O test.tar
  kctl start test.tar --agents 4

Exit codes:
  0    written
  104  invalid options, scenario or threshold
  107  the script failed in its init code or has a syntax error
  255  everything else: unknown flag, missing file, a file that cannot be written)";

class ArchiveVerb final : public Verb {
 public:
  std::string name() const override { return "archive"; }
  std::string summary() const override { return "write a script and all it needs into one file"; }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    AddScriptFlags(app, flags_);
    app.add_option("-O,--archive-out", path_, "file to write (archive.tar), - for stdout")
        ->type_name("FILE");
    app.add_flag("--exclude-env-vars", exclude_env_, "leave the script's variables out");
    AddOptionFlags(app, flags_);
  }

  int Run(const GlobalFlags&) override {
    v1::StartRunRequest request;
    AfterRun after;  // of a run that never is
    const Problem problem = MakeRequest(flags_, {}, request, after);
    if (!problem.status.ok()) return Fail(problem.status, problem.exit_code);
    const controller::ShownOptions shown =
        controller::ShowOptions(request, controller::OptionsView::kMerged);
    if (shown.exit_code != kExitOk) {
      return Fail(absl::InvalidArgumentError(shown.text), shown.exit_code);
    }
    absl::StatusOr<k6::Bundle> bundle = wire::DecodeBundle(request.bundle());
    if (!bundle.ok()) return Fail(bundle.status(), kExitOther);
    Archive archive{.bundle = *std::move(bundle), .env = {}, .options_json = shown.text};
    if (!exclude_env_) archive.env.insert(request.env().begin(), request.env().end());
    const absl::Status written = WriteArchive(archive, path_);
    return written.ok() ? kExitOk : Fail(written, kExitOther);
  }

 private:
  RunFlags flags_;
  std::string path_ = "archive.tar";
  bool exclude_env_ = false;
};

}  // namespace

std::unique_ptr<Verb> MakeArchiveVerb() { return std::make_unique<ArchiveVerb>(); }

}  // namespace kload::kctl
