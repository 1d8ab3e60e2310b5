#include "agent/link/run_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/agent/link/fake_crew.h"
#include "tests/unit/agent/link/orders.h"
#include "tests/unit/agent/link/series.h"

namespace kload::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

class RunSessionTest : public testing::Test {
 protected:
  RunSessionTest() {
    outgoing_.BeginStream({});
    outgoing_.Next(Nanos(0));
    outgoing_.Welcome();
  }

  void Prepare(const v1::Prepare& order) {
    session_.Prepare(order, [this](auto script) { session_.OnCompiled(std::move(script)); });
  }
  void Tell(uint32_t worker, decltype(WorkerEvent::event) event) {
    session_.OnEvent({worker, "r", std::move(event)});
  }
  void MakeReady() {
    Prepare(PrepareOrder("r"));
    for (uint32_t i = 0; i < crew_.size(); ++i) Tell(i, WorkerPrepared{absl::OkStatus()});
    EXPECT_TRUE(Said().has_prepared());
  }
  WorkerDelta Part(Nanos end, bool ended) {
    WorkerDelta part;
    part.interval_end = end;
    part.series.push_back(Counted("n", 1));
    part.ended = ended;
    return part;
  }
  // The next message; one without a case when there is none.
  v1::AgentMessage Said() { return outgoing_.Next(Nanos(0)).value_or(v1::AgentMessage()); }

  FakeCrew crew_{2};
  Outgoing outgoing_;
  RunSession session_{"r", crew_, outgoing_};
};

TEST_F(RunSessionTest, PreparesAllWorkersAndAnswersWhenAllAreReady) {
  Prepare(PrepareOrder("r"));
  EXPECT_THAT(crew_.calls(), ElementsAre("prepare r"));
  const auto spec = crew_.spec();
  ASSERT_NE(spec, nullptr);
  EXPECT_EQ(spec->slice.index, 1u);
  EXPECT_EQ(spec->plan.scenarios.at(0).vus, 4);
  EXPECT_EQ(spec->env.at("API"), "http://localhost");
  EXPECT_NE(spec->script, nullptr);
  Tell(0, WorkerPrepared{absl::OkStatus()});
  EXPECT_FALSE(Said().has_prepared());
  Tell(1, WorkerPrepared{absl::OkStatus()});
  const v1::AgentMessage answer = Said();
  EXPECT_EQ(answer.prepared().run_id(), "r");
  EXPECT_EQ(answer.prepared().error(), "");
}

TEST_F(RunSessionTest, PartsChangeHandsOnceForEachEpoch) {
  MakeReady();
  session_.Start(Nanos(7), "");
  v1::Adopt adopt;
  adopt.set_run_id("r");
  adopt.set_epoch(1);
  adopt.add_parts()->mutable_slice()->set_index(3);
  adopt.mutable_parts(0)->mutable_slice()->set_count(4);
  adopt.mutable_parts(0)->set_from_ns(5);
  session_.Adopt(adopt);
  session_.Adopt(adopt);  // again, after a reconnect
  v1::Cede cede;
  cede.set_run_id("r");
  cede.set_epoch(2);
  cede.set_from_ns(9);
  cede.add_slices()->set_index(3);
  cede.mutable_slices(0)->set_count(8);
  session_.Cede(cede);
  session_.Cede(cede);
  adopt.set_epoch(3);
  session_.Adopt(adopt);
  adopt.set_epoch(4);
  adopt.mutable_parts(0)->mutable_slice()->set_index(4);  // what no controller says
  session_.Adopt(adopt);
  EXPECT_THAT(crew_.calls(), ElementsAre("prepare r", "start 7 ", "adopt 3/4 from 5",
                                         "cede 3/8 from 9", "adopt 3/4 from 5"));
}

TEST_F(RunSessionTest, AnAdoptedPartMeansAnotherFinalDelta) {
  MakeReady();
  session_.Start(Nanos(0), "");
  for (uint32_t i = 0; i < 2; ++i) Tell(i, Part(1500ms, true));
  EXPECT_TRUE(Said().delta().final());
  EXPECT_FALSE(session_.loading());
  v1::Adopt adopt;
  adopt.set_epoch(1);
  adopt.add_parts()->mutable_slice()->set_count(2);
  session_.Adopt(adopt);
  EXPECT_TRUE(session_.loading());
  const auto knowing = [](WorkerDelta part) {
    part.parts_adopted = 1;
    return part;
  };
  for (uint32_t i = 0; i < 2; ++i) Tell(i, knowing(Part(3s, i == 1)));
  EXPECT_FALSE(Said().delta().final());
  Tell(0, knowing(Part(3500ms, true)));
  const v1::AgentMessage last = Said();
  EXPECT_TRUE(last.delta().final());
  EXPECT_EQ(last.delta().interval_end_ns(), Nanos(3500ms).count());
  EXPECT_FALSE(session_.loading());
}

