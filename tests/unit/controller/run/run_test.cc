#include "controller/run/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

// ---- Waiting ----

TEST_F(RunTest, WaitsUntilEnoughAgentsAreIdle) {
  Begin(Spec());
  Offer({"a"});
  EXPECT_EQ(run_->phase(), RunPhase::kWaiting);
  EXPECT_THAT(Sent<AnnounceState>(), SizeIs(1));
  EXPECT_EQ(run_->agents_connected(), 1u);
  EXPECT_EQ(run_->agents_wanted(), 2u);
  Offer({"a", "b", "c"});
  EXPECT_EQ(run_->phase(), RunPhase::kPreparing);
  ASSERT_THAT(Sent<ClaimAgents>(), SizeIs(1));
  EXPECT_THAT(Sent<ClaimAgents>()[0].names, ElementsAre("a", "b"));
  EXPECT_THAT(AgentsSent<SendPrepare>(), ElementsAre("a", "b"));
  EXPECT_EQ(Sent<SendPrepare>()[1].slice.index, 1u);
  EXPECT_EQ(Sent<SendPrepare>()[1].slice.count, 2u);
}

TEST_F(RunTest, TakesAllIdleAgentsWhenNoNumberIsGiven) {
  RunSpec spec = Spec();
  spec.agents = 0;
  Begin(spec);
  Offer({});
  EXPECT_EQ(run_->phase(), RunPhase::kWaiting);
  Offer({"a", "b", "c"});
  EXPECT_THAT(AgentsSent<SendPrepare>(), ElementsAre("a", "b", "c"));
}

TEST_F(RunTest, SaysHowManyAgentsAreMissing) {
  RunSpec spec = Spec();
  spec.agents = 8;
  Begin(spec);
  Offer({"a", "b"});
  Pass(seconds(29));
  EXPECT_EQ(run_->phase(), RunPhase::kWaiting);
  Pass(seconds(1));
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(run_->outcome().exit_code, 255);
  EXPECT_THAT(run_->outcome().message, HasSubstr("2 of 8 agents are connected after 30s"));
  EXPECT_THAT(run_->outcome().message, HasSubstr("--agents"));
  EXPECT_FALSE(run_->outcome().summary);
  EXPECT_THAT(Sent<Finish>(), SizeIs(1));
}

TEST_F(RunTest, SaysThatThereIsNoAgentAtAll) {
  Begin(Spec());
  Pass(seconds(30));
  EXPECT_THAT(run_->outcome().message, HasSubstr("no agent is connected"));
}

TEST_F(RunTest, WaitsWithoutLimitForAgentsThatAreBusy) {
  Begin(Spec());
  for (int i = 0; i < 100; ++i) {
    Feed(AgentsSeen{{}, 2});
    Pass(seconds(1));
  }
  EXPECT_EQ(run_->phase(), RunPhase::kWaiting);
}

TEST_F(RunTest, StopsWhileItWaits) {
  Begin(Spec());
  Feed(StopRequested{true, "stopped by kctl stop"});
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(run_->outcome().exit_code, 103);
  EXPECT_FALSE(run_->outcome().summary);
}

// ---- Preparing and setup ----

TEST_F(RunTest, StartsAllAgentsAtOneInstantWithoutSetup) {
  BeginWithTwoAgents(Spec());
  EXPECT_EQ(run_->phase(), RunPhase::kRunning);
  EXPECT_THAT(AgentsSent<SendSetup>(), IsEmpty());
  ASSERT_THAT(Sent<SendStart>(), SizeIs(2));
  EXPECT_EQ(Sent<SendStart>()[0].at, now_ + kStartLead);
  EXPECT_EQ(Sent<SendStart>()[1].at, now_ + kStartLead);
}

