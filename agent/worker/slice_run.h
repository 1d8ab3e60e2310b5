// One run on one worker: its VUs, from init code to release, and the tick that takes what they
// measured.
//
// Data path: RunSpec -> Vu ... -> Recorder -> WorkerDelta.
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
#include "common/plan/rate_share.h"

namespace kload::agent {

class SliceRun final : private VuListener {
 public:
  // Of the agent's own VUs, in rising order, the worker has each `worker_count`-th one, from
  // `worker` on. While `interrupt` is true, scripts that do not return by themselves are interrupted.
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
  // The externally controlled scenario of that name gets `vus` VUs, in the whole cluster; what is under way ends by itself.
  void Scale(const std::string& scenario, int64_t vus);
  // No further iterations; running ones get their graceful stop, or nothing.
  void Stop(bool graceful);
  // Ends everything. released() is true afterwards, when a timer has fired: this may be destroyed
  // then.
  void Release();
  bool released() const { return released_; }
  const std::string& run_id() const { return spec_->run_id; }
  // Reports how late the loop served a timer.
  void NoteLateness(Nanos lateness);

 private:
  void OnReady(absl::Status status) override;
  void OnActive(size_t scenario, bool active) override;
  void OnIteration(size_t scenario, bool complete) override;
  void OnEnded() override;

  void MakeVus(uint32_t worker, uint32_t worker_count);
  VuNumbers NumbersOf(const Scenario& scenario, const Vu::Spec& first, int64_t before,
                      uint32_t worker_count) const;
  void MakeArrivals(size_t scenario_index, std::vector<Vu::Spec> own,
                    const IterationNumbers& numbers, uint32_t worker_count);
  Vu& AddVu(Vu::Spec spec);
  void InitNext();
  void BeginVu(Vu& vu);
  int64_t ScheduledVus(Nanos at) const;
  bool ArrivalsGoOn() const;
  void Tick();
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
  SampleBatchBuilder samples_;           // when the run wants them
  std::optional<RateShare> rate_share_;  // where the plan has `rps`
  MetricTable metrics_;
  Recorder recorder_;
  HttpShared http_;
  VuShared shared_;
  std::vector<std::unique_ptr<Arrivals>> arrivals_;  // of each arrival-rate scenario with VUs here
  Nanos arrivals_end_{0};                            // run time; VUs may be made until then
  std::vector<std::unique_ptr<Vu>> vus_;             // rising index within a scenario
  std::vector<Vu*> first_vus_;                       // those that are made before the start
  std::vector<Step> scheduled_;                      // looping VUs that the plan wants
  std::vector<int64_t> allowed_;  // VUs of each scenario; counts where it is controlled
  std::unique_ptr<Phase> phase_;

  std::string setup_json_;
  size_t next_init_ = 0;  // of first_vus_
  size_t begun_ = 0;      // VUs whose init code was begun
  size_t ready_ = 0;      // and has succeeded
  size_t ended_ = 0;      // whose fiber has ended or ends now
  bool init_failed_ = false;
  bool started_ = false;
  bool stopped_ = false;
  bool all_ended_ = false;  // the last delta was sent
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
