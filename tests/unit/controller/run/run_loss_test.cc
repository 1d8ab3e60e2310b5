// Runs whose agents are lost, come back, leave, join and lie.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "controller/run/run.h"
#include "tests/unit/controller/run/run_fixture.h"

namespace kload::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RunLossTest : public RunTest {
 protected:
  // 6 VUs on a, b and c; the load has begun.
  void BeginWithThree(RunSpec spec) {
    spec.plan.scenarios.front().vus = 6;
    spec.agents = 3;
    Begin(std::move(spec));
    Offer({"a", "b", "c"});
    for (const char* name : {"a", "b", "c"}) Feed(AgentPrepared{Id(name), ""});
    ASSERT_EQ(run_->phase(), RunPhase::kRunning);
  }
  void GoTo(Nanos run_time) { now_ = zero_ + run_time; }
  std::vector<std::string> Kinds() const {
    std::vector<std::string> kinds;
    for (const RunNote& note : run_->notes()) kinds.push_back(note.kind);
    return kinds;
  }
  // Of each of the 6 VUs 10 iterations.
  RunSpec FixedSpec() {
    RunSpec spec = Spec();
    Scenario& scenario = spec.plan.scenarios.front();
    scenario.executor = ExecutorKind::kPerVuIterations;
    scenario.iterations = 10;
    scenario.max_duration = seconds(600);
    return spec;
  }
  void SayLast(const std::string& name, uint64_t sequence, Nanos end, uint64_t iterations) {
    Delta delta = MakeDelta(sequence, end, 1);
    delta.scenarios[0].iterations_complete = iterations;
    delta.final = true;
    Feed(DeltaArrived{Id(name), delta});
  }
  void Report(const std::string& name, uint64_t sequence, Nanos end, int requests = 1) {
    Feed(DeltaArrived{Id(name), MakeDelta(sequence, end, requests)});
  }
};

// ---- Loss ----

TEST_F(RunLossTest, ALostPartGoesToTheOthersWithinTheSameEvent) {
  BeginWithThree(Spec());
  GoTo(seconds(1));
  Report("b", 1, seconds(1));
  GoTo(seconds(4));
  Feed(AgentLost{Id("b"), "it was not heard of for 3s"});
  ASSERT_THAT(AgentsSent<SendAdopt>(), ElementsAre("a", "c"));
  for (const SendAdopt& adopt : Sent<SendAdopt>()) {
    EXPECT_EQ(adopt.epoch, 1u);
    ASSERT_THAT(adopt.parts, SizeIs(1));
    EXPECT_EQ(adopt.parts[0].from, seconds(4) + kAdoptLead);
    EXPECT_EQ(adopt.parts[0].slice.count, 6u);
  }
  SendFinal("a", 1);
  SendFinal("c", 1);
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(run_->outcome().exit_code, 0);
  const RunSummary& summary = *run_->outcome().summary;
  ASSERT_THAT(summary.warnings, SizeIs(1));
  EXPECT_EQ(summary.warnings[0],
            "agent 'b' was lost at 4s (it was not heard of for 3s; it is counted up to 1s): the "
            "others run its part "
            "(2 of 6 VUs) from 4.3s on; up to 6.6 VU·s that were due before that are missing");
  EXPECT_TRUE(summary.agents[1].lost);
  EXPECT_EQ(summary.agents[1].lost_until, milliseconds(4300));
  EXPECT_EQ(summary.agents[1].lost_why, "it was not heard of for 3s");
  EXPECT_THAT(Kinds(), Contains("agent-lost"));
  EXPECT_THAT(Kinds(), Contains("re-dealt"));
}

TEST_F(RunLossTest, AnAgentThatHadEndedGoesOnWithAnAdoptedPart) {
  BeginWithThree(FixedSpec());
  GoTo(seconds(3));
  SayLast("a", 1, seconds(3), 20);
  GoTo(seconds(4));
  Feed(AgentLost{Id("b")});
  EXPECT_THAT(AgentsSent<SendAdopt>(), ElementsAre("a", "c"));
  GoTo(seconds(9));
  SayLast("c", 1, seconds(9), 30);
  EXPECT_EQ(run_->phase(), RunPhase::kRunning);  // a has load again
  SayLast("a", 2, seconds(9), 30);
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(run_->outcome().exit_code, 0);
}