TEST_F(RunTest, GivesSetupsResultToEveryAgent) {
  RunSpec spec = Spec();
  spec.has_setup = true;
  BeginWithTwoAgents(spec);
  EXPECT_EQ(run_->phase(), RunPhase::kSetup);
  EXPECT_THAT(AgentsSent<SendSetup>(), ElementsAre("a"));
  EXPECT_THAT(AgentsSent<SendStart>(), IsEmpty());
  Feed(SetupEnded{Id("b"), "{}", std::nullopt});  // not the one that was asked
  EXPECT_EQ(run_->phase(), RunPhase::kSetup);
  Feed(SetupEnded{Id("a"), R"({"token":"x"})", std::nullopt});
  EXPECT_EQ(run_->phase(), RunPhase::kRunning);
  EXPECT_EQ(Sent<SendStart>()[1].setup_json, R"({"token":"x"})");
}

TEST_F(RunTest, AFailedSetupEndsTheRunWithoutTeardown) {
  RunSpec spec = Spec();
  spec.has_setup = true;
  spec.has_teardown = true;
  BeginWithTwoAgents(spec);
  Feed(SetupEnded{Id("a"), "", RunFailure{107, "boom"}});
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(run_->outcome().exit_code, 107);
  EXPECT_EQ(run_->outcome().message, "boom");
  EXPECT_THAT(AgentsSent<SendTeardown>(), IsEmpty());
  EXPECT_THAT(AgentsSent<SendRelease>(), ElementsAre("a", "b"));
}

TEST_F(RunTest, ASetupThatNeverEndsTimesOut) {
  RunSpec spec = Spec();
  spec.has_setup = true;
  BeginWithTwoAgents(spec);
  Pass(seconds(60) + kGrace);
  EXPECT_EQ(run_->outcome().exit_code, 100);
}

TEST_F(RunTest, AnAgentThatCannotPrepareEndsTheRun) {
  Begin(Spec());
  Offer({"a", "b"});
  Feed(AgentPrepared{Id("b"), "out of memory"});
  EXPECT_EQ(run_->outcome().exit_code, 255);
  EXPECT_THAT(run_->outcome().message, HasSubstr("'b' could not prepare the run: out of memory"));
}

TEST_F(RunTest, AnAgentThatIsLostBeforeTheLoadEndsTheRun) {
  RunSpec spec = Spec();
  spec.on_agent_loss = OnAgentLoss::kContinue;
  Begin(spec);
  Offer({"a", "b"});
  Feed(AgentLost{Id("b")});
  EXPECT_EQ(run_->outcome().exit_code, 255);
  EXPECT_THAT(run_->outcome().message, HasSubstr("no load was sent"));
  EXPECT_THAT(AgentsSent<SendRelease>(), ElementsAre("a"));
}

TEST_F(RunTest, StopDuringSetupInterruptsItAndSkipsTheLoad) {
  RunSpec spec = Spec();
  spec.has_setup = true;
  spec.has_teardown = true;
  BeginWithTwoAgents(spec);
  Feed(StopRequested{true, "stopped by kctl stop"});
  ASSERT_THAT(Sent<SendStop>(), SizeIs(2));
  EXPECT_FALSE(Sent<SendStop>()[0].graceful);
  Feed(SetupEnded{Id("a"), "", RunFailure{107, "interrupted"}});
  EXPECT_EQ(run_->outcome().exit_code, 103);
  EXPECT_THAT(AgentsSent<SendTeardown>(), IsEmpty());
}

// ---- Load ----

