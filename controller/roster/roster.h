// Which agents there are: connected, alive, idle or at work.
//
// Data path: Hello, Heartbeat, Pong (link) -> Roster -> agents for runs, agent list, Prometheus.
// Thread:    the controller's core thread; a plain value, no I/O; time is an argument (steady time).
// Liveness:  an agent that is silent for three heartbeat intervals is lost, also one whose stream
//            broke and which does not come back by then. The same incarnation that comes back is
//            the same agent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controller/roster/clock_offset.h"

namespace kload::controller {

// Names one stream of an agent; from 1, never used twice by a controller.
using LinkId = uint64_t;

inline constexpr Nanos kHeartbeatInterval = std::chrono::seconds(1);
inline constexpr Nanos kLostAfter = 3 * kHeartbeatInterval;
// When all agents fall silent at once although no stream broke, it is us who were cut off: they go on, and are waited for as
// long as they would go on without us (see kload-agent --orphan-timeout).
inline constexpr Nanos kCutOffFor = std::chrono::seconds(60);
// How long agents have to be heard of again by a controller that was started again or cut off: their attempts are up to 2 s
// apart, TCP's may be more.
inline constexpr Nanos kReturnWithin = std::chrono::seconds(8);
// How long a lost agent stays in the list, so that people and alerts see that it is missing.
inline constexpr Nanos kForgottenAfter = std::chrono::minutes(10);

// What an agent says of itself when it connects.
struct AgentIntroduction {
  std::string name;
  std::string incarnation;
  std::string version;
  std::string address;
  uint32_t threads = 0;
};

struct Agent {
  enum class State {
    kAlive,  // connected and heard of lately
    kAway,   // its stream broke a moment ago
    kLost,
  };
  AgentIntroduction who;
  State state = State::kAlive;
  LinkId link = 0;  // 0: no stream
  Nanos last_heard{0};
  Nanos lost_at{0};
  ClockOffset clock;
  std::string run;       // run it is assigned to, empty: none
  bool leaving = false;  // it has said that it goes away when its stream ends

  // As last reported.
  double cpu_ratio = 0;
  uint64_t rss_bytes = 0;
  Nanos loop_lag{0};
  int64_t vus_scheduled = 0;
  int64_t vus_active = 0;
  Nanos vus_at{0};  // run time
  uint64_t deltas = 0;
  uint64_t deltas_duplicate = 0;

  // Whether a run may have it: alive, without a run, and its clock is known.
  bool idle() const;
};

// A process that is gone for good as far as a run is concerned.
struct LostAgent {
  std::string name;
  std::string incarnation;
  std::string run;  // that it was assigned to, empty: none
  std::string why;  // part of a sentence
};

class Roster {
 public:
  struct Joined {
    std::string refused;          // not empty: why it may not join; nothing changed then
    LinkId replaced = 0;          // older stream of that name, to be closed
    bool returned = false;        // the same process was here before
    std::vector<LostAgent> lost;  // an older process of that name
  };

  // An agent's Hello on a new stream. Refused: an empty name or incarnation, and a name that
  // another living process has.
  Joined Join(const AgentIntroduction& who, LinkId link, Nanos now);
  // A process that another controller knew as the run's: away, and lost unless it joins within kReturnWithin.
  void Expect(const std::string& name, const std::string& incarnation, const std::string& run,
              Nanos now);
  // The stream ended. Unknown links are ignored, also below. Returns the agent if it is lost by that: it had said that it
  // leaves.
  std::vector<LostAgent> Leave(LinkId link, Nanos now);
  // Whether the agent had counted as lost until now, on this very stream: it did not run for a while.
  bool OnHeartbeat(LinkId link, double cpu_ratio, uint64_t rss_bytes, Nanos now);
  void OnPong(LinkId link, Nanos sent, Nanos agent, Nanos received);
  // Declares agents lost and forgets old ones; returns those that were lost now. At least every kHeartbeatInterval: a
  // longer gap is time in which we did not listen, and nobody is lost for it.
  std::vector<LostAgent> Tick(Nanos now);

  // `name` must exist.
  void Assign(const std::string& name, const std::string& run);
  // Makes the run's agents idle again.
  void Free(const std::string& run);
  // One of them, if it still is the run's.
  void Free(const std::string& name, const std::string& run);

  // Null when there is none. Valid until the next call that is not const.
  Agent* Find(const std::string& name);
  Agent* FindByLink(LinkId link);
  // By name, lost ones included.
  const std::map<std::string, Agent>& agents() const { return agents_; }
  // Names of idle agents, sorted.
  std::vector<std::string> Idle() const;
  // Number of agents that are alive, idle or not.
  size_t connected() const;

 private:
  // Nobody of those whose streams hold is heard of.
  bool IsCutOff(Nanos now) const;
  LostAgent Lose(Agent& agent, std::string why, Nanos now);

  std::map<std::string, Agent> agents_;
  std::optional<Nanos> ticked_;
  bool cut_off_ = false;
};

}  // namespace kload::controller