TEST_F(RunLossTest, LoadThatAnAgentEndsBeforeItsTimeIsRunByTheOthers) {
  BeginWithThree(Spec());
  GoTo(seconds(4));
  SayLast("b", 1, seconds(3), 5);
  EXPECT_THAT(AgentsSent<SendAdopt>(), ElementsAre("a", "c"));
  SendFinal("a", 1);
  SendFinal("c", 1);
  EXPECT_EQ(run_->outcome().exit_code, 0);
  EXPECT_THAT(
      run_->outcome().summary->warnings,
      ElementsAre(HasSubstr(
          "agent 'b' left at 3s (it ended its load before its time): the others run its part")));
}

TEST_F(RunLossTest, IterationsThatAnAgentLeavesOutAreRunByTheOthers) {
  BeginWithThree(FixedSpec());
  GoTo(seconds(4));
  SayLast("b", 1, seconds(4), 12);
  int64_t given = 0;
  for (const SendAdopt& adopt : Sent<SendAdopt>()) given += adopt.parts.at(0).budgets[0].iterations;
  EXPECT_EQ(given, 8);
}

// The whole cluster was suspended, say.
TEST_F(RunLossTest, ARunWhoseAgentsAllEndBeforeTheirTimeHasNotEndedWell) {
  BeginWithThree(Spec());
  GoTo(seconds(4));
  for (const char* name : {"a", "b", "c"}) SayLast(name, 1, seconds(4), 5);
  Pass(2 * kGrace);
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(run_->outcome().exit_code, 255);
}

TEST_F(RunLossTest, AFinalDeltaFromBeforeAnAdoptionIsNotTheLast) {
  BeginWithThree(Spec());
  GoTo(seconds(4));
  Feed(AgentLost{Id("b")});
  // It was on its way when the order went out.
  Delta early = MakeDelta(1, seconds(4), 1);
  early.final = true;
  Feed(DeltaArrived{Id("a"), early});
  SendFinal("c", 1);
  EXPECT_EQ(run_->phase(), RunPhase::kRunning);
  SendFinal("a", 2);
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
}

TEST_F(RunLossTest, AnAgentThatSaysNothingMoreAfterAnEarlyFinalDeltaHasEnded) {
  BeginWithThree(Spec());
  GoTo(seconds(4));
  Feed(AgentLost{Id("b")});
  Delta early = MakeDelta(1, seconds(4), 1);
  early.final = true;
  Feed(DeltaArrived{Id("a"), early});
  SendFinal("c", 1);
  EXPECT_EQ(run_->phase(), RunPhase::kRunning);
  Pass(kGrace);
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
}

TEST_F(RunLossTest, VusMaxIsThatOfTheAgentsThatAreThere) {
  BeginWithThree(Spec());
  GoTo(seconds(1));
  for (const char* name : {"a", "b", "c"}) Report(name, 1, seconds(1));
  GoTo(seconds(4));
  Feed(AgentLost{Id("b")});
  Pass(seconds(2));
  EXPECT_EQ(run_->progress().vus_max, 6);  // each said 3
}

TEST_F(RunLossTest, APartWithNothingLeftIsNobodysTrouble) {
  BeginWithThree(FixedSpec());
  GoTo(seconds(2));
  Delta delta = MakeDelta(1, seconds(2), 1);
  delta.scenarios[0].iterations_complete = 20;
  Feed(DeltaArrived{Id("c"), delta});
  SayLast("a", 1, seconds(2), 20);
  SayLast("b", 1, seconds(2), 20);
  Feed(AgentLost{Id("c")});
  EXPECT_THAT(Sent<SendAdopt>(), IsEmpty());
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
}

TEST_F(RunLossTest, LossesOneAfterTheOtherLeaveTheWholePlanWithTheLast) {
  BeginWithThree(Spec());
  GoTo(seconds(2));
  Feed(AgentLost{Id("b")});
  GoTo(seconds(3));
  Feed(AgentLost{Id("c")});
  ASSERT_THAT(AgentsSent<SendAdopt>(), ElementsAre("a"));
  const SendAdopt adopt = Sent<SendAdopt>()[0];
  int64_t vus = 0;
  for (const Part& part : adopt.parts) vus += ShareOf(6, part.slice);
  EXPECT_EQ(vus, 3);
  EXPECT_EQ(adopt.epoch, 2u);
}

