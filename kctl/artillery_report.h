// The file of `--output NAME.json`: a run in the shape of Artillery's JSON report.
//
// Data path: RunSummary, the history's seconds -> JSON.
// Thread:    pure functions.
#pragma once

#include <string>

#include "common/summary/summary.h"
#include "kload/v1/control.pb.h"

namespace kload::kctl {

// { aggregate, intermediate }. `aggregate` has what the summary has, under Artillery's names: counters, rates, summaries
// (also as histograms), times in milliseconds since 1970. `intermediate` has a period for each second that `history`
// knows, with requests, bytes and the percentiles that are kept of a second. `kload` is what --export writes.
std::string ArtilleryReportJson(const RunSummary& summary, const v1::GetRunResponse& history);

}  // namespace kload::kctl