TEST_F(RunTest, MergesDeltasOnceAndAcknowledgesThem) {
  BeginWithTwoAgents(Spec());
  Feed(DeltaArrived{Id("a"), MakeDelta(1, seconds(1), 10)});
  ASSERT_THAT(Sent<AcknowledgeDelta>(), SizeIs(1));
  EXPECT_EQ(Sent<AcknowledgeDelta>()[0].sequence, 1u);
  Feed(DeltaArrived{Id("a"), MakeDelta(1, seconds(1), 10)});
  EXPECT_THAT(Sent<AcknowledgeDelta>(), SizeIs(1));
  SendFinal("a", 2);
  EXPECT_EQ(run_->phase(), RunPhase::kRunning);
  SendFinal("b", 1);
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(run_->outcome().exit_code, 0);
  ASSERT_TRUE(run_->outcome().summary);
  EXPECT_EQ(MetricOf("http_reqs")->values.at("count"), 10);
  EXPECT_EQ(run_->outcome().summary->duration, seconds(10));
  ASSERT_THAT(run_->outcome().summary->agents, SizeIs(2));
  EXPECT_EQ(run_->outcome().summary->agents[0].requests, 10u);
  EXPECT_EQ(run_->outcome().summary->agents[0].deltas, 2u);
}

TEST_F(RunTest, VusAreTheSumOfAllAgents) {
  BeginWithTwoAgents(Spec());
  Feed(DeltaArrived{Id("a"), MakeDelta(1, seconds(1), 1)});
  Feed(DeltaArrived{Id("b"), MakeDelta(1, seconds(1), 1)});
  SendFinal("a", 2);
  SendFinal("b", 2);
  EXPECT_EQ(MetricOf("vus")->values.at("value"), 4);
  EXPECT_EQ(MetricOf("vus")->values.at("min"), 4);
  EXPECT_EQ(MetricOf("vus_max")->values.at("value"), 6);
}

TEST_F(RunTest, ALoadBelowASecondHasVusToo) {
  BeginWithTwoAgents(Spec());
  SendFinal("a", 1);
  SendFinal("b", 1);
  EXPECT_EQ(MetricOf("vus")->values.at("value"), 4);
}

TEST_F(RunTest, ReportsProgressEachSecond) {
  BeginWithTwoAgents(Spec());
  now_ += kStartLead;
  Feed(DeltaArrived{Id("a"), MakeDelta(1, seconds(1), 10)});
  Feed(DeltaArrived{Id("b"), MakeDelta(1, seconds(1), 20, 0.5)});
  Pass(milliseconds(1300));
  EXPECT_THAT(Sent<AnnounceProgress>(), SizeIs(1));
  EXPECT_EQ(run_->progress().vus, 4);
  EXPECT_EQ(run_->progress().vus_max, 6);
  EXPECT_EQ(run_->progress().iterations_complete, 30u);
  EXPECT_NEAR(run_->progress().failed_ratio, 1.0 / 3, 1e-9);
  EXPECT_NEAR(run_->progress().requests_per_second, 30, 0.1);
  Pass(seconds(3));
  EXPECT_THAT(Sent<AnnounceProgress>(), SizeIs(3));
}

TEST_F(RunTest, TheRateOfTheLastSecondIsThatOfItsSamples) {
  BeginWithTwoAgents(Spec());
  now_ += kStartLead;
  for (int second = 1; second <= 9; ++second) {
    const auto sequence = static_cast<uint64_t>(second);
    Feed(DeltaArrived{Id("a"), MakeDelta(sequence, seconds(second), 10)});
    Feed(DeltaArrived{Id("b"), MakeDelta(sequence, seconds(second), 0)});
    Pass(second == 1 ? milliseconds(1300) : milliseconds(1000));
  }
  ASSERT_NEAR(run_->progress().requests_per_second, 10, 0.1);
  // The last second's are there three quarters of one after the progress before.
  Feed(DeltaArrived{Id("a"), MakeDelta(10, seconds(10), 10)});
  SendFinal("a", 11);
  SendFinal("b", 10);
  EXPECT_NEAR(run_->progress().requests_per_second, 10, 0.1);
}

TEST_F(RunTest, NobodyHasARateWhoSaysNothing) {
  BeginWithTwoAgents(Spec());
  now_ += kStartLead;
  Feed(DeltaArrived{Id("a"), MakeDelta(1, seconds(1), 10)});
  Pass(milliseconds(1300));
  ASSERT_NEAR(run_->progress().requests_per_second, 10, 0.1);
  Pass(seconds(4));
  EXPECT_EQ(run_->progress().requests_per_second, 0);
}