TEST_F(RunLossTest, WhatWasDealtIsSaidAgainToOneThatWasAway) {
  BeginWithThree(Spec());
  GoTo(seconds(2));
  Feed(AgentLost{Id("b")});
  Feed(AgentReturned{Id("a")});
  EXPECT_THAT(AgentsSent<SendStart>(), ElementsAre("a"));
  ASSERT_THAT(AgentsSent<SendAdopt>(), ElementsAre("a"));
  EXPECT_EQ(Sent<SendAdopt>()[0].epoch, 1u);
}

TEST_F(RunLossTest, LeftIterationsAreDealtOutSoThatTheSumIsThePlans) {
  RunSpec spec = Spec();
  Scenario& scenario = spec.plan.scenarios.front();
  scenario.executor = ExecutorKind::kSharedIterations;
  scenario.iterations = 100;
  scenario.max_duration = seconds(60);
  BeginWithThree(spec);
  GoTo(seconds(2));
  Delta delta = MakeDelta(1, seconds(2), 1);
  delta.scenarios[0].iterations_complete = 11;
  delta.scenarios[0].iterations_interrupted = 1;
  Feed(DeltaArrived{Id("a"), delta});
  GoTo(seconds(5));
  Feed(AgentLost{Id("a")});
  int64_t given = 0;
  for (const SendAdopt& adopt : Sent<SendAdopt>()) {
    for (const Part& part : adopt.parts) given += part.budgets.at(0).iterations;
  }
  EXPECT_EQ(given, 34 - 12);
  EXPECT_THAT(run_->notes().back().text + run_->notes()[run_->notes().size() - 3].text,
              HasSubstr("run again"));
}

TEST_F(RunLossTest, NothingIsDealtOutWhenNothingIsDueAnyMore) {
  BeginWithThree(Spec());
  GoTo(seconds(11));  // the 10 s are over; iterations are at their end
  Feed(AgentLost{Id("b")});
  EXPECT_THAT(Sent<SendAdopt>(), IsEmpty());
}

TEST_F(RunLossTest, ContinueLeavesTheOthersAlone) {
  RunSpec spec = Spec();
  spec.on_agent_loss = OnAgentLoss::kContinue;
  BeginWithThree(spec);
  GoTo(seconds(4));
  Feed(AgentLost{Id("b")});
  EXPECT_THAT(Sent<SendAdopt>(), IsEmpty());
  EXPECT_EQ(run_->phase(), RunPhase::kRunning);
}

TEST_F(RunLossTest, AbortEndsTheRunWith97) {
  RunSpec spec = Spec();
  spec.on_agent_loss = OnAgentLoss::kAbort;
  BeginWithThree(spec);
  GoTo(seconds(4));
  Feed(AgentLost{Id("b")});
  EXPECT_THAT(AgentsSent<SendStop>(), ElementsAre("a", "c"));
  EXPECT_FALSE(Sent<SendStop>()[0].graceful);
  SendFinal("a", 1);
  SendFinal("c", 1);
  EXPECT_EQ(run_->outcome().exit_code, 97);
  EXPECT_THAT(run_->outcome().message, HasSubstr("'b'"));
  EXPECT_THAT(run_->outcome().message, HasSubstr("--on-agent-loss=abort"));
}

TEST_F(RunLossTest, ALossBeforeTheLoadGivesItsWholePartToTheOthers) {
  RunSpec spec = Spec();
  spec.agents = 3;
  Begin(spec);
  Offer({"a", "b", "c"});
  Feed(AgentPrepared{Id("a"), ""});
  Feed(AgentLost{Id("b")});
  EXPECT_THAT(AgentsSent<SendAdopt>(), ElementsAre("a"));
  EXPECT_EQ(Sent<SendAdopt>()[0].parts[0].from, Nanos(0));
  EXPECT_EQ(run_->phase(), RunPhase::kPreparing);
  Feed(AgentPrepared{Id("c"), ""});
  EXPECT_THAT(AgentsSent<SendAdopt>(), ElementsAre("c"));
  EXPECT_THAT(AgentsSent<SendStart>(), ElementsAre("a", "c"));
}

TEST_F(RunLossTest, ALossOfTheOneThatRunsSetupEndsTheRun) {
  RunSpec spec = Spec();
  spec.has_setup = true;
  BeginWithTwoAgents(spec);
  Feed(AgentLost{Id("a")});
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(run_->outcome().exit_code, 255);
}

