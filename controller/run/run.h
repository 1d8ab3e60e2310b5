// One run from its request to its result, as a state machine: (event, now) -> actions, no I/O.
//
//   waiting for agents -> preparing -> setup -> running -> teardown -> finished
//
// Data path: deltas of the agents -> Ledger -> ClusterSeries -> Verdict -> RunSummary.
// Thread:    the controller's core thread, which feeds it events and carries out its actions in order.
// Time:      `now` is the controller's steady time; "run time" counts from the common start.
// Parts:     which agent runs what is the Deal's to say; run_members.cc and run_scale.cc have what happens when agents come and go.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/plan/plan.h"
#include "common/summary/summary.h"
#include "controller/merge/cluster_series.h"
#include "controller/merge/ledger.h"
#include "controller/run/deal.h"
#include "controller/run/member.h"
#include "controller/run/run_event.h"
#include "controller/run/seconds.h"
#include "controller/run/vu_gauge.h"
#include "controller/verdict/threshold.h"
#include "controller/verdict/verdict.h"

namespace kload::controller {

// From the order to start to run time 0: longer than a message takes to any agent.
inline constexpr Nanos kStartLead = std::chrono::milliseconds(300);
// From the loss of an agent to the instant at which others go on with its part: longer than a message takes, so that all
// change over at once.
inline constexpr Nanos kAdoptLead = std::chrono::milliseconds(300);
// The same for a change that nobody waits for: long enough to make the VUs before.
inline constexpr Nanos kScaleLead = std::chrono::seconds(1);
// How long agents may compile the script and make their VUs.
inline constexpr Nanos kPrepareTimeout = std::chrono::minutes(5);
// What an agent gets beyond a time that it must keep by itself, before the controller stops
// waiting.
inline constexpr Nanos kGrace = std::chrono::seconds(10);
inline constexpr Nanos kAgentsTimeoutDefault = std::chrono::seconds(30);

enum class OnAgentLoss {
  kRebalance,  // its part of the plan goes to the others
  kContinue,   // the others go on with theirs
  kAbort,      // the run ends
};

// A validated request (see admission.h).
struct RunSpec {
  std::string id;
  std::string script;  // as the user wrote it
  TestPlan plan;
  std::vector<Threshold> thresholds;  // none with no_thresholds
  bool no_thresholds = false;
  bool full_summary = false;  // groups and scenarios get metrics of their own
  bool has_setup = false;     // the script exports it and it is not skipped
  bool has_teardown = false;
  bool strict = false;   // a result that is not trustworthy is a failure
  bool samples = false;  // raw samples go to followers, so VUs are reported for them
  uint32_t agents = 0;   // 0: all that are idle, at least one
  Nanos agents_timeout = kAgentsTimeoutDefault;
  Nanos created_unix{0};
  OnAgentLoss on_agent_loss = OnAgentLoss::kRebalance;
};

enum class RunPhase { kWaiting, kPreparing, kSetup, kRunning, kTeardown, kFinished };
// waiting, preparing, setup, running, teardown, finished.
std::string_view PhaseName(RunPhase phase);

struct ScenarioFigures {
  std::string name;
  int64_t vus_active = 0;
  uint64_t iterations_complete = 0;
};

// Figures of one moment over all agents.
struct RunProgress {
  Nanos run_time{0};
  int64_t vus = 0;
  int64_t vus_max = 0;
  uint64_t iterations_complete = 0;
  uint64_t iterations_interrupted = 0;
  double requests_per_second = 0;  // of the samples since the progress before, by their time
  double p95_ms = 0;
  double failed_ratio = 0;
  std::vector<ScenarioFigures> scenarios;  // in the plan's order
  Soundness soundness;                     // of what is measured so far
};

struct RunOutcome {
  int exit_code = 0;
  std::string message;
  std::optional<RunSummary> summary;  // nothing when no load was sent
  std::string setup_json;             // what setup() returned; empty: undefined
};

class Run {
 public:
  Run(RunSpec spec, Nanos now);

  // Errors are part of the run's result: there is nothing to return. Events of agents that are not
  // the run's are ignored.
  std::vector<RunAction> Handle(const RunInput& event, Nanos now);

  // Whether a Tick at `now` may change anything: one that does not need not be recorded.
  bool Due(Nanos now) const;

  const RunSpec& spec() const { return spec_; }
  RunPhase phase() const { return phase_; }
  // Agents that the run has, or while it waits, could have.
  size_t agents_connected() const;
  // Agents that it asked for; with 0 as many as it has, at least one.
  size_t agents_wanted() const;
  const std::vector<Member>& members() const { return members_; }
  // What has happened so far, by time.
  std::vector<RunNote> notes() const;
  // Agents that have a part of the plan or prepare for one.
  uint32_t agents_at_work() const;
  const ClusterSeries& series() const { return series_; }
  const Ledger& ledger() const { return ledger_; }
  // Since setup began, or the load if there is none; 0 before that. What rates are divided by.
  Nanos Elapsed(Nanos now) const;
  // Steady time of run time 0, once it is known; may be ahead.
  std::optional<Nanos> zero() const { return zero_; }
  const RunProgress& progress() const { return progress_; }
  // Final once the phase is kFinished.
  const RunOutcome& outcome() const { return outcome_; }

