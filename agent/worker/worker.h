// One thread with one loop: runs its share of a run's VUs.
//
// Data path: commands from the link -> SliceRun -> WorkerEvents to the link.
// Thread:    its own; every public function may be called from any thread and posts a value.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/vu/phase.h"
#include "agent/worker/messages.h"
#include "common/base/clock.h"
#include "common/plan/part.h"

namespace kload::agent {

class Worker {
 public:
  struct Options {
    uint32_t index = 0;      // < count
    uint32_t count = 1;      // of the agent's workers
    std::string sample_log;  // see SampleFile; empty: none
  };
  // Starts the thread. `clock` outlives the worker; the sink is called on its thread.
  // Errors: when the sample log cannot be opened.
  static absl::StatusOr<std::unique_ptr<Worker>> Start(Options options, const Clock& clock,
                                                       WorkerEventSink sink);
  // Releases the run, if there is one, and joins the thread.
  ~Worker();

  // See SliceRun. One run at a time: the one before must have been released. Commands without a run
  // do nothing.
  void Prepare(std::shared_ptr<const RunSpec> spec);
  void RunPhase(PhaseKind kind, std::string data_json);
  void StartRun(Nanos start, std::string setup_json);
  void Scale(std::string scenario, int64_t vus);
  void Adopt(std::vector<Part> parts);
  void Cede(std::vector<Slice> slices, Nanos from);
  void ChangeRate(std::string scenario, int64_t rate, Nanos from);
  void Stop(bool graceful);
  void Release();
  // Runs `work` on the worker's thread, for what would keep the link's thread busy.
  void Execute(std::function<void()> work);

 private:
  Worker();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kload::agent
