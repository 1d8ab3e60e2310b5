// What workers are told and what they tell: values, posted between a worker's thread and the
// link's.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "agent/vu/phase.h"
#include "agent/vu/shared.h"
#include "common/base/clock.h"
#include "common/k6/script.h"
#include "common/k6/secrets.h"
#include "common/metric/delta.h"
#include "common/metric/sample_batch.h"
#include "common/net/allow_list.h"
#include "common/plan/plan.h"
#include "common/plan/slice.h"

namespace kload::agent {

// A run as this agent sees it; shared by its workers, never changed.
struct RunSpec {
  std::string run_id;
  std::shared_ptr<const k6::CompiledScript> script;
  TestPlan plan;
  Slice slice;
  std::map<std::string, std::string> env;
  std::shared_ptr<const k6::Secrets> secrets;
  std::shared_ptr<RunFigures> figures;  // the one thing that changes; see there
  bool samples = false;                 // every raw sample is wanted
  AllowList allow;                      // where the agent may send to
};

// All VUs of a worker have run their init code, or one of them could not.
struct WorkerPrepared {
  absl::Status status;
};

// setup() or teardown() has ended. What it measured comes with it, as no tick may follow.
struct PhaseEnded {
  PhaseKind kind = PhaseKind::kSetup;
  PhaseOutcome outcome;
  std::vector<SeriesDelta> series;
};

// A worker's part of a delta.
struct WorkerDelta {
  Nanos interval_end{0};                    // run time: whole seconds, except when `ended`
  std::vector<SeriesDelta> series;          // changed since the tick before
  AgentHealth health;                       // this worker's part; CPU and memory are left out
  std::vector<ScenarioProgress> scenarios;  // as in the plan
  bool ended = false;                       // all of the worker's VUs have ended: its last one
  size_t parts_adopted = 0;                 // so far
};

// Raw samples, when the run wants them; before the delta or end of the phase that they count in.
using WorkerSamples = SampleBatch;

// Nothing of the run is left on the worker.
struct WorkerReleased {};

struct WorkerEvent {
  uint32_t worker = 0;
  std::string run_id;
  std::variant<WorkerPrepared, PhaseEnded, WorkerDelta, WorkerSamples, LogRecord, TestCallRecord,
               WorkerReleased>
      event;
};

// Called on the worker's thread; posts the value on.
using WorkerEventSink = std::function<void(WorkerEvent)>;

}  // namespace kload::agent