// ---- Coming back, leaving ----

TEST_F(RunLossTest, ALostAgentThatComesBackIsStoppedAndItsLateDeltasCount) {
  BeginWithThree(Spec());
  GoTo(seconds(1));
  Report("b", 1, seconds(1), 10);
  GoTo(seconds(5));
  Feed(AgentLost{Id("b")});
  GoTo(seconds(7));
  Feed(AgentReturned{Id("b")});
  EXPECT_THAT(AgentsSent<SendStop>(), ElementsAre("b"));
  EXPECT_FALSE(Sent<SendStop>()[0].graceful);
  EXPECT_THAT(Sent<ClaimAgents>(), SizeIs(1));  // nobody else may have it meanwhile
  Report("b", 2, seconds(2), 5);
  EXPECT_EQ(Sent<AcknowledgeDelta>()[0].sequence, 2u);
  Report("b", 2, seconds(2), 5);  // again
  Delta last = MakeDelta(3, seconds(2), 1);
  last.final = true;
  Feed(DeltaArrived{Id("b"), last});
  EXPECT_THAT(AgentsSent<SendRelease>(), ElementsAre("b"));
  EXPECT_THAT(AgentsSent<FreeAgent>(), ElementsAre("b"));
  SendFinal("a", 1);
  SendFinal("c", 1);
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(MetricOf("http_reqs")->values.at("count"), 16);
  EXPECT_THAT(run_->outcome().summary->warnings,
              Contains(HasSubstr("2 seconds of it are counted")));
}

TEST_F(RunLossTest, TheEndWaitsForWhatAReturnedAgentHandsOverButNotForEver) {
  BeginWithThree(Spec());
  GoTo(seconds(5));
  Feed(AgentLost{Id("b")});
  SendFinal("a", 1);
  Feed(AgentReturned{Id("b")});
  SendFinal("c", 1);
  EXPECT_EQ(run_->phase(), RunPhase::kRunning);
  Pass(kGrace);
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
}

TEST_F(RunLossTest, AnAgentThatLeavesGivesItsPartAwayAtOnce) {
  BeginWithThree(Spec());
  GoTo(seconds(4));
  Feed(AgentLeaving{Id("a")});
  EXPECT_THAT(AgentsSent<SendAdopt>(), ElementsAre("b", "c"));
  Delta last = MakeDelta(1, seconds(4), 3);
  last.final = true;
  Feed(DeltaArrived{Id("a"), last});
  Feed(AgentLost{Id("a")});
  EXPECT_THAT(Sent<SendAdopt>(), IsEmpty());
  SendFinal("b", 1);
  SendFinal("c", 1);
  EXPECT_EQ(run_->outcome().exit_code, 0);
  const auto& warnings = run_->outcome().summary->warnings;
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0],
              HasSubstr("agent 'a' left at 4s (it was told to end by SIGTERM): the others"));
}

TEST_F(RunLossTest, FixedIterationsOfOneThatLeavesWaitForItsLastWord) {
  RunSpec spec = Spec();
  Scenario& scenario = spec.plan.scenarios.front();
  scenario.executor = ExecutorKind::kPerVuIterations;
  scenario.iterations = 10;
  scenario.max_duration = seconds(60);
  BeginWithThree(spec);
  GoTo(seconds(2));
  Feed(AgentLeaving{Id("c")});
  EXPECT_THAT(Sent<SendAdopt>(), IsEmpty());
  Delta last = MakeDelta(1, seconds(2), 1);
  last.scenarios[0].iterations_complete = 15;
  last.final = true;
  Feed(DeltaArrived{Id("c"), last});
  int64_t given = 0;
  for (const SendAdopt& adopt : Sent<SendAdopt>()) given += adopt.parts[0].budgets[0].iterations;
  EXPECT_EQ(given, 5);
}

TEST_F(RunLossTest, FixedIterationsOfOneThatLeavesWithoutALastWordAreDealtOutWhenItIsGone) {
  RunSpec spec = Spec();
  Scenario& scenario = spec.plan.scenarios.front();
  scenario.executor = ExecutorKind::kPerVuIterations;
  scenario.iterations = 10;
  scenario.max_duration = seconds(60);
  BeginWithThree(spec);
  GoTo(seconds(2));
  Feed(AgentLeaving{Id("c")});
  Feed(AgentLost{Id("c")});
  EXPECT_THAT(AgentsSent<SendAdopt>(), ElementsAre("a", "b"));
  EXPECT_EQ(run_->members()[2].lost_until, seconds(2) + kAdoptLead);
}

