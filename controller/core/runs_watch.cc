#include <utility>

#include "common/base/status.h"
#include "controller/core/live_run.h"
#include "controller/core/runs.h"
#include "controller/watch/watch_wire.h"

namespace kload::controller {

// ---- The target's own metrics ------------------------------------------------------------------

// Of a run that another controller process has left, what that one found wrong is still true.
absl::Status Runs::BeginWatch(LiveRun& live, const v1::TargetWatch& asked) {
  if (asked.url().empty() || !read_target_) return absl::OkStatus();
  KLOAD_ASSIGN_OR_RETURN(watch::WatchSpec spec, watch::DecodeWatch(asked));
  KLOAD_ASSIGN_OR_RETURN(const std::vector<std::string> rows,
                         store_.Kept(live.id(), Store::Detail::kWatched));
  live.watch =
      std::make_shared<watch::RunWatch>(std::move(spec), read_target_, watch::ProblemsOf(rows));
  return absl::OkStatus();
}

// From setup, where there is one, to the end; Finish has the last look.
void Runs::TickWatch(LiveRun& live) {
  if (live.watch == nullptr) return;
  const RunPhase phase = live.run.phase();
  if (phase == RunPhase::kSetup || phase == RunPhase::kRunning || phase == RunPhase::kTeardown) {
    live.watch->Tick(clock_.Now(), live.run.zero());
  }
  KeepWatched(live.id(), &live.feed, *live.watch);
}

// Before the commit that comes before the result is told.
void Runs::KeepLastLooks(bool all) {
  for (Held& held : held_) {
    if (!held.watch) continue;
    if (!all && !held.watch->finished() && clock_.Now() < held.watch_until) continue;
    held.watch->Conclude();
    KeepWatched(held.id, FindFeed(held.id), *held.watch);
    held.watch = nullptr;
  }
}

// Durable with the next commit, as all of a run's history; see Keep().
void Runs::KeepWatched(const std::string& run_id, RunFeed* feed, watch::RunWatch& watch) {
  for (const watch::WatchDetail& detail : watch.TakeDetails()) {
    const absl::Status kept =
        store_.Keep(run_id, Store::Detail::kWatched, detail.number, detail.bytes);
    if (!kept.ok()) unkept_ = kept;
  }
  for (const std::string& warning : watch.TakeWarnings()) {
    SayTo(run_id, feed, v1::LogLine::WARNING, warning);
  }
}

}  // namespace kload::controller
