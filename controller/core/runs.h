// The runs that go on: feeds their state machines and carries out what those want, in order.
//
// Data path: AdmittedRun (api) -> Runs -> orders -> Agents; deltas -> Run -> RunFeed, Store, figures.
// Thread:    the core thread.
// Files:     runs.cc has what happens to runs, runs_orders.cc what they tell agents, runs_record.cc what the next controller
//            process needs, runs_history.cc what followers and the history get,
//            runs_watch.cc what the target says of itself.
// Bound:     kUnfinishedMax runs at a time; of kFinishedKept runs the whole replay is kept, of older ones the store's row.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "controller/core/agents.h"
#include "controller/core/run_feed.h"
#include "controller/core/run_pushes.h"
#include "controller/export/figures.h"
#include "controller/run/admission.h"
#include "controller/run/run.h"
#include "controller/store/store.h"
#include "controller/watch/run_watch.h"
#include "kload/v1/control.pb.h"

namespace kload::controller {

struct LiveRun;

// What `kctl scale` asks for.
struct ScaleOrder {
  std::string scenario;         // empty: the only one with the executor for it
  std::optional<int64_t> vus;   // of an externally controlled scenario
  std::optional<int64_t> rate;  // of a constant arrival rate: iterations per time unit
  uint32_t agents = 0;          // 0: as many as there are
};

class Runs {
 public:
  static constexpr size_t kUnfinishedMax = 64;
  static constexpr size_t kFinishedKept = 16;
  static constexpr int kListed = 100;

  // All must outlive the runs. `logs`: whether what is said of runs is logged as well as told to those who follow them.
  Runs(const Clock& clock, Store& store, Agents& agents, Push push, bool logs = true);
  ~Runs();

  // Begins to wait for the run's agents; returns its id, 20260131-083000-1.
  // Errors: Unavailable when it cannot be stored, ResourceExhausted when too many runs go on.
  absl::StatusOr<std::string> Start(AdmittedRun admitted);
  // Takes up what another controller process has left, before anything else. Agents of these runs are waited for.
  void Restore();
  // How many runs the history keeps.
  void KeepRuns(int kept) { runs_kept_ = kept; }
  // What reads the targets of runs that watch theirs; without it nothing is watched. Before Restore().
  void ReadTargetsBy(watch::ReadTarget read) { read_target_ = std::move(read); }
  // An agent's event, for the run that it names. False: no such run goes on.
  bool Deliver(const std::string& run_id, const RunInput& event);
  // As Deliver(), and says whether the delta had been counted before.
  struct Counted {
    bool known_run = false;
    bool duplicate = false;
  };
  Counted DeliverDelta(const AgentId& agent, Delta delta);
  // Raw samples for the followers. `clock_offset`: agent's steady time minus ours; nothing: not known yet.
  void DeliverSamples(const AgentId& agent, std::optional<Nanos> clock_offset,
                      v1::SampleBatch batch);
  void OnLost(const LostAgent& lost);
  // The same process is heard of again, also one that counted as lost: to its runs it may have something to say.
  void OnReturned(const AgentId& agent);
  void Log(const std::string& run_id, v1::LogLine line);
  void Tick();

  // Replays the run to the watcher and follows it. Errors: NotFound; then the watcher is left alone.
  absl::Status Watch(const std::string& run_id, std::shared_ptr<RunWatcher> watcher);
  void Unwatch(const std::string& run_id, const RunWatcher* watcher);
  // A sentence for people. Errors: NotFound; FailedPrecondition when it has ended.
  absl::StatusOr<std::string> Stop(const std::string& run_id, bool graceful);
  // Gives the run another number of agents, and one of its scenarios another size. A sentence for people.
  // Errors: NotFound; FailedPrecondition when the run's load does not go on, or too few agents are idle; InvalidArgument
  // for a scenario with another executor, or a size that it cannot have. Nothing changes then.
  absl::StatusOr<std::string> Scale(const std::string& run_id, const ScaleOrder& order);
  absl::StatusOr<v1::ListRunsResponse> List();
  // All that is known of a run, also of one that goes on; of a baseline by @NAME. Errors: NotFound; DataLoss.
  absl::StatusOr<v1::GetRunResponse> Get(const std::string& run_id);
  // Makes a run the baseline of that name; an empty id ends it. Errors: InvalidArgument for a name that is not made of letters,
  // digits and "._-"; NotFound.
  absl::Status SetBaseline(const std::string& name, const std::string& run_id);
  absl::StatusOr<v1::ListBaselinesResponse> Baselines();

  // Interrupts what goes on; teardown and summary may still follow.
  void StopAll(const std::string& why);
  // Gives up what still goes on: `aborted` in the store, a result for who follows.
  void AbortAll(const std::string& why);
  // Also runs that are over but for their last push.
  bool any_unfinished() const { return !unfinished_.empty() || !held_.empty(); }

