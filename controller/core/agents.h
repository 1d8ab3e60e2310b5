// The agents that are connected: the roster with the streams that reach them, and their clocks.
//
// Data path: AgentEvent (link) -> Agents -> Roster; orders of runs -> Agents -> AgentStream.
// Thread:    the core thread; time is an argument (steady time).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controller/core/agent_stream.h"
#include "controller/roster/roster.h"
#include "controller/run/run_event.h"
#include "kload/v1/cluster.pb.h"

namespace kload::controller {

class Agents {
 public:
  // Clock exchanges right after an agent has joined, each as soon as the one before is answered.
  static constexpr int kFirstPings = int(ClockOffset::kKept);
  static constexpr Nanos kPingInterval = std::chrono::seconds(1);

  struct Arrival {
    bool welcome = false;
    bool returned = false;        // the same process was here before
    std::vector<LostAgent> lost;  // an older process of that name
  };

  // Welcomes the agent or refuses it with a reason; its clock is asked for at once.
  Arrival Hello(LinkId link, const Introduced& who, std::shared_ptr<AgentStream> stream, Nanos now);
  // The stream has ended. Returns the agent if it is lost by that.
  std::vector<LostAgent> Leave(LinkId link, Nanos now);
  void OnPong(LinkId link, const PongArrived& pong, Nanos now);
  // Asks clocks once a second; returns agents that were lost now.
  std::vector<LostAgent> Tick(Nanos now);

  // To the agent of that name; dropped when it has no stream (who comes back is told again, see AgentReturned).
  void Send(const std::string& name, v1::ControllerMessage message);
  // Run time 0 is `at` of our steady clock, which is sent in the agent's own. An agent whose clock is not known yet, one
  // that has just come back, gets it with everything after it as soon as it is.
  void SendStart(const std::string& name, const std::string& run_id, Nanos at,
                 const std::string& setup_json);

  // The agent that speaks through the stream; null before its Hello was accepted.
  Agent* FindByLink(LinkId link) { return roster_.FindByLink(link); }
  Roster& roster() { return roster_; }
  const Roster& roster() const { return roster_; }
  // Agents without a run, by name.
  std::vector<AgentId> Idle() const;
  void CloseAll();

 private:
  struct HeldStart {
    std::string run_id;
    Nanos at{0};
    std::string setup_json;
  };
  struct Link {
    std::shared_ptr<AgentStream> stream;
    int pings = 0;
    Nanos pinged_at{0};
    // What waits for the agent's clock, in order.
    std::optional<HeldStart> held_start;
    std::deque<v1::ControllerMessage> held;
  };

  void Ping(Link& link, Nanos now);
  Link* LinkOf(const std::string& name);
  void ReleaseHeld(Link& link, Nanos offset);

  Roster roster_;
  std::map<LinkId, Link> links_;  // of accepted agents
};

}  // namespace kload::controller
