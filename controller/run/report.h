// What a run's figures come to: progress while it runs, the summary at its end.
//
// Thread: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/summary/summary.h"
#include "controller/merge/cluster_series.h"
#include "controller/merge/ledger.h"
#include "controller/run/member.h"
#include "controller/run/run.h"

namespace kload::controller {

// Sum of the counter over the cluster; 0 without samples.
double TotalOfCounter(const ClusterSeries& series, std::string_view metric);

// Everything but run_time and requests_per_second.
RunProgress ComputeProgress(const TestPlan& plan, const ClusterSeries& series,
                            const std::vector<Member>& members);

// From the test's start to the end of its last sample; to `now` when the load never began. Never 0.
Nanos MeasuredDuration(Nanos test_start, std::optional<Nanos> zero, Nanos last_sample_at,
                       Nanos now);

// A sentence for each thing that makes the measurement less sound: agents that could not keep up,
// samples that overflowed, deltas that never arrived.
std::vector<std::string> SoundnessWarnings(const std::vector<Member>& members,
                                           const Ledger& ledger);

struct ReportInput {
  const RunSpec& spec;
  const ClusterSeries& series;
  const Verdict& verdict;
  const std::vector<Member>& members;
  const Ledger& ledger;
  const std::vector<std::string>& warnings;
  Nanos duration;
};
RunSummary BuildSummary(const ReportInput& input);

// Of a run that goes on: what may still come is not missed yet.
Soundness JudgeProgress(const ReportInput& input);

}  // namespace kload::controller
