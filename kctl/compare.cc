// kctl compare BEFORE AFTER: whether a run differs from another by more than chance.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "common/analysis/compare.h"
#include "common/base/status.h"
#include "common/result/result.h"
#include "kctl/compare_text.h"
#include "kctl/exit_code.h"
#include "kctl/result_source.h"
#include "kctl/screen.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(BEFORE and AFTER are ids of runs, baselines as @NAME, or files that --export wrote. With --baseline NAME only
AFTER is named.

p50, p95, p99 and failures of all requests and of each endpoint, and requests/s, are compared with an interval of
their difference, from the merged histograms of both runs. A figure is worse or better when its interval leaves 0 out
(for all rows at once with --confidence) and the change is at least --min-change. Runs with another plan, another
load, or a result that is not trustworthy are not comparable, which --force overrules.

Example:
  kctl baseline set main 20260131-083000-1
  kctl compare --baseline main 20260201-090000-4 --format markdown
  kctl compare before.json after.json

Exit codes:
  0    the same, or better
  98   the runs are not comparable, or have too few samples to tell
  99   worse
  255  no such run or file, no controller)";

class CompareVerb final : public Verb {
 public:
  std::string name() const override { return "compare"; }
  std::string summary() const override { return "whether a run is better or worse than another"; }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("runs", sources_, "BEFORE and AFTER: RUN, @BASELINE or FILE")
        ->required()
        ->expected(1, 2)
        ->type_name("RUN");
    app.add_option("--baseline", baseline_, "compare with this baseline of the controller")
        ->type_name("NAME");
    app.add_option("--format", format_, "table, json, markdown or junit")
        ->check(CLI::IsMember({"table", "json", "markdown", "junit"}).description(""));
    app.add_option("--confidence", options_.confidence,
                   "that the whole table has no false alarm (0.95)")
        ->check(CLI::Range(0.5, 0.9999).description(""))
        ->type_name("P");
    app.add_option("--min-change", min_change_,
                   "percent below which a change counts as the same (5)")
        ->check(CLI::Range(0.0, 1000.0).description(""))
        ->type_name("PERCENT");
    app.add_flag("--force", force_, "compare also what is not comparable");
    app.add_flag("--all", all_, "also rows of endpoints that did not change");
  }

  int Run(const GlobalFlags& global) override {
    if (!baseline_.empty()) sources_.insert(sources_.begin(), "@" + baseline_);
    if (sources_.size() != 2) {
      return Fail(absl::InvalidArgumentError(
                      baseline_.empty() ? "compare: name two runs, or one and --baseline NAME"
                                        : "compare: with --baseline NAME only one run is named"),
                  kExitOther);
    }
    const absl::StatusOr<Result> before = Load(sources_[0], global);
    if (!before.ok()) return Fail(before.status(), kExitOther);
    const absl::StatusOr<Result> after = Load(sources_[1], global);
    if (!after.ok()) return Fail(after.status(), kExitOther);
    options_.min_change = min_change_ / 100;
    analysis::RunComparison comparison = analysis::Compare(*before, *after, options_);
    if (force_) {
      for (std::string& why : comparison.incomparable) comparison.remarks.push_back(std::move(why));
      comparison.incomparable.clear();
    }
    fmt::print("{}", Text({*before, *after, comparison, options_}, global));
    const bool open = comparison.verdict == analysis::Change::kTooFewSamples;
    if (!comparison.incomparable.empty() || open) return kExitNotTrustworthy;
    return comparison.verdict == analysis::Change::kWorse ? kExitThresholds : kExitOk;
  }

 private:
  static absl::StatusOr<Result> Load(const std::string& source, const GlobalFlags& global) {
    KLOAD_ASSIGN_OR_RETURN(const v1::GetRunResponse run, LoadResult(source, global));
    return DecodeResult(run);
  }

  std::string Text(const ComparedRuns& runs, const GlobalFlags& global) const {
    if (format_ == "json") return ComparisonJson(runs);
    if (format_ == "markdown") return ComparisonMarkdown(runs);
    if (format_ == "junit") return ComparisonJunit(runs);
    return ComparisonTable(runs, all_,
                           UseColor(::isatty(STDOUT_FILENO) != 0, global.no_color,
                                    std::getenv("NO_COLOR"), std::getenv("CLICOLOR_FORCE")));
  }

  std::vector<std::string> sources_;
  std::string baseline_;
  std::string format_ = "table";
  analysis::CompareOptions options_;
  double min_change_ = 5;
  bool force_ = false;
  bool all_ = false;
};

}  // namespace

std::unique_ptr<Verb> MakeCompareVerb() { return std::make_unique<CompareVerb>(); }

}  // namespace kload::kctl
