// Symptoms that a run's data show, with the evidence and what to look at next.
//
// Data path: Result (and targets) -> findings -> reports.
// Thread:    pure functions.
#pragma once

#include <string>
#include <vector>

#include "common/analysis/capacity.h"
#include "common/analysis/drift.h"
#include "common/analysis/targets.h"
#include "common/result/result.h"

namespace kload::analysis {

enum class Severity { kInfo, kWarning, kProblem };
std::string_view SeverityName(Severity severity);  // info, warning, problem

struct Symptom {
  std::string
      id;  // slow-endpoint, pool-exhaustion, leak, errors-by-endpoint, cache, breaking-point ...
  Severity severity = Severity::kWarning;
  std::string title = {};     // a short sentence
  std::string evidence = {};  // with figures
  std::string next = {};      // what to look at
};

// By severity, the worst first. `targets` may be empty.
std::vector<Symptom> FindSymptoms(const Result& result, const Targets& targets);

}  // namespace kload::analysis
