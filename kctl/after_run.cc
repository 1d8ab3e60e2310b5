#include "kctl/after_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "common/base/status.h"
#include "common/result/result.h"
#include "common/result/result_file.h"
#include "kctl/exit_code.h"
#include "kctl/findings_text.h"
#include "kctl/read_file.h"
#include "kctl/targets_table.h"
#include "kctl/verb.h"
#include "kctl/write_file.h"

namespace kload::kctl {
namespace {

using analysis::TargetRow;
using analysis::TargetVerdict;

bool Fails(const std::vector<TargetRow>& rows, bool missed_fails) {
  return std::any_of(rows.begin(), rows.end(), [&](const TargetRow& row) {
    return row.verdict == TargetVerdict::kCritical ||
           (missed_fails && row.verdict == TargetVerdict::kMissed);
  });
}

absl::Status Conclude(Client& client, const std::string& run_id, const AfterRun& after,
                      Screen& screen, bool& failed) {
  KLOAD_ASSIGN_OR_RETURN(const v1::GetRunResponse run, client.GetRun(run_id));
  if (!after.export_file.empty()) {
    KLOAD_RETURN_IF_ERROR(WriteFile("--export", after.export_file, ResultFileText(run)));
  }
  KLOAD_ASSIGN_OR_RETURN(const Result result, DecodeResult(run));
  const bool color = screen.color() && !after.table_to_stderr;
  std::string text;
  if (after.targets) {
    const std::vector<TargetRow> rows = analysis::JudgeTargets(*after.targets, result);
    failed = Fails(rows, after.missed_fails);
    text += TargetsTable(rows, color);
  }
  if (after.findings) {
    text += FindingsText(
        analysis::FindSymptoms(result, after.targets.value_or(analysis::Targets())), color);
  }
  if (after.table_to_stderr) {
    fmt::print(stderr, "{}", text);
  } else if (!text.empty()) {
    screen.Print(text);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<analysis::Targets>> TargetsOf(
    const RunFlags& flags, const std::vector<analysis::FigureTarget>& of_env) {
  std::optional<analysis::Targets> targets;
  if (!flags.targets_file.empty()) {
    KLOAD_ASSIGN_OR_RETURN(const std::string text, ReadFile(flags.targets_file));
    std::vector<std::string> watched;
    for (const std::string& each : flags.watches) watched.push_back(each.substr(0, each.find('=')));
    KLOAD_ASSIGN_OR_RETURN(targets, analysis::ParseTargets(text, flags.targets_file, watched));
  }
  if (of_env.empty()) return targets;
  if (!targets) targets.emplace();
  for (const analysis::FigureTarget& figure : of_env) {
    // The file's word about it is the more exact one.
    const bool there =
        std::any_of(targets->figures.begin(), targets->figures.end(),
                    [&](const auto& each) { return each.measure == figure.measure; });
    if (!there) targets->figures.push_back(figure);
  }
  return targets;
}

int ConcludeRun(Client& client, const std::string& run_id, const AfterRun& after, Screen& screen,
                int exit_code) {
  if (!after.any()) return exit_code;
  bool failed = false;
  const absl::Status done = Conclude(client, run_id, after, screen, failed);
  if (!done.ok()) {
    const int code = Fail(done, kExitOther);
    return exit_code == kExitOk ? code : exit_code;
  }
  return failed && exit_code == kExitOk ? kExitThresholds : exit_code;
}

}  // namespace kload::kctl