TEST_F(RunTest, AFailedThresholdIsExitCode99) {
  RunSpec spec = Spec();
  AddThreshold(spec, {.selector = "http_req_failed", .expression = "rate<0.1"});
  BeginWithTwoAgents(spec);
  Feed(DeltaArrived{Id("a"), MakeDelta(1, seconds(1), 10, 0.5)});
  SendFinal("a", 2);
  SendFinal("b", 1);
  EXPECT_EQ(run_->outcome().exit_code, 99);
  EXPECT_THAT(run_->outcome().message, HasSubstr("'http_req_failed'"));
}

TEST_F(RunTest, AbortOnFailStopsAtOnceAndStillTearsDown) {
  RunSpec spec = Spec();
  spec.has_teardown = true;
  AddThreshold(spec,
               {.selector = "http_req_failed", .expression = "rate<0.1", .abort_on_fail = true});
  BeginWithTwoAgents(spec);
  now_ += kStartLead;
  Feed(DeltaArrived{Id("a"), MakeDelta(1, seconds(1), 10, 0.5)});
  Pass(seconds(2));
  ASSERT_THAT(Sent<SendStop>(), SizeIs(2));
  EXPECT_FALSE(Sent<SendStop>()[0].graceful);
  SendFinal("a", 2);
  SendFinal("b", 1);
  EXPECT_EQ(run_->phase(), RunPhase::kTeardown);
  EXPECT_THAT(AgentsSent<SendTeardown>(), ElementsAre("a"));
  Feed(TeardownEnded{Id("a"), std::nullopt});
  EXPECT_EQ(run_->outcome().exit_code, 99);
  EXPECT_THAT(run_->outcome().message, HasSubstr("abortOnFail"));
}

TEST_F(RunTest, StopIsGracefulAndEndsWith103) {
  BeginWithTwoAgents(Spec());
  Feed(StopRequested{true, "stopped by kctl stop"});
  ASSERT_THAT(Sent<SendStop>(), SizeIs(2));
  EXPECT_TRUE(Sent<SendStop>()[0].graceful);
  SendFinal("a", 1);
  SendFinal("b", 1);
  EXPECT_EQ(run_->outcome().exit_code, 103);
  EXPECT_EQ(run_->outcome().message, "stopped by kctl stop");
  EXPECT_TRUE(run_->outcome().summary);
}

TEST_F(RunTest, TeardownGetsSetupsResultAndItsSamplesCount) {
  RunSpec spec = Spec();
  spec.has_setup = true;
  spec.has_teardown = true;
  BeginWithTwoAgents(spec);
  now_ += seconds(2);
  Feed(SetupEnded{Id("a"), "[1]", std::nullopt});
  SendFinal("a", 1);
  SendFinal("b", 1);
  ASSERT_THAT(Sent<SendTeardown>(), SizeIs(1));
  EXPECT_EQ(Sent<SendTeardown>()[0].data_json, "[1]");
  Feed(DeltaArrived{Id("a"), MakeDelta(2, seconds(11), 3)});
  Feed(TeardownEnded{Id("a"), RunFailure{101, "teardown() took too long"}});
  EXPECT_EQ(run_->outcome().exit_code, 101);
  EXPECT_EQ(MetricOf("http_reqs")->values.at("count"), 3);
  EXPECT_EQ(run_->outcome().summary->duration, seconds(2) + kStartLead + seconds(11));
}

// ---- Losing agents ----