TEST_F(RunSessionTest, WhatScriptsSayOfTheTestIsCutAndEndsTheAgentsLoad) {
  MakeReady();
  Tell(0, TestCallRecord{k6::TestCall::kFail, "x"});
  Tell(0, TestCallRecord{k6::TestCall::kAbort, std::string(16'383, 'a') + "\u00e9" + "b"});
  EXPECT_EQ(Said().test_call().message(), "x");
  EXPECT_EQ(Said().test_call().message(), std::string(16'383, 'a'));
  EXPECT_EQ(crew_.calls().back(), "stop at once");
}

TEST_F(RunSessionTest, RawSamplesAreSentWhenTheOrderWantsThem) {
  v1::Prepare order = PrepareOrder("r");
  order.set_samples(true);
  Prepare(order);
  EXPECT_TRUE(crew_.spec()->samples);
  SampleBatchBuilder builder;
  builder.Add({"n", MetricType::kCounter, ValueKind::kDefault}, 2, {{"a", "b"}}, Nanos(5));
  Tell(1, builder.Take());
  const v1::AgentMessage message = Said();
  EXPECT_EQ(message.samples().run_id(), "r");
  EXPECT_EQ(message.samples().sequence(), 1u);
  EXPECT_EQ(message.samples().base_ns(), 5);
  EXPECT_EQ(message.samples().value_size(), 1);
}

TEST_F(RunSessionTest, SyntaxErrorIsAnswered) {
  Prepare(PrepareOrder("r", "const = 3;\n"));
  EXPECT_THAT(Said().prepared().error(), HasSubstr("script.js:1"));
  EXPECT_THAT(crew_.calls(), IsEmpty());
  session_.Release();
  EXPECT_TRUE(session_.released()) << "no worker knows of it";
}

TEST_F(RunSessionTest, BadPlanIsAnswered) {
  v1::Prepare order = PrepareOrder("r");
  order.mutable_slice()->set_count(0);
  Prepare(order);
  EXPECT_THAT(Said().prepared().error(), HasSubstr("slice"));
}

TEST_F(RunSessionTest, SpoiledBundleIsAnswered) {
  v1::Prepare order = PrepareOrder("r");
  (*order.mutable_bundle()->mutable_files())["script.js"] += "//";
  Prepare(order);
  EXPECT_NE(Said().prepared().error(), "");
}

TEST_F(RunSessionTest, TheFirstFailedWorkerIsTheAnswer) {
  Prepare(PrepareOrder("r"));
  Tell(1, WorkerPrepared{absl::InvalidArgumentError("no shop")});
  EXPECT_EQ(Said().prepared().error(), "no shop");
  Tell(0, WorkerPrepared{absl::InvalidArgumentError("no shop either")});
  EXPECT_FALSE(Said().has_prepared());
  session_.Start(1s, "");
  EXPECT_THAT(crew_.calls(), ElementsAre("prepare r")) << "what is not ready is not started";
}

TEST_F(RunSessionTest, AnOrderThatComesAgainIsAnsweredNotCarriedOut) {
  Prepare(PrepareOrder("r"));
  session_.PrepareAgain();
  EXPECT_FALSE(Said().has_prepared());
  Tell(0, WorkerPrepared{absl::OkStatus()});
  Tell(1, WorkerPrepared{absl::OkStatus()});
  EXPECT_TRUE(Said().has_prepared());
  session_.PrepareAgain();
  EXPECT_TRUE(Said().has_prepared());

  session_.RunPhase(PhaseKind::kSetup, "");
  session_.RunPhase(PhaseKind::kSetup, "");
  EXPECT_TRUE(session_.busy());
  PhaseEnded ended;
  ended.outcome.json = "{\"token\":1}";
  Tell(0, ended);
  EXPECT_FALSE(session_.busy());
  EXPECT_EQ(Said().setup_done().data_json(), "{\"token\":1}");
  session_.RunPhase(PhaseKind::kSetup, "");
  EXPECT_EQ(Said().setup_done().data_json(), "{\"token\":1}");

  session_.Start(5ns, "{\"token\":1}");
  session_.Start(5ns, "{\"token\":1}");
  EXPECT_THAT(crew_.calls(), ElementsAre("prepare r", "setup ", "start 5 {\"token\":1}"));
}

TEST_F(RunSessionTest, WhatAPhaseMeasuredComesBeforeItsEnd) {
  MakeReady();
  session_.RunPhase(PhaseKind::kSetup, "");
  PhaseEnded ended;
  ended.outcome.exit_code = 107;
  ended.outcome.message = "no login";
  ended.series.push_back(Counted("http_reqs", 2));
  Tell(0, ended);
  const v1::AgentMessage delta = Said();
  EXPECT_EQ(delta.delta().sequence(), 1u);
  EXPECT_EQ(delta.delta().series_size(), 1);
  const v1::AgentMessage done = Said();
  EXPECT_EQ(done.setup_done().failure().exit_code(), 107);
  EXPECT_EQ(done.setup_done().failure().message(), "no login");
}

TEST_F(RunSessionTest, DeltasCarryTheProcessAndEndWithAFinalOne) {
  MakeReady();
  session_.Start(1s, "");
  EXPECT_TRUE(session_.loading());
  session_.NoteProcess({.cpu_ratio = 1.5, .rss_bytes = 4096, .cores = 2, .stalled = Nanos(3)});
  Tell(0, Part(1s, false));
  Tell(1, Part(1s, false));
  const v1::AgentMessage first = Said();
  EXPECT_EQ(first.delta().health().cpu_ratio(), 1.5);
  EXPECT_EQ(first.delta().health().rss_bytes(), 4096u);
  EXPECT_FALSE(first.delta().final());
  Tell(0, Part(1200ms, true));
  EXPECT_TRUE(session_.loading());
  Tell(1, Part(1300ms, true));
  EXPECT_FALSE(session_.loading());
  EXPECT_TRUE(Said().delta().final());
}

TEST_F(RunSessionTest, ALoadThatWasCutShortHasNoFinalDelta) {
  MakeReady();
  session_.Start(1s, "");
  session_.CutShort();
  EXPECT_EQ(crew_.calls().back(), "stop at once");
  Tell(0, Part(500ms, true));
  Tell(1, Part(500ms, true));
  const v1::AgentMessage last = Said();
  EXPECT_TRUE(last.has_delta());
  EXPECT_FALSE(last.delta().final());
  EXPECT_FALSE(session_.busy());
}

TEST_F(RunSessionTest, LogLinesSayWhereTheyComeFrom) {
  MakeReady();
  Tell(1, LogRecord{k6::LogLevel::kWarning, "careful", "console", "shop", Nanos(42)});
  const v1::LogLine line = Said().log();
  EXPECT_EQ(line.level(), v1::LogLine::WARNING);
  EXPECT_EQ(line.text(), "careful");
  EXPECT_EQ(line.source(), "console");
  EXPECT_EQ(line.scenario(), "shop");
  EXPECT_EQ(line.run_id(), "r");
  EXPECT_EQ(line.unix_ns(), 42);
}

TEST_F(RunSessionTest, ReleasedWhenAllWorkersAre) {
  MakeReady();
  session_.Release();
  session_.Release();
  EXPECT_TRUE(session_.releasing());
  Tell(0, WorkerReleased{});
  EXPECT_FALSE(session_.released());
  session_.Stop(true);
  Tell(1, WorkerReleased{});
  EXPECT_TRUE(session_.released());
  EXPECT_THAT(crew_.calls(), ElementsAre("prepare r", "release"));
}

TEST_F(RunSessionTest, ReleasedWhileItCompiles) {
  RunSession::CompiledSink nowhere = [](auto) {};
  session_.Prepare(PrepareOrder("r"), nowhere);
  session_.Release();
  EXPECT_TRUE(session_.released());
  session_.OnCompiled(absl::InternalError("late"));
  EXPECT_FALSE(Said().has_prepared());
}

TEST_F(RunSessionTest, EventsOfOtherRunsAreIgnored) {
  MakeReady();
  session_.OnEvent({0, "older", Part(1s, true)});
  session_.OnEvent({1, "older", Part(1s, true)});
  EXPECT_EQ(Said().message_case(), v1::AgentMessage::MESSAGE_NOT_SET);
}

}  // namespace
}  // namespace kload::agent
