#include "agent/link/worker_crew.h"

#include <utility>

#include "common/base/check.h"
#include "common/base/status.h"

namespace kload::agent {

absl::StatusOr<std::unique_ptr<WorkerCrew>> WorkerCrew::Start(uint32_t threads,
                                                              const std::string& sample_log,
                                                              const Clock& clock,
                                                              const WorkerEventSink& sink) {
  KLOAD_CHECK(threads > 0, "an agent has at least one worker");
  std::unique_ptr<WorkerCrew> crew(new WorkerCrew());
  for (uint32_t i = 0; i < threads; ++i) {
    KLOAD_ASSIGN_OR_RETURN(auto worker, Worker::Start({i, threads, sample_log}, clock, sink));
    crew->workers_.push_back(std::move(worker));
  }
  return crew;
}

void WorkerCrew::Prepare(std::shared_ptr<const RunSpec> spec) {
  for (const auto& worker : workers_) worker->Prepare(spec);
}

void WorkerCrew::StartRun(Nanos start, std::string setup_json) {
  for (const auto& worker : workers_) worker->StartRun(start, setup_json);
}

void WorkerCrew::Scale(std::string scenario, int64_t vus) {
  for (const auto& worker : workers_) worker->Scale(scenario, vus);
}

void WorkerCrew::Adopt(std::vector<Part> parts) {
  for (const auto& worker : workers_) worker->Adopt(parts);
}

void WorkerCrew::Cede(std::vector<Slice> slices, Nanos from) {
  for (const auto& worker : workers_) worker->Cede(slices, from);
}

void WorkerCrew::ChangeRate(std::string scenario, int64_t rate, Nanos from) {
  for (const auto& worker : workers_) worker->ChangeRate(scenario, rate, from);
}

void WorkerCrew::Stop(bool graceful) {
  for (const auto& worker : workers_) worker->Stop(graceful);
}

void WorkerCrew::Release() {
  for (const auto& worker : workers_) worker->Release();
}

void WorkerCrew::RunPhase(PhaseKind kind, std::string data_json) {
  workers_.front()->RunPhase(kind, std::move(data_json));
}

void WorkerCrew::Execute(std::function<void()> work) { workers_.front()->Execute(std::move(work)); }

}  // namespace kload::agent
