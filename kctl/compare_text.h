// A comparison of two runs as text for people, for programs, for pages and for CI.
//
// Thread: pure functions.
#pragma once

#include <string>

#include "common/analysis/compare.h"
#include "common/result/result.h"

namespace kload::kctl {

struct ComparedRuns {
  const Result& before;
  const Result& after;
  const analysis::RunComparison& comparison;
  const analysis::CompareOptions& options;
};

// `all`: also rows that did not change. Ends with the verdict.
std::string ComparisonTable(const ComparedRuns& runs, bool all, bool color);
std::string ComparisonJson(const ComparedRuns& runs);
std::string ComparisonMarkdown(const ComparedRuns& runs);
// A test case per row, which fails when it got worse; one that fails when the runs cannot be compared.
std::string ComparisonJunit(const ComparedRuns& runs);

}  // namespace kload::kctl
