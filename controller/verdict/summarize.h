// The measured part of a RunSummary: metric rows and the tree of groups and checks.
//
// Data path: ClusterSeries + Verdict -> RunSummary (common/summary) -> text and JSON.
// Thread:    pure functions.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/summary/summary.h"
#include "controller/merge/cluster_series.h"
#include "controller/verdict/verdict.h"

namespace kload::controller {

// Every metric with samples or thresholds, sorted by name, each followed by its sub-metrics: those
// named by thresholds and `http_req_duration{expected_response:true}` (shown, as in k6, once the
// parent has samples). Of an Artillery test (one with `vusers_created`) also requests by name and status, and what stands
// behind the tag `metric` of artillery_*. `trend_stats` are ParseStatistic()'s words; others are left out. `duration`
// is what counters' rates are divided by.
std::vector<MetricSummary> SummarizeMetrics(const ClusterSeries& series, const Verdict& verdict,
                                            const std::vector<std::string>& trend_stats,
                                            Nanos duration);

// The root group (name and path empty) with groups and checks in first-seen order, from the series
// of `checks` and `group_duration` and their tags `group` and `check`.
GroupSummary SummarizeChecks(const ClusterSeries& series);

// Fills what only a full summary has: the metrics of each group of `summary.root_group`, which is there
// already, and `summary.scenarios`. One pass over all series, at the end of a run.
void SummarizeParts(const ClusterSeries& series, const std::vector<std::string>& trend_stats,
                    Nanos duration, RunSummary& summary);

}  // namespace kload::controller