TEST_F(RunLossTest, ARunThatAllAgentsLeaveHasNotEndedWell) {
  BeginWithTwoAgents(Spec());
  GoTo(seconds(2));
  Feed(AgentLeaving{Id("a")});
  Feed(AgentLeaving{Id("b")});
  for (const char* name : {"a", "b"}) {
    Delta last = MakeDelta(1, seconds(2), 1);
    last.final = true;
    Feed(DeltaArrived{Id(name), last});
  }
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(run_->outcome().exit_code, 255);
}

// ---- Agents that lie ----

TEST_F(RunLossTest, WhatCannotBeIsNotCountedAndItsAgentIsPutAside) {
  const auto future = [](Delta& delta) { delta.interval_end = seconds(60); };
  const auto backwards = [](Delta& delta) { delta.interval_start = seconds(2); };
  const auto requests = [](Delta& delta) {
    std::get<CounterSink>(delta.series[0].increment).Add(1e9);
  };
  const auto vus = [](Delta& delta) { delta.health.vus_active = 1000; };
  const auto cpu = [](Delta& delta) {
    delta.health.cpu_ratio = std::numeric_limits<double>::quiet_NaN();
  };
  const std::vector<std::function<void(Delta&)>> lies = {future, backwards, requests, vus, cpu};
  for (const auto& lie : lies) {
    BeginWithThree(Spec());
    GoTo(seconds(1));
    Report("a", 1, seconds(1), 10);
    Delta delta = MakeDelta(1, seconds(1), 10);
    lie(delta);
    Feed(DeltaArrived{Id("b"), delta});
    EXPECT_THAT(AgentsSent<SendStop>(), ElementsAre("b"));
    EXPECT_THAT(AgentsSent<SendAdopt>(), ElementsAre("a", "c"));
    EXPECT_THAT(AgentsSent<AcknowledgeDelta>(), ElementsAre("b"));
    Report("b", 2, seconds(1), 10);  // nothing of it counts any more
    SendFinal("a", 2);
    SendFinal("c", 1);
    SendFinal("b", 3);
    ASSERT_EQ(run_->phase(), RunPhase::kFinished);
    EXPECT_EQ(MetricOf("http_reqs")->values.at("count"), 10);
    const RunSummary& summary = *run_->outcome().summary;
    EXPECT_THAT(summary.warnings, Contains(HasSubstr("'b' said what cannot be")));
    EXPECT_EQ(summary.soundness.label, SoundnessLabel::kInvalid);
    ASSERT_THAT(summary.soundness.findings, SizeIs(1));
    EXPECT_EQ(summary.soundness.findings[0].agent, "b");
  }
}

TEST_F(RunLossTest, AClockThatDriftsDuringALongRunIsNoLie) {
  RunSpec spec = Spec();
  spec.plan.scenarios.front().duration = std::chrono::hours(5);
  BeginWithTwoAgents(spec);
  GoTo(std::chrono::hours(4));
  // 200 ppm of 4 h are 2.88 s.
  Report("a", 1, std::chrono::hours(4) + milliseconds(2880));
  EXPECT_THAT(Sent<SendStop>(), IsEmpty());
}

// ---- Another number of agents ----