TEST_F(RunTest, GoesOnWithoutALostAgentAndSaysSo) {
  RunSpec spec = Spec();
  spec.on_agent_loss = OnAgentLoss::kContinue;
  spec.has_teardown = true;
  BeginWithTwoAgents(spec);
  now_ += kStartLead + seconds(4);
  Feed(AgentLost{Id("a")});
  EXPECT_EQ(run_->phase(), RunPhase::kRunning);
  SendFinal("b", 1);
  EXPECT_THAT(AgentsSent<SendTeardown>(), ElementsAre("b"));
  Feed(TeardownEnded{Id("b"), std::nullopt});
  EXPECT_EQ(run_->outcome().exit_code, 0);
  const RunSummary& summary = *run_->outcome().summary;
  EXPECT_THAT(summary.warnings, Contains(HasSubstr("agent 'a' was lost at 4s")));
  EXPECT_THAT(summary.warnings, Contains(HasSubstr("3 of 5 VUs")));
  EXPECT_TRUE(summary.agents[0].lost);
  EXPECT_EQ(summary.agents[0].lost_at, seconds(4));
}

TEST_F(RunTest, EndsWhenTheLastWorkingAgentIsLost) {
  BeginWithTwoAgents(Spec());
  SendFinal("a", 1);
  Feed(AgentLost{Id("b")});
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(run_->outcome().exit_code, 0);
}

TEST_F(RunTest, FailsWhenAllAgentsAreLost) {
  BeginWithTwoAgents(Spec());
  Feed(AgentLost{Id("a")});
  Feed(AgentLost{Id("b")});
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(run_->outcome().exit_code, 255);
  EXPECT_THAT(run_->outcome().summary->warnings, SizeIs(2));
}

TEST_F(RunTest, RepeatsItsOrdersToAnAgentThatComesBack) {
  BeginWithTwoAgents(Spec());
  const Nanos zero = now_ + kStartLead;
  now_ += seconds(2);
  Feed(StopRequested{true, "stop"});
  Feed(AgentReturned{Id("a")});
  EXPECT_THAT(AgentsSent<SendStart>(), ElementsAre("a"));
  EXPECT_EQ(Sent<SendStart>()[0].at, zero);
  EXPECT_THAT(AgentsSent<SendStop>(), ElementsAre("a"));
}

TEST_F(RunTest, ANewProcessOfALostAgentIsAStranger) {
  BeginWithTwoAgents(Spec());
  Feed(DeltaArrived{{"a", "a-2"}, MakeDelta(1, seconds(1), 10)});
  EXPECT_THAT(actions_, IsEmpty());
}

TEST_F(RunTest, AnAgentThatNeverEndsIsToldOnceMoreAndThenLeftBehind) {
  BeginWithTwoAgents(Spec());
  SendFinal("a", 1);
  Pass(zero_ + MaxDuration(run_->spec().plan) + kGrace - now_);
  EXPECT_THAT(AgentsSent<SendStop>(), ElementsAre("b"));
  EXPECT_EQ(run_->phase(), RunPhase::kRunning);
  Pass(kGrace);
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_THAT(run_->outcome().summary->warnings, Contains(HasSubstr("'b' did not end its load")));
}

TEST_F(RunTest, SaysWhenAnAgentWasTooSlow) {
  BeginWithTwoAgents(Spec());
  Delta delta = MakeDelta(1, seconds(1), 1);
  delta.health.loop_lag_max = milliseconds(400);
  delta.health.samples_overflowed = 12;
  Feed(DeltaArrived{Id("a"), delta});
  SendFinal("a", 3);  // 2 is missing
  SendFinal("b", 1);
  const auto& warnings = run_->outcome().summary->warnings;
  EXPECT_THAT(warnings, Contains(HasSubstr("up to 400ms late")));
  EXPECT_THAT(warnings, Contains(HasSubstr("12 samples")));
  EXPECT_THAT(warnings, Contains(HasSubstr("samples of one second of agent 'a' never arrived")));
}

