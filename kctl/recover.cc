// kctl recover PATH...: a result from agents' spools.
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>

#include "common/base/log.h"
#include "common/base/status.h"
#include "common/spool/spool.h"
#include "common/summary/summary.h"
#include "controller/run/recover.h"
#include "kctl/exit_code.h"
#include "kctl/screen.h"
#include "kctl/verb.h"
#include "kctl/write_file.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(Makes a run's result of what its agents kept, for a controller that is gone for good. Agents that were
started with --spool DIR leave a file per run in it until the controller has everything: gather the files of
all agents in one place and name them, or their folder. Thresholds are judged on what is there; the summary
says what is missing. A torn or damaged file counts up to the damage.

Example:
  kload-agent --controller load.example:7070 --spool /var/lib/kload/spool     # on each machine, beforehand
  kctl recover gathered/ --summary-export result.json

Exit codes:
  0    a result was made, all thresholds hold
  99   a threshold failed
  255  everything else: no spool, none that can be read)";

class RecoverVerb final : public Verb {
 public:
  std::string name() const override { return "recover"; }
  std::string summary() const override { return "make a result of agents' spools"; }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("paths", paths_, "spools, or folders of them")->type_name("PATH");
    app.add_option("--summary-export", export_, "write the summary as JSON, in k6's shape")
        ->type_name("FILE");
    app.add_option("-o,--output", output_, "text or json")->type_name("FORMAT");
  }

  int Run(const GlobalFlags& global) override {
    if (paths_.empty()) {
      return Fail(absl::InvalidArgumentError("name a spool, or a folder of them; see kctl recover "
                                             "--help"),
                  kExitOther);
    }
    if (output_ != "text" && output_ != "json") {
      return Fail(absl::InvalidArgumentError(
                      fmt::format("--output: \"{}\" is neither text nor json", output_)),
                  kExitOther);
    }
    std::map<std::string, std::vector<Spool>> runs;
    for (const std::string& path : Files()) {
      absl::StatusOr<Spool> spool = ReadSpool(path);
      if (!spool.ok()) {
        spdlog::error("{}", Message(spool.status()));
        continue;
      }
      runs[spool->header.run_id()].push_back(*std::move(spool));
    }
    if (runs.empty()) {
      return Fail(absl::NotFoundError("there is no spool that can be read"), kExitOther);
    }
    int code = kExitOk;
    for (const auto& [id, spools] : runs) code = std::max(code, Show(id, spools, global));
    return code;
  }

 private:
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const std::string& path : paths_) {
      std::error_code error;
      if (!std::filesystem::is_directory(path, error)) {
        files.push_back(path);
        continue;
      }
      for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
        if (entry.path().extension() == ".spool") files.push_back(entry.path().string());
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  int Show(const std::string& id, const std::vector<Spool>& spools, const GlobalFlags&) const {
    const absl::StatusOr<controller::RecoveredRun> run = controller::RecoverRun(spools);
    if (!run.ok()) return Fail(Annotate(run.status(), "run " + id), kExitOther);
    if (output_ == "json") {
      fmt::print("{}\n", SummaryExportJson(run->summary));
    } else {
      fmt::print("\n     run {} of {}\n", id, run->summary.script);
      fmt::print("{}", RenderSummary(run->summary, SummaryMode::kCompact, false));
    }
    if (!export_.empty()) {
      const absl::Status written =
          WriteFile("--summary-export", export_, SummaryExportJson(run->summary));
      if (!written.ok()) return Fail(written, kExitOther);
    }
    if (run->exit_code != kExitOk) spdlog::error("{}", run->message);
    return run->exit_code;
  }

  std::vector<std::string> paths_;
  std::string export_;
  std::string output_ = "text";
};

}  // namespace

std::unique_ptr<Verb> MakeRecoverVerb() { return std::make_unique<RecoverVerb>(); }

}  // namespace kload::kctl
