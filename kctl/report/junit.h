// A report as JUnit XML, which CI systems show as tests: a suite each for the run, its soundness, thresholds, targets and
// checks.
//
// Data path: Report -> text.
// Thread:    pure functions.
#pragma once

#include <string>
#include <string_view>

#include "kctl/report/report.h"

namespace kload::kctl {

// A failed threshold, a missed target, a check that ever failed and an invalid result are failures, with what was
// observed; a run that did not end by itself is an error; what is not known is skipped.
std::string ReportJunit(const Report& report);

// For text and attributes of XML 1.0: what it cannot hold, bytes that are not UTF-8 included, becomes U+FFFD.
std::string EscapeXml(std::string_view text);

}  // namespace kload::kctl
