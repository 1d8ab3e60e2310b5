#include "controller/core/core.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "controller/core/agent_listing.h"

namespace kload::controller {

Core::Core(const Clock& clock, std::unique_ptr<Store> store, std::string version, Publish publish,
           Push push, bool logs_runs)
    : clock_(clock),
      store_(std::move(store)),
      version_(std::move(version)),
      publish_(std::move(publish)),
      started_unix_(clock.UnixNow()),
      runs_(clock, *store_, agents_, std::move(push), logs_runs) {}

// ---- Agents ------------------------------------------------------------------------------------

void Core::OnHello(LinkId link, const Introduced& who, std::shared_ptr<AgentStream> stream) {
  const Agents::Arrival arrival = agents_.Hello(link, who, std::move(stream), clock_.Now());
  for (const LostAgent& lost : arrival.lost) runs_.OnLost(lost);
  // Also one that counts as lost, and so is no run's any more.
  if (arrival.returned) runs_.OnReturned({who.name, who.incarnation});
}

void Core::OnEvent(LinkId link, AgentEvent event) {
  Agent* agent = agents_.FindByLink(link);
  if (agent == nullptr) return;
  std::visit([&](auto& which) { On(*agent, std::move(which)); }, event);
}

void Core::OnClosed(LinkId link) {
  for (const LostAgent& lost : agents_.Leave(link, clock_.Now())) runs_.OnLost(lost);
}

void Core::On(Agent& agent, const HeartbeatArrived& event) {
  if (agents_.roster().OnHeartbeat(agent.link, event.cpu_ratio, event.rss_bytes, clock_.Now())) {
    runs_.OnReturned({agent.who.name, agent.who.incarnation});
  }
  // It works on a run that is over for it: it was lost and came back, or we are a restarted controller.
  if (!event.run_id.empty() && event.run_id != agent.run) TellReleased(agent, event.run_id);
}

void Core::On(Agent& agent, const PongArrived& event) {
  agents_.OnPong(agent.link, event, clock_.Now());
}

void Core::On(Agent& agent, PreparedArrived event) {
  runs_.Deliver(event.run_id,
                AgentPrepared{{agent.who.name, agent.who.incarnation}, std::move(event.error)});
}

void Core::On(Agent& agent, PhaseDoneArrived event) {
  const AgentId id{agent.who.name, agent.who.incarnation};
  if (event.teardown) {
    runs_.Deliver(event.run_id, TeardownEnded{id, std::move(event.failure)});
  } else {
    runs_.Deliver(event.run_id,
                  SetupEnded{id, std::move(event.data_json), std::move(event.failure)});
  }
}

void Core::On(Agent& agent, Delta event) {
  agent.last_heard = clock_.Now();
  agent.loop_lag = event.health.loop_lag_max;
  agent.vus_scheduled = event.health.vus_scheduled;
  agent.vus_active = event.health.vus_active;
  agent.vus_at = event.interval_end;
  ++agent.deltas;
  const std::string name = agent.who.name;
  const std::string run_id = event.run_id;
  const Runs::Counted counted = runs_.DeliverDelta({name, agent.who.incarnation}, std::move(event));
  if (counted.duplicate) ++agent.deltas_duplicate;
  // Nobody will ever acknowledge it: the agent may forget it.
  if (!counted.known_run) TellReleased(agent, run_id);
}

void Core::On(Agent& agent, TestCallArrived event) {
  const AgentId id{agent.who.name, agent.who.incarnation};
  runs_.Deliver(event.run_id, TestCalled{id, event.abort, std::move(event.message)});
}

void Core::On(Agent& agent, LeavingArrived event) {
  agent.leaving = true;
  runs_.Deliver(event.run_id, AgentLeaving{{agent.who.name, agent.who.incarnation}});
}

void Core::On(Agent& agent, SamplesArrived event) {
  runs_.DeliverSamples({agent.who.name, agent.who.incarnation}, agent.clock.offset(),
                       std::move(event.batch));
}

void Core::On(Agent& agent, LogArrived event) {
  event.line.set_agent(agent.who.name);
  const std::string run_id = event.line.run_id();
  runs_.Log(run_id, std::move(event.line));
}

void Core::TellReleased(const Agent& agent, const std::string& run_id) {
  v1::ControllerMessage message;
  message.mutable_release()->set_run_id(run_id);
  agents_.Send(agent.who.name, std::move(message));
}

v1::ListAgentsResponse Core::ListAgents() const {
  return EncodeAgents(agents_.roster(), clock_.Now());
}

// ---- Time --------------------------------------------------------------------------------------

void Core::Tick() {
  const Nanos now = clock_.Now();
  for (const LostAgent& lost : agents_.Tick(now)) runs_.OnLost(lost);
  runs_.Tick();
  // A run's last figures are there at once, not up to a second later.
  if (now >= next_publication_ || runs_.finished() != finished_published_) PublishFigures(now);
}

void Core::PublishFigures(Nanos now) {
  next_publication_ = now + kPublishInterval;
  finished_published_ = runs_.finished();
  if (!publish_) return;
  ClusterFigures figures;
  figures.version = version_;
  figures.started_unix = started_unix_;
  figures.agents = FiguresOf(agents_.roster(), now);
  figures.runs = runs_.Figures();
  figures.runs_started = runs_.started();
  publish_(figures);
}

// ---- The end -----------------------------------------------------------------------------------

void Core::BeginShutdown() {
  if (std::exchange(shutting_down_, true)) return;
  runs_.StopAll("the controller is being shut down");
}

void Core::EndShutdown() {
  runs_.AbortAll("the controller was shut down while the run was going on");
  agents_.CloseAll();
}

}  // namespace kload::controller
