// From a request to a run that may start: what can be wrong is found before any load is sent.
//
// Data path: StartRunRequest (api) -> bundle, InspectScript(), PlanTest(), ParseThresholds() -> RunSpec.
// Thread:    runs the script's init code on the caller's thread and may read files of the library:
//            not for the core thread.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "controller/run/run.h"
#include "controller/run/run_event.h"
#include "controller/script/options.h"
#include "kload/v1/control.pb.h"

namespace kload::controller {

struct AdmittedRun {
  RunSpec spec;       // without id and creation time
  v1::Prepare order;  // what agents are told, without run id and slice
  std::vector<std::string> warnings;
  bool secrets_lost = false;                    // only an earlier process knew its secrets
  bool handles_summary = false;                 // the script exports handleSummary()
  std::vector<v1::PrometheusWrite> prometheus;  // where to push to; not looked into
  v1::StartRunRequest request;  // what it came from, with the bundle in place of a scenario's name
};

// `scenarios_dir`: the library that a scenario's name is looked up in (NAME.js, NAME.ts); empty:
// none. The failure's exit code is k6's: 107 when the script is wrong, 104 when options, thresholds
// or what is to be watched are, else 255.
std::variant<AdmittedRun, RunFailure> AdmitRun(const v1::StartRunRequest& request,
                                               const std::string& scenarios_dir);

struct ExaminedRun {
  std::string options_json;  // the script's, or those of the archive that it came in
  PlannedTest planned;       // empty without `plan`
};
// What is found out about the request's bundle, without starting anything; with `plan` its options are
// merged and validated too. Failures as for AdmitRun().
std::variant<ExaminedRun, RunFailure> ExamineRun(const v1::StartRunRequest& request, bool plan);

// Names in the library, sorted. Empty when the folder cannot be read.
std::vector<std::string> ScenarioNames(const std::string& scenarios_dir);

}  // namespace kload::controller