TEST_F(RunTest, NothingHappensAfterTheEnd) {
  Begin(Spec());
  Feed(StopRequested{true, "stop"});
  EXPECT_THAT(Feed(StopRequested{true, "again"}), IsEmpty());
  EXPECT_THAT(Feed(Tick{}), IsEmpty());
}

// ---- What scripts say about the test ----

TEST_F(RunTest, AScriptMayAbortTheTest) {
  RunSpec spec = Spec();
  spec.has_teardown = true;
  BeginWithTwoAgents(spec);
  Feed(TestCalled{Id("b"), true, "enough"});
  EXPECT_THAT(AgentsSent<SendStop>(), ElementsAre("a", "b"));
  EXPECT_FALSE(Sent<SendStop>()[0].graceful);
  Feed(TestCalled{Id("a"), true, "too late"});
  EXPECT_THAT(Sent<SendStop>(), SizeIs(0));
  SendFinal("a", 1);
  SendFinal("b", 1);
  EXPECT_EQ(run_->phase(), RunPhase::kTeardown);
  Feed(TeardownEnded{Id("a"), {}});
  EXPECT_EQ(run_->outcome().exit_code, 108);
  EXPECT_EQ(run_->outcome().message, "the script aborted the test: enough");
  EXPECT_TRUE(run_->outcome().summary);
}

TEST_F(RunTest, AnAbortInSetupEndsTheTest) {
  RunSpec spec = Spec();
  spec.has_setup = true;
  BeginWithTwoAgents(spec);
  Feed(TestCalled{Id("a"), true, ""});
  Feed(SetupEnded{Id("a"), "", RunFailure{105, "setup() was interrupted"}});
  EXPECT_EQ(run_->phase(), RunPhase::kFinished);
  EXPECT_EQ(run_->outcome().exit_code, 108);
  EXPECT_EQ(run_->outcome().message, "the script aborted the test");
}

TEST_F(RunTest, ATestThatIsMarkedAsFailedGoesOnAndWinsOverThresholds) {
  RunSpec spec = Spec();
  AddThreshold(spec, {"http_reqs", "count<1", false, Nanos(0)});
  BeginWithTwoAgents(spec);
  Feed(TestCalled{Id("a"), false, "stock is wrong"});
  Feed(TestCalled{Id("b"), false, "another"});
  EXPECT_THAT(Sent<SendStop>(), SizeIs(0));
  EXPECT_EQ(run_->phase(), RunPhase::kRunning);
  Feed(DeltaArrived{Id("a"), MakeDelta(1, seconds(1), 5)});
  SendFinal("a", 2);
  SendFinal("b", 1);
  EXPECT_EQ(run_->outcome().exit_code, 110);
  EXPECT_EQ(run_->outcome().message, "the script marked the test as failed: stock is wrong");
}

// ---- Scaling ----

TEST_F(RunTest, ScalingGoesToAllAndAgainToOneThatWasAway) {
  BeginWithTwoAgents(Spec());
  now_ += seconds(3);
  Feed(ScaleRequested{"peak", 7});
  EXPECT_THAT(AgentsSent<SendScale>(), ElementsAre("a", "b"));
  EXPECT_EQ(Sent<SendScale>()[0].vus, 7);
  Feed(AgentReturned{Id("b")});
  ASSERT_THAT(Sent<SendScale>(), SizeIs(1));
  EXPECT_EQ(Sent<SendScale>()[0].scenario, "peak");
  SendFinal("a", 1);
  SendFinal("b", 1);
  EXPECT_THAT(run_->outcome().summary->warnings,
              testing::Contains(HasSubstr("scenario peak was scaled to 7 VUs")));
}

TEST_F(RunTest, ARunThatIsBeingStoppedIsNotScaled) {
  BeginWithTwoAgents(Spec());
  Feed(StopRequested{true, "stop"});
  Feed(ScaleRequested{"peak", 7});
  EXPECT_THAT(Sent<SendScale>(), SizeIs(0));
}

}  // namespace
}  // namespace kload::controller