TEST_F(RunLossTest, AnAgentThatJoinsGetsItsPartOnceItIsReady) {
  BeginWithThree(Spec());
  GoTo(seconds(2));
  Feed(ScaleRequested{.scenario = "default", .vus = 5});
  Feed(AgentsRequested{4, {Id("d")}});
  EXPECT_THAT(AgentsSent<SendPrepare>(), ElementsAre("d"));
  EXPECT_EQ(ShareOf(6, Sent<SendPrepare>()[0].slice), 0);
  EXPECT_THAT(Sent<ClaimAgents>(), SizeIs(1));
  EXPECT_THAT(Sent<SendCede>(), IsEmpty());
  EXPECT_EQ(run_->agents_at_work(), 4u);
  GoTo(seconds(3));
  Feed(AgentPrepared{Id("d"), ""});
  EXPECT_THAT(AgentsSent<SendStart>(), ElementsAre("d"));
  EXPECT_EQ(Sent<SendStart>()[0].at, zero_);
  EXPECT_THAT(AgentsSent<SendScale>(), ElementsAre("d"));
  ASSERT_THAT(AgentsSent<SendAdopt>(), ElementsAre("d"));
  const SendAdopt adopt = Sent<SendAdopt>()[0];
  EXPECT_EQ(adopt.parts.at(0).from, seconds(3) + kScaleLead);
  ASSERT_THAT(Sent<SendCede>(), SizeIs(1));
  EXPECT_EQ(Sent<SendCede>()[0].from, seconds(3) + kScaleLead);
  EXPECT_EQ(Sent<SendCede>()[0].epoch, adopt.epoch);
  // Its empty slice may end before its part begins.
  Delta nothing = MakeDelta(1, seconds(3), 0);
  nothing.final = true;
  Feed(DeltaArrived{Id("d"), nothing});
  for (const char* name : {"a", "b", "c"}) SendFinal(name, 1);
  EXPECT_EQ(run_->phase(), RunPhase::kRunning);
  SendFinal("d", 2);
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(run_->outcome().summary->agents[3].joined_at, seconds(3) + kScaleLead);
  EXPECT_THAT(Kinds(), Contains("agent-joined"));
}

TEST_F(RunLossTest, TheRunGoesOnWithoutOneThatCannotJoin) {
  BeginWithThree(Spec());
  GoTo(seconds(2));
  Feed(AgentsRequested{4, {Id("d")}});
  Feed(AgentPrepared{Id("d"), "out of memory"});
  EXPECT_THAT(AgentsSent<SendRelease>(), ElementsAre("d"));
  EXPECT_THAT(AgentsSent<FreeAgent>(), ElementsAre("d"));
  EXPECT_THAT(Sent<SendCede>(), IsEmpty());
  for (const char* name : {"a", "b", "c"}) SendFinal(name, 1);
  EXPECT_EQ(run_->outcome().exit_code, 0);
}

TEST_F(RunLossTest, FewerAgentsMeansThatTheYoungestGiveTheirPartsAway) {
  BeginWithThree(Spec());
  GoTo(seconds(2));
  Feed(AgentsRequested{2, {}});
  ASSERT_THAT(AgentsSent<SendCede>(), ElementsAre("c"));
  EXPECT_THAT(AgentsSent<SendAdopt>(), ElementsAre("a", "b"));
  EXPECT_EQ(run_->agents_at_work(), 2u);
  Delta drained = MakeDelta(1, seconds(4), 1);
  drained.final = true;
  GoTo(seconds(4));
  Feed(DeltaArrived{Id("c"), drained});
  // It may be asked again: it still knows the run.
  Feed(AgentsRequested{3, {}});
  EXPECT_THAT(AgentsSent<SendAdopt>(), ElementsAre("c"));
  EXPECT_THAT(Sent<SendPrepare>(), IsEmpty());
  SendFinal("a", 1);
  SendFinal("b", 1);
  EXPECT_EQ(run_->phase(), RunPhase::kRunning);
  SendFinal("c", 2);
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
}

TEST_F(RunLossTest, ARateChangesAtAnInstantThatAllHeardOf) {
  BeginWithThree(Spec());
  GoTo(seconds(2));
  Feed(ScaleRequested{.scenario = "default", .vus = {}, .rate = 50});
  ASSERT_THAT(AgentsSent<SendScale>(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(Sent<SendScale>()[0].rate, 50);
  EXPECT_EQ(Sent<SendScale>()[0].from, seconds(2) + kAdoptLead);
  GoTo(seconds(4));
  Feed(ScaleRequested{.scenario = "default", .vus = {}, .rate = 80});
  // Who was away needs both: arrivals are numbered through them.
  Feed(AgentReturned{Id("a")});
  EXPECT_THAT(Sent<SendScale>(), SizeIs(2));
}

// It may adopt a part later.
TEST_F(RunLossTest, WhoHasNoLoadHearsOfAChangeOfRateToo) {
  BeginWithThree(FixedSpec());
  GoTo(seconds(3));
  SayLast("a", 1, seconds(3), 20);
  Feed(ScaleRequested{.scenario = "default", .vus = {}, .rate = 50});
  EXPECT_THAT(AgentsSent<SendScale>(), ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace kload::controller