  // Unfinished runs, and the last one that had agents until the next one gets some.
  std::vector<RunFigures> Figures() const;
  // Since the process began.
  uint64_t started() const { return started_; }
  uint64_t finished() const { return finished_; }

 private:
  // A finished run that may still be replayed as it was.
  struct Ended {
    std::string id;
    RunFeed feed;
  };

  // A finished run whose result waits until its last figures are pushed and its target is looked at once more.
  struct Held {
    std::string id;
    v1::RunResult result;
    std::shared_ptr<RunPushes> pushes;       // may be null
    Nanos until{0};                          // steady time
    std::shared_ptr<watch::RunWatch> watch;  // null: there is none, or its last look is kept
    Nanos watch_until{0};                    // steady time
  };

  // The id that @NAME stands for. Errors: NotFound.
  absl::StatusOr<std::string> Resolve(const std::string& run_id);
  // Puts into the history what the run measured by metric and endpoint.
  void KeepTotals(LiveRun& live);
  absl::Status RestoreOne(const Store::Recorded& recorded);
  void Record(LiveRun& live, const RunInput& event, Nanos now, bool due,
              const std::vector<RunAction>& actions);
  // Makes durable what was appended, then acknowledges it.
  void CommitRecords();
  void CarryOut(LiveRun& live, const std::vector<RunAction>& actions);
  void BreakRecords(const absl::Status& why);
  void EndRecord(LiveRun& live);
  void ForgetLeftOver();

  LiveRun* Find(const std::string& run_id);
  RunFeed* FindFeed(const std::string& run_id);
  void Handle(LiveRun& live, const RunInput& event);
  void Offer(LiveRun& live);
  void StoreState(LiveRun& live);
  void Put(LiveRun& live, const RunRecord& record);
  void StoreAgain(Nanos now);
  void Keep(LiveRun& live, Store::Detail kind, int64_t number, const std::string& bytes);
  void Say(LiveRun& live, v1::LogLine::Level level, const std::string& text);
  // Moves runs that have ended out of the way; only while no loop walks over them.
  void Sweep();
  void SayTo(const std::string& run_id, RunFeed* feed, v1::LogLine::Level level,
             const std::string& text);
  void TickPushes(LiveRun& live);
  // Errors: as of watch::DecodeWatch().
  absl::Status BeginWatch(LiveRun& live, const v1::TargetWatch& asked);
  void TickWatch(LiveRun& live);
  // Of runs that are over; with `all` without waiting for the answers.
  void KeepLastLooks(bool all);
  void KeepWatched(const std::string& run_id, RunFeed* feed, watch::RunWatch& watch);
  // Tells the results that need not wait any longer; with `all` every one.
  void ReleaseHeld(bool all);
  absl::Status ReplayFromStore(const std::string& run_id, RunWatcher& watcher);

  // One overload per action.
  void Do(LiveRun& live, const ClaimAgents& action);
  void Do(LiveRun& live, const SendPrepare& action);
  void Do(LiveRun& live, const SendSetup& action);
  void Do(LiveRun& live, const SendStart& action);
  void Do(LiveRun& live, const SendScale& action);
  void Do(LiveRun& live, const SendAdopt& action);
  void Do(LiveRun& live, const SendCede& action);
  void Do(LiveRun& live, const SendStop& action);
  void Do(LiveRun& live, const SendTeardown& action);
  void Do(LiveRun& live, const SendRelease& action);
  void Do(LiveRun& live, const FreeAgent& action);
  void Do(LiveRun& live, const AcknowledgeDelta& action);
  void Do(LiveRun& live, const AnnounceVus& action);
  void Do(LiveRun& live, const AnnounceState& action);
  void Do(LiveRun& live, const AnnounceProgress& action);
  void Do(LiveRun& live, const KeepSecond& action);
  void Do(LiveRun& live, const KeepNote& action);
  void Do(LiveRun& live, const controller::Say& action);
  void Do(LiveRun& live, const Finish& action);

  const Clock& clock_;
  Store& store_;
  Agents& agents_;
  const Push push_;
  const bool logs_;
  watch::ReadTarget read_target_;
  std::vector<std::unique_ptr<LiveRun>> unfinished_;  // by age: the oldest gets agents first
  std::unique_ptr<LiveRun> shown_;  // the finished run whose figures /metrics shows
  std::deque<Ended> ended_;         // youngest last
  std::vector<Held> held_;
  std::vector<std::pair<std::string, v1::ControllerMessage>>
      acks_;                         // by agent; of what is not durable yet
  std::set<std::string> left_over_;  // runs whose records could not be forgotten yet
  absl::Status unkept_;  // why a part of a history could not be kept, since the last commit
  // Rows that could not be stored; by run.
  std::map<std::string, RunRecord> unstored_;
  Nanos next_try_{0};
  int runs_kept_ = 1000;
  uint64_t started_ = 0;
  uint64_t finished_ = 0;
};

}  // namespace kload::controller
