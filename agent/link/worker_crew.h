// The crew of a real agent: one Worker per thread.
//
// Thread: started and destroyed by the agent's owner; in between called by the link's thread.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "agent/link/crew.h"
#include "agent/worker/worker.h"
#include "common/base/clock.h"

namespace kload::agent {

class WorkerCrew final : public Crew {
 public:
  // Starts `threads` (at least one) workers. The sink is called on their threads and outlives them.
  // Errors: when the sample log cannot be opened.
  static absl::StatusOr<std::unique_ptr<WorkerCrew>> Start(uint32_t threads,
                                                           const std::string& sample_log,
                                                           const Clock& clock,
                                                           const WorkerEventSink& sink);

  uint32_t size() const override { return static_cast<uint32_t>(workers_.size()); }
  void Prepare(std::shared_ptr<const RunSpec> spec) override;
  void StartRun(Nanos start, std::string setup_json) override;
  void Scale(std::string scenario, int64_t vus) override;
  void Adopt(std::vector<Part> parts) override;
  void Cede(std::vector<Slice> slices, Nanos from) override;
  void ChangeRate(std::string scenario, int64_t rate, Nanos from) override;
  void Stop(bool graceful) override;
  void Release() override;
  void RunPhase(PhaseKind kind, std::string data_json) override;
  void Execute(std::function<void()> work) override;

 private:
  WorkerCrew() = default;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace kload::agent
