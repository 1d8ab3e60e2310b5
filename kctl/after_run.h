// What kctl does with a run's result once it has ended: the verdict on targets, the exported file.
//
// Data path: Client::GetRun() -> Result -> table, file, exit code.
// Thread:    main thread.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "common/analysis/targets.h"
#include "kctl/client.h"
#include "kctl/flags.h"
#include "kctl/screen.h"

namespace kload::kctl {

// What flags and --env-file ask for beyond the run itself.
struct AfterRun {
  std::optional<analysis::Targets> targets = {};
  bool missed_fails = false;     // --fail-on missed
  std::string export_file = {};  // empty: none
  bool findings = false;         // print symptoms
  bool table_to_stderr = false;  // stdout belongs to JSON
  bool any() const { return targets.has_value() || findings || !export_file.empty(); }
};

// The targets of --targets, and `of_env`, those of the TARGET_* variables of --env-file, beside them. Errors: those of reading and parsing.
absl::StatusOr<std::optional<analysis::Targets>> TargetsOf(
    const RunFlags& flags, const std::vector<analysis::FigureTarget>& of_env);

// Returns the run's exit code, or 99 when it was 0 and a target is critical (missed, with missed_fails). What cannot be
// fetched or written is an error on stderr and 255 in place of 0.
int ConcludeRun(Client& client, const std::string& run_id, const AfterRun& after, Screen& screen,
                int exit_code);

}  // namespace kload::kctl
