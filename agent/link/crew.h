// The workers as the link sees them: one addressee for all of them.
//
// Data path: orders of the controller -> RunSession -> Crew -> Worker; what the workers tell comes back as WorkerEvents.
// Thread:    called on the link's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/worker/messages.h"
#include "common/plan/part.h"

namespace kload::agent {

class Crew {
 public:
  virtual ~Crew() = default;
  virtual uint32_t size() const = 0;
  // See Worker. To every worker: WorkerPrepared, WorkerDelta and WorkerReleased come from each of them.
  virtual void Prepare(std::shared_ptr<const RunSpec> spec) = 0;
  virtual void StartRun(Nanos start, std::string setup_json) = 0;
  virtual void Scale(std::string scenario, int64_t vus) = 0;
  virtual void Adopt(std::vector<Part> parts) = 0;
  virtual void Cede(std::vector<Slice> slices, Nanos from) = 0;
  virtual void ChangeRate(std::string scenario, int64_t rate, Nanos from) = 0;
  virtual void Stop(bool graceful) = 0;
  virtual void Release() = 0;
  // To the first worker: one PhaseEnded.
  virtual void RunPhase(PhaseKind kind, std::string data_json) = 0;
  virtual void Execute(std::function<void()> work) = 0;
};

}  // namespace kload::agent
