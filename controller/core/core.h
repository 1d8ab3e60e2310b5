// The controller's core: who is here, which runs go on, and what follows from what agents and operators say.
//
// Data path: link -> Core -> Agents, Runs -> link, api, export.
// Thread:    the core thread alone (see CoreThread); it has no lock and never waits.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "controller/core/agent_stream.h"
#include "controller/core/agents.h"
#include "controller/core/run_feed.h"
#include "controller/core/runs.h"
#include "controller/export/figures.h"
#include "controller/run/admission.h"
#include "controller/store/store.h"
#include "kload/v1/control.pb.h"

namespace kload::controller {

class Core {
 public:
  static constexpr Nanos kTickInterval = std::chrono::milliseconds(100);
  static constexpr Nanos kPublishInterval = std::chrono::seconds(1);

  // Takes the figures of one moment; they are valid for the call only.
  using Publish = std::function<void(const ClusterFigures&)>;

  // `clock` must outlive the core. `publish` may be empty; `push` may when no run pushes to Prometheus. `logs_runs`: see
  // ControllerOptions.
  Core(const Clock& clock, std::unique_ptr<Store> store, std::string version, Publish publish,
       Push push = {}, bool logs_runs = true);

  // Takes up the runs that another controller process has left in the store. Runs their init code; before anything else.
  void Restore() { runs_.Restore(); }

  // ---- Agents ----------------------------------------------------------------------------------
  void OnHello(LinkId link, const Introduced& who, std::shared_ptr<AgentStream> stream);
  // Events of links whose Hello was not accepted are ignored.
  void OnEvent(LinkId link, AgentEvent event);
  void OnClosed(LinkId link);

  // ---- Operators -------------------------------------------------------------------------------
  Runs& runs() { return runs_; }
  v1::ListAgentsResponse ListAgents() const;

  // ---- Time ------------------------------------------------------------------------------------
  // At least every kTickInterval.
  void Tick();

  // ---- The end ---------------------------------------------------------------------------------
  // From now on no run starts. Those that go on are told to end; any_unfinished() of runs() says whether they have.
  void BeginShutdown();
  bool shutting_down() const { return shutting_down_; }
  // Gives up runs that still go on and closes the agents' streams.
  void EndShutdown();

 private:
  void On(Agent& agent, const HeartbeatArrived& event);
  void On(Agent& agent, const PongArrived& event);
  void On(Agent& agent, PreparedArrived event);
  void On(Agent& agent, PhaseDoneArrived event);
  void On(Agent& agent, Delta event);
  void On(Agent& agent, TestCallArrived event);
  void On(Agent& agent, SamplesArrived event);
  void On(Agent& agent, LogArrived event);
  void On(Agent& agent, LeavingArrived event);

  void TellReleased(const Agent& agent, const std::string& run_id);
  void PublishFigures(Nanos now);

  const Clock& clock_;
  const std::unique_ptr<Store> store_;
  const std::string version_;
  const Publish publish_;
  const Nanos started_unix_;
  Agents agents_;
  Runs runs_;
  Nanos next_publication_{0};
  uint64_t finished_published_ = 0;
  bool shutting_down_ = false;
};

}  // namespace kload::controller
