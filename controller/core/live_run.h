// A run that goes on, with all that belongs to it, and what is told of it elsewhere.
//
// Thread: the core thread; owned by Runs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "controller/core/run_feed.h"
#include "controller/core/run_pushes.h"
#include "controller/export/figures.h"
#include "controller/run/admission.h"
#include "controller/run/run.h"
#include "controller/store/store.h"
#include "controller/watch/run_watch.h"
#include "kload/v1/control.pb.h"

namespace kload::controller {

struct LiveRun {
  // `now` is steady time, `unix_now` the wall clock's at the same moment.
  LiveRun(AdmittedRun admitted, Nanos now, Nanos unix_now)
      : run(std::move(admitted.spec), now),
        order(std::move(admitted.order)),
        secrets_lost(admitted.secrets_lost),
        unix_minus_steady(unix_now - now) {}
  const std::string& id() const { return run.spec().id; }

  Run run;
  const v1::Prepare order;  // without run id and slice
  const bool secrets_lost;  // it had secrets that only an earlier process knew
  // What makes raw samples' times of steady ones: fixed, so that a step of the wall clock moves none of them.
  const Nanos unix_minus_steady;
  std::shared_ptr<RunPushes> pushes;       // null: it pushes nothing; pushes at work share it
  std::shared_ptr<watch::RunWatch> watch;  // null: it watches nothing; looks at work share it
  RunFeed feed;
  uint64_t samples_made = 0;                          // raw samples, also those that were dropped
  std::map<std::string, uint64_t> samples_sequences;  // last batch by incarnation
  std::optional<RunPhase> stored;                     // phase of the row in the store
  bool recorded = false;                              // its inputs go into the store
};

// The run's row as of now; duration is that of its summary once it has one.
RunRecord RecordOf(const LiveRun& live, Nanos unix_now);
// Borrows the run's series.
RunFigures FiguresOf(const LiveRun& live);
v1::RunInfo EncodeRunInfo(const RunRecord& record);
v1::SeriesPoint EncodePoint(const SecondFigures& figures);
// For people.
absl::Status NoSuchRun(const std::string& run_id);
// Errors: see DecodePrometheus().
absl::StatusOr<std::vector<RemoteWriteSettings>> DecodeTargets(
    const std::vector<v1::PrometheusWrite>& targets);

}  // namespace kload::controller
