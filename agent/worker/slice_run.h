// One run on one worker: its VUs, from init code to release, and the tick that takes what they
// measured.
//
// Data path: RunSpec -> Vu ... -> Recorder -> WorkerDelta.
// Parts:     the run begins with the slice of its RunSpec; parts of other agents may come to it (Adopt), slices of its own may go
//            to others (Cede). A last delta says that there is no load as of its end: what is adopted later brings further
//            deltas, and another last one.
// Thread:    the worker's. Destroyed only when released() or never begun.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/record/recorder.h"
#include "agent/vu/arrivals.h"
#include "agent/vu/phase.h"
#include "agent/vu/shared.h"
#include "agent/vu/timer_queue.h"
#include "agent/vu/vu.h"
#include "agent/worker/log_gate.h"
#include "agent/worker/messages.h"
#include "agent/worker/sample_file.h"
#include "common/metric/sample_batch.h"
#include "common/plan/part.h"
#include "common/plan/rate_share.h"

namespace kload::agent {

class SliceRun final : private VuListener {
 public:
  // Of the agent's own VUs, in the order in which they came to it, the worker has each
  // `worker_count`-th one, from `worker` on. While `interrupt` is true, scripts that do not return by themselves are interrupted.
  SliceRun(boost::asio::io_context& io, const Clock& clock, TimerQueue& timers,
           std::shared_ptr<const RunSpec> spec, uint32_t worker, uint32_t worker_count,
           SampleFile* sample_file, const std::atomic<bool>& interrupt, WorkerEventSink sink);
  ~SliceRun() override;

  // Makes the VUs one by one; WorkerPrepared follows.
  void Prepare();
  // Runs setup() or teardown(); PhaseEnded follows.
  void RunPhase(PhaseKind kind, std::string data_json);
  // Run time 0 is at steady time `start`. A WorkerDelta follows for every second, and a last one
  // when all VUs have ended.
  void Start(Nanos start, std::string setup_json);
  // Runs a further part from its `from` on, or from when its VUs are ready. A run that was stopped does not: it only says so, by
  // another last delta from then.
  void Adopt(const Part& part);
  // VUs of these slices start no iteration at run time `from` or later, and what is due to them then is somebody else's.
  // Scenarios with a fixed number of iterations stay: what of it is left belongs to whoever began it.
  void Cede(const std::vector<Slice>& slices, Nanos from);
  // The scenario of that name, whose arrival rate is constant, has `rate` iterations per time unit from run time `from` on, also in
  // parts that come later. One that comes again changes nothing.
  void ChangeRate(const std::string& scenario, int64_t rate, Nanos from);
  // The externally controlled scenario of that name gets `vus` VUs, in the whole cluster; what is under way ends by itself.
  void Scale(const std::string& scenario, int64_t vus);
  // No further iterations; running ones get their graceful stop, or nothing.
  void Stop(bool graceful);
  // Ends everything. released() is true afterwards, when a timer has fired: this may be destroyed
  // then.
  void Release();
  HttpShared& http() { return http_; }
  bool released() const { return released_; }
  const std::string& run_id() const { return spec_->run_id; }
  // Reports how late the loop served a timer.
  void NoteLateness(Nanos lateness);

 private:
  void OnReady(absl::Status status) override;
  void OnActive(size_t scenario, bool active) override;
  void OnIteration(size_t scenario, bool complete) override;
  void OnEnded() override;

  // A slice that is run here, in [from, until) of run time.
  struct Holding {
    Slice slice;
    VuClass own;  // the worker's VUs of it
    Nanos from{0};
    Nanos until = Nanos::max();
    std::optional<RateShare> rate;  // where the plan has `rps`
  };
  // Changes that parts which come later have to know of.
  struct RateChange {
    std::string scenario;
    int64_t rate = 0;
    Nanos from{0};
    friend bool operator==(const RateChange&, const RateChange&) = default;
  };
  struct Scaled {
    size_t scenario = 0;  // in the plan
    Nanos from{0};
    int64_t vus = 0;
  };
  // What MakeVus() has to know of one scenario of a part.
  struct Making {
    size_t scenario = 0;  // in the plan
    const Part* part = nullptr;
    std::optional<int64_t> left;   // of a fixed number of iterations, where the part says so
    std::vector<Vu::Spec> own;     // the worker's VUs
    std::vector<int64_t> budgets;  // of each of them
    int64_t all = 0;               // VUs of the part
    int64_t before = 0;  // the agent's VUs of the part that other scenarios have, below these
  };

