// What happens to a run, and what it wants done about it: the two sides of the state machine in run.h.
//
// Thread: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/metric/delta.h"
#include "common/plan/part.h"
#include "common/plan/slice.h"
#include "common/summary/summary.h"
#include "controller/run/seconds.h"

namespace kload::controller {

// Why a run does not end well, with k6's exit code for it.
struct RunFailure {
  int exit_code = 255;
  std::string message;
};

// ---- Events ----
// One process of an agent.
struct AgentId {
  std::string name;
  std::string incarnation;
  friend bool operator==(const AgentId&, const AgentId&) = default;
};

// Who could be had; matters only while the run waits for agents.
struct AgentsSeen {
  std::vector<AgentId> idle;  // sorted by name
  size_t connected = 0;       // idle or not
};
struct AgentPrepared {
  AgentId agent;
  std::string error;  // empty: ready
};
struct SetupEnded {
  AgentId agent;
  std::string data_json;
  std::optional<RunFailure> failure;
};
struct TeardownEnded {
  AgentId agent;
  std::optional<RunFailure> failure;
};
struct DeltaArrived {
  AgentId agent;
  Delta delta;
};
struct AgentLost {
  AgentId agent;
  std::string why = {};  // part of a sentence; empty: it was not heard of
};
// The same process is heard of again, after its stream broke or after it counted as lost.
struct AgentReturned {
  AgentId agent;
};
// It is about to end its load and go away by itself (SIGTERM).
struct AgentLeaving {
  AgentId agent;
};
// The script ends the test (exec.test.abort), or says that it has failed and goes on (exec.test.fail).
struct TestCalled {
  AgentId agent;
  bool abort = false;
  std::string message;
};
// The scenario gets another size. Checked before: it is one of the plan's, with the executor for it, in its bounds.
struct ScaleRequested {
  std::string scenario;
  std::optional<int64_t> vus = {};   // of an externally controlled one
  std::optional<int64_t> rate = {};  // of a constant arrival rate: iterations per time unit
};
// The run gets so many agents. Checked before: at least one, and as many more are idle.
struct AgentsRequested {
  uint32_t agents = 0;
  std::vector<AgentId> idle;  // sorted by name
};
struct StopRequested {
  bool graceful = true;  // false: interrupt iterations at once
  std::string why;       // a sentence for people
};
// Another controller process has taken the run up from its record; the agents went on meanwhile.
struct ControllerReturned {
  Nanos away{0};
};
// What happens to the run is not recorded any more; the controller's death would end it.
struct RecordBroken {
  std::string why;
};
// At least every 100 ms.
struct Tick {};

using RunInput =
    std::variant<AgentsSeen, AgentPrepared, SetupEnded, TeardownEnded, DeltaArrived, AgentLost,
                 AgentReturned, AgentLeaving, TestCalled, ScaleRequested, AgentsRequested,
                 StopRequested, ControllerReturned, RecordBroken, Tick>;

// ---- Actions ----
// Mark these agents as the run's, before the next action.
struct ClaimAgents {
  std::vector<std::string> names;
};
struct SendPrepare {
  std::string agent;
  Slice slice;
};
struct SendSetup {
  std::string agent;
};
struct SendStart {
  std::string agent;
  Nanos at{0};  // controller's steady time
  std::string setup_json;
};
struct SendScale {
  std::string agent;
  std::string scenario;
  std::optional<int64_t> vus;
  std::optional<int64_t> rate;
  Nanos from{0};  // run time
};
struct SendAdopt {
  std::string agent;
  uint64_t epoch = 0;
  std::vector<Part> parts;
};
struct SendCede {
  std::string agent;
  uint64_t epoch = 0;
  std::vector<Slice> slices;
  Nanos from{0};  // run time
};
struct SendStop {
  std::string agent;
  bool graceful = true;
};
struct SendTeardown {
  std::string agent;
  std::string data_json;
};
struct SendRelease {
  std::string agent;
};
// The agent is no longer the run's: another may have it.
struct FreeAgent {
  std::string agent;
};
struct AcknowledgeDelta {
  std::string agent;
  uint64_t sequence = 0;  // up to and including
};
// Tell outputs of raw samples: the whole cluster's VUs.
struct AnnounceVus {
  Nanos at{0};  // controller's steady time
  int64_t active = 0;
  int64_t initialized = 0;
};
// Tell watchers: phase() or the number of agents has changed.
struct AnnounceState {};
// Tell watchers: progress() has new figures.
struct AnnounceProgress {};
struct Say {
  enum class Level { kInfo, kWarning, kError };
  Level level = Level::kInfo;
  std::string text;
};
// For the run's history: one of its seconds, and something that happened to it, by number from 0.
struct KeepSecond {
  SecondFigures figures;
};
struct KeepNote {
  size_t number = 0;
  RunNote note;  // `at` is 0 as long as there is no run time
};
// The run is over: result() is final, its agents are free. The last action of all.
struct Finish {};

using RunAction =
    std::variant<ClaimAgents, SendPrepare, SendSetup, SendStart, SendScale, SendAdopt, SendCede,
                 SendStop, SendTeardown, SendRelease, FreeAgent, AcknowledgeDelta, AnnounceVus,
                 AnnounceState, AnnounceProgress, KeepSecond, KeepNote, Say, Finish>;

}  // namespace kload::controller