 private:
  void On(const AgentsSeen& event, Nanos now);
  void On(const AgentPrepared& event, Nanos now);
  void On(const SetupEnded& event, Nanos now);
  void On(const TeardownEnded& event, Nanos now);
  void On(const DeltaArrived& event, Nanos now);
  void On(const AgentLost& event, Nanos now);
  void On(const AgentReturned& event, Nanos now);
  void On(const AgentLeaving& event, Nanos now);
  void On(const AgentsRequested& event, Nanos now);
  void On(const TestCalled& event, Nanos now);
  void On(const ScaleRequested& event, Nanos now);
  void On(const StopRequested& event, Nanos now);
  void On(const ControllerReturned& event, Nanos now);
  void On(const RecordBroken& event, Nanos now);
  void On(const Tick& event, Nanos now);

  void Enter(RunPhase phase);
  void BeginPreparing(const std::vector<AgentId>& agents, Nanos now);
  void EndPreparingIfDone(Nanos now);
  void BeginSetup(Nanos now);
  void BeginRunning(Nanos now);
  void BeginTeardown(Nanos now);
  // Ends the run without its remaining phases.
  void Abandon(int exit_code, std::string message, Nanos now);
  void FinishRun(Nanos now);
  RunSummary Summarize(Nanos duration);

  // ---- Agents come and go: run_members.cc, run_scale.cc ----
  void LoseBeforeLoad(Member& member, Nanos now);
  void LoseInLoad(Member& member, Nanos now);
  void EndWithoutAgents(Nanos now);
  // Gives the part of an agent that is lost or leaves to the others, as on_agent_loss says, and says so.
  void HandOver(Member& member, Nanos now);
  std::string DescribeLoss(const Member& member, const std::vector<Part>& parts,
                           const IterationCounts& unassigned) const;
  // VUs that externally controlled scenarios were scaled to, by name.
  std::map<std::string, int64_t> ControlledVus() const;
  void GreetLost(Member& member);
  void ReleaseReturned(Member& member);
  // It has said its last word: was it due?
  void CheckEnd(Member& member, Nanos now);
  bool LoadIsLeft(const Member& member) const;
  // It has said what cannot be: nothing of it counts from now on.
  void Quarantine(Member& member, std::string why, Nanos now);
  void EndJoining(Member& member, const std::string& error, Nanos now);
  void DismissJoiner(Member& member, std::string why);
  void RecallDrained();
  void JoinNow(Member& member, Nanos now);
  void RetireYoungest(Nanos now);
  void Order(const Deal::Shift& shift);
  void RepeatOrders(const Member& member);
  // Names of those that have parts or may get some, `without` left out, as the Deal knows them.
  std::vector<std::string> Carriers(const Member* without) const;
  Member* FindHolder(const std::string& holder);

  void TickWaiting(Nanos now);
  void TickRunning(Nanos now);
  void EvaluateThresholds(Nanos now);
  void UpdateProgress(Nanos now);
  void TakeDelta(Member& member, const Delta& delta, Nanos now);
  void ForgetReturned(Nanos now);
  void BelieveEarlyFinals(Nanos now);
  void ReportVus(const Member& member, const Delta& delta);
  void AddVuGauges();
  void Keep(const std::vector<SecondFigures>& closed);
  // Goes on to teardown when no agent has load any more.
  void EndRunningIfDone(Nanos now);
  void StopAll(bool graceful);
  void GiveUpOnSilent(Nanos now);
  // The first failure decides the exit code; later ones are only said.
  void Fail(int exit_code, std::string message);
  // Says it, and puts it among the summary's warnings and the notes.
  void Warn(std::string text) { Warn("warning", "", std::move(text)); }
  void Warn(std::string kind, std::string agent, std::string text);
  // Says it, and puts it among the notes.
  void Tell(std::string kind, std::string agent, std::string text);
  void Note(std::string kind, std::string agent, std::string text);
  void Do(RunAction action) { actions_.push_back(std::move(action)); }

  Member* Find(const AgentId& agent);
  // The agent that runs setup and teardown: the first that is not lost; null when there is none.
  Member* Lead();
  size_t Living() const;
  Nanos RunTime(Nanos now) const { return zero_ ? now - *zero_ : Nanos(0); }

  const RunSpec spec_;
  RunPhase phase_ = RunPhase::kWaiting;
  std::vector<RunAction> actions_;  // of the event at hand
  std::vector<Member> members_;
  Ledger ledger_;
  ClusterSeries series_;
  Verdict verdict_;
  VuGauge vus_;
  Seconds seconds_;
  Deal deal_;

  Nanos now_{0};                     // of the event at hand
  const Nanos created_;              // steady time of spec_.created_unix
  uint32_t wanted_;                  // agents; 0: all that are idle, at least one
  size_t connected_ = 0;             // while waiting
  Nanos short_since_;                // while waiting: too few agents since then
  Nanos deadline_{0};                // of the phase; 0: none
  std::optional<Nanos> test_start_;  // steady time of setup's start, or of run time 0 without setup
  std::optional<Nanos> zero_;        // steady time of run time 0
  Nanos last_sample_at_{0};          // run time of the latest delta's end
  Nanos next_evaluation_{0};
  Nanos next_progress_{0};
  // Up to which samples' run time progress has a rate of requests, and how many there were by then.
  Nanos rate_until_{0};
  double requests_before_ = 0;
  std::string setup_json_;
  std::vector<SendScale> scales_;  // in order, without an agent; of VUs only the last ones
  std::optional<std::string> marked_failed_;  // by the script; its message
  bool stopping_ = false;
  bool stopping_at_once_ = false;
  bool gave_up_ = false;  // deadline of the load has passed; agents were told to stop at once

  RunProgress progress_;
  std::vector<std::string> warnings_;
  std::vector<RunNote> notes_;  // their `at` is steady time
  RunOutcome outcome_;
};

}  // namespace kload::controller