  void Hold(Slice slice, VuClass own, Nanos from);
  void CedeHoldings(Slice slice, Nanos from);
  void MakeVus(const Part& part);
  Making Collect(size_t scenario, const Part& part) const;
  VuNumbers NumbersOf(const Making& making) const;
  void MakeLooping(Making making);
  void MakeArrivals(Making making);
  void CountScheduled();
  Vu& AddVu(Vu::Spec spec);
  void InitNext();
  void BeginVu(Vu& vu);
  int64_t ScheduledVus(Nanos at) const;
  Nanos LoadMayComeUntil() const;
  void Tick();
  void TickAgain();
  void Settle();
  void Log(LogRecord record);
  void Emit(decltype(WorkerEvent::event) event);
  WorkerDelta TakeDelta(Nanos interval_end);
  Recorder::Options RecorderOptions();
  HttpOptions HttpOptionsOf(uint32_t worker);
  std::optional<Nanos> NextSlot(Nanos from) const;
  void KeepSample(const MetricDef& metric, double value, const Tags& tags, Nanos at);
  // Sends, or writes, the samples that were kept.
  void FlushSamples();

  const Clock& clock_;
  const std::shared_ptr<const RunSpec> spec_;
  const uint32_t worker_;
  const WorkerEventSink sink_;
  SampleFile* const sample_file_;
  WorkerFigures& figures_;
  LogGate log_gate_;
  SampleBatchBuilder samples_;  // when the run wants them
  const uint32_t worker_count_;
  std::vector<Holding> holdings_;
  int64_t vus_in_agent_ = 0;  // of all parts so far, over all workers
  uint64_t parts_ = 0;        // so far
  size_t parts_adopted_ = 0;  // also of those that came too late
  MetricTable metrics_;
  Recorder recorder_;
  HttpShared http_;
  VuShared shared_;
  std::vector<std::unique_ptr<Arrivals>> arrivals_;  // of each arrival-rate scenario with VUs here
  Nanos arrivals_end_{0};                            // run time; VUs may be made until then
  std::vector<std::unique_ptr<Vu>> vus_;             // rising index within a scenario
  std::vector<Vu*> first_vus_;                       // those that are made before the start
  std::vector<Step> scheduled_;                      // looping VUs that the plan wants
  std::vector<RateChange> rate_changes_;
  std::vector<Scaled> scaled_;
  std::vector<int64_t> allowed_;  // VUs of each scenario; counts where it is controlled
  std::unique_ptr<Phase> phase_;

  std::string setup_json_;
  size_t next_init_ = 0;   // of first_vus_
  bool prepared_ = false;  // WorkerPrepared was told
  size_t begun_ = 0;       // VUs whose init code was begun
  size_t ready_ = 0;       // and has succeeded
  size_t ended_ = 0;       // whose fiber has ended or ends now
  bool init_failed_ = false;
  bool started_ = false;
  bool stopped_ = false;
  bool all_ended_ = false;  // the last delta was sent
  Nanos open_until_{0};     // run time; the load does not end before
  bool releasing_ = false;
  bool released_ = false;
  Nanos next_tick_{0};         // run time
  bool tick_is_last_ = false;  // of the timers due at next_tick_
  Nanos lateness_max_{0};
  std::vector<ScenarioProgress> progress_;  // as in the plan

  TimerQueue::Timer init_;
  TimerQueue::Timer tick_;
  TimerQueue::Timer settle_;
};

}  // namespace kload::agent
