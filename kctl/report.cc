// kctl report RUN|@BASELINE|FILE: a run's result as a page with charts, as Markdown, as JUnit XML.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>

#include "common/analysis/targets.h"
#include "common/base/status.h"
#include "common/result/result.h"
#include "common/result/result_file.h"
#include "kctl/exit_code.h"
#include "kctl/read_file.h"
#include "kctl/report/html.h"
#include "kctl/report/junit.h"
#include "kctl/report/markdown.h"
#include "kctl/report/report.h"
#include "kctl/result_source.h"
#include "kctl/verb.h"
#include "kctl/write_file.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(SOURCE is a run, as `kctl get runs` names it, or @NAME, a baseline; or a file that `kctl run --export FILE` or
`kctl report RUN --export FILE` wrote, for which no controller is needed.

--html is one file that needs nothing else and fetches nothing: charts over the run's time, all requests by their
latency, endpoints, thresholds, agents, what the figures point at. When no flag names an output it goes to SOURCE.html
in the current folder, or beside FILE.
--markdown is for a job's summary or a comment. --junit is for a CI's list of tests: failed thresholds, missed targets,
checks that ever failed and an invalid result are its failures; the exit code stays 0.
--targets adds a verdict on each target of a service to all three.

Example:
  kctl report 20260131-083000-1
  kctl report nightly.json --html nightly.html --junit nightly.xml
  kctl report nightly.json --markdown - >>"$GITHUB_STEP_SUMMARY"
  kctl report 20260131-083000-1 --export nightly.json

Exit codes:
  0    written
  255  no such run or file, not a result, cannot write, unknown flag, no controller)";

// As a line on stderr says it.
std::string SizeText(size_t bytes) {
  return bytes < 1'000'000 ? fmt::format("{:.0f} kB", static_cast<double>(bytes) / 1e3)
                           : fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

// Where the page goes when nobody says so.
std::string DefaultPage(const std::string& source) {
  if (IsResultFile(source))
    return std::filesystem::path(source).replace_extension(".html").string();
  return (source.starts_with('@') ? source.substr(1) : source) + ".html";
}

class ReportVerb final : public Verb {
 public:
  std::string name() const override { return "report"; }
  std::string summary() const override { return "make a page with charts of a run's result"; }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("source", source_, "a run, @BASELINE, or a file with a result")
        ->required()
        ->type_name("RUN|@BASELINE|FILE");
    app.add_option("--html", html_, "write a page with charts")->type_name("FILE");
    app.add_option("--markdown", markdown_, "write Markdown; - is stdout")->type_name("FILE");
    app.add_option("--junit", junit_, "write JUnit XML; - is stdout")->type_name("FILE");
    app.add_option("--export", export_, "write the result itself, for later reports; - is stdout")
        ->type_name("FILE");
    app.add_option("--targets", targets_, "judge the targets in that file (targets.yaml)")
        ->type_name("FILE");
  }

  int Run(const GlobalFlags& global) override {
    const absl::Status done = Write(global);
    return done.ok() ? kExitOk : Fail(done, kExitOther);
  }

 private:
  absl::StatusOr<std::optional<analysis::Targets>> ReadTargets(
      const v1::GetRunResponse& run) const {
    if (targets_.empty()) return std::nullopt;
    KLOAD_ASSIGN_OR_RETURN(const std::string text, ReadFile(targets_));
    std::vector<std::string> watched;
    for (const v1::WatchedSeries& each : run.watched()) watched.push_back(each.name());
    KLOAD_ASSIGN_OR_RETURN(analysis::Targets targets,
                           analysis::ParseTargets(text, targets_, watched));
    return targets;
  }

  absl::Status Write(const GlobalFlags& global) {
    const bool page = !html_.empty() || (markdown_.empty() && junit_.empty() && export_.empty());
    if (page) KLOAD_RETURN_IF_ERROR(CanMakePages());
    KLOAD_ASSIGN_OR_RETURN(const v1::GetRunResponse run, LoadResult(source_, global));
    KLOAD_ASSIGN_OR_RETURN(const std::optional<analysis::Targets> targets, ReadTargets(run));
    if (page && html_.empty()) html_ = DefaultPage(source_);
    absl::StatusOr<Result> result = DecodeResult(run);
    if (!result.ok()) return Annotate(result.status(), source_);
    const Report report = Analyze(*std::move(result), targets);
    struct Form {
      const char* flag;
      const std::string& path;
      std::string (*render)(const Report&);
    };
    for (const auto& [flag, path, render] : {Form{"--html", html_, ReportHtml},
                                             {"--markdown", markdown_, ReportMarkdown},
                                             {"--junit", junit_, ReportJunit}}) {
      if (!path.empty()) KLOAD_RETURN_IF_ERROR(WriteOne(flag, path, render(report), global));
    }
    if (export_.empty()) return absl::OkStatus();
    return WriteOne("--export", export_, ResultFileText(run), global);
  }

  static absl::Status WriteOne(const char* flag, const std::string& path,
                               const std::string& content, const GlobalFlags& global) {
    if (path == "-") {
      fmt::print("{}", content);
      return absl::OkStatus();
    }
    KLOAD_RETURN_IF_ERROR(WriteFile(flag, path, content));
    if (!global.quiet) {
      fmt::print(stderr, "kctl: {} is written ({})\n", path, SizeText(content.size()));
    }
    return absl::OkStatus();
  }

  std::string source_;
  std::string html_;
  std::string markdown_;
  std::string junit_;
  std::string export_;
  std::string targets_;
};

}  // namespace

std::unique_ptr<Verb> MakeReportVerb() { return std::make_unique<ReportVerb>(); }

}  // namespace kload::kctl
