#include "agent/link/outgoing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/agent/link/series.h"

namespace kload::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Delta Measured(double value, bool final = false) {
  Delta delta;
  delta.run_id = "r";
  delta.series.push_back(Counted("n", value));
  delta.final = final;
  return delta;
}

v1::LogLine Line(const std::string& text) {
  v1::LogLine line;
  line.set_text(text);
  return line;
}

class OutgoingTest : public testing::Test {
 protected:
  // Kinds of all that there is to say now.
  std::vector<std::string> SayAll() {
    std::vector<std::string> said;
    while (auto message = outgoing_.Next(Nanos(0))) {
      switch (message->message_case()) {
        case v1::AgentMessage::kHello:
          said.push_back("hello");
          break;
        case v1::AgentMessage::kHeartbeat:
          said.push_back("heartbeat");
          break;
        case v1::AgentMessage::kPrepared:
          said.push_back("prepared");
          break;
        case v1::AgentMessage::kSetupDone:
          said.push_back("setup done");
          break;
        case v1::AgentMessage::kTeardownDone:
          said.push_back("teardown done");
          break;
        case v1::AgentMessage::kTestCall:
          said.push_back("call " + message->test_call().message());
          break;
        case v1::AgentMessage::kDelta:
          said.push_back("delta " + std::to_string(message->delta().sequence()));
          break;
        case v1::AgentMessage::kLog:
          said.push_back(message->log().text());
          break;
        case v1::AgentMessage::kPong:
          said.push_back("pong " + std::to_string(message->pong().controller_ns()));
          break;
        case v1::AgentMessage::kSamples:
          said.push_back("samples " + std::to_string(message->samples().value_size()));
          break;
        case v1::AgentMessage::kLeaving:
          said.push_back("leaving");
          break;
        case v1::AgentMessage::MESSAGE_NOT_SET:
          break;
      }
    }
    return said;
  }
  v1::SampleBatch Samples(int count) {
    v1::SampleBatch batch;
    for (int i = 0; i < count; ++i) batch.add_value(i);
    return batch;
  }
  v1::Pong PongTo(int64_t at) {
    v1::Pong pong;
    pong.set_controller_ns(at);
    return pong;
  }
  void BeginWelcomed() {
    outgoing_.BeginStream({});
    EXPECT_THAT(SayAll(), ElementsAre("hello"));
    outgoing_.Welcome();
  }

  Outgoing outgoing_;
};

TEST_F(OutgoingTest, SaysOnlyHelloBeforeItIsWelcome) {
  outgoing_.BeginRun("r");
  outgoing_.Add(Measured(1));
  outgoing_.BeginStream({});
  outgoing_.Set(v1::Heartbeat());
  EXPECT_THAT(SayAll(), ElementsAre("hello"));
  EXPECT_THAT(SayAll(), IsEmpty());
  outgoing_.Welcome();
  EXPECT_THAT(SayAll(), ElementsAre("heartbeat", "delta 1"));
}

TEST_F(OutgoingTest, WhatKeepsTheAgentAliveGoesFirst) {
  outgoing_.BeginRun("r");
  BeginWelcomed();
  outgoing_.Add(Line("log"));
  outgoing_.Add(Measured(1));
  outgoing_.Set(v1::Prepared());
  outgoing_.Set(v1::Heartbeat());
  outgoing_.Set(PongTo(7));
  EXPECT_THAT(SayAll(), ElementsAre("pong 7", "heartbeat", "prepared", "delta 1", "log"));
}

TEST_F(OutgoingTest, ANewAnswerReplacesTheOldOne) {
  BeginWelcomed();
  for (int i = 0; i < 1000; ++i) outgoing_.Set(PongTo(i));
  EXPECT_THAT(SayAll(), ElementsAre("pong 999"));
}

TEST_F(OutgoingTest, TheEndComesAfterWhatLedToIt) {
  outgoing_.BeginRun("r");
  BeginWelcomed();
  outgoing_.SetTeardownDone({});
  outgoing_.Add(Line("last words"));
  outgoing_.Add(Measured(1));
  outgoing_.Add(Measured(2, true));
  EXPECT_THAT(SayAll(), ElementsAre("delta 1", "last words", "delta 2", "teardown done"));
  EXPECT_FALSE(outgoing_.flushed());
  outgoing_.Acknowledge("r", 2, Nanos(0));
  EXPECT_TRUE(outgoing_.flushed());
}

TEST_F(OutgoingTest, ANewStreamBeginsWithWhatIsNotAcknowledged) {
  outgoing_.BeginRun("r");
  BeginWelcomed();
  for (int i = 0; i < 3; ++i) outgoing_.Add(Measured(i + 1));
  EXPECT_THAT(SayAll(), SizeIs(3));
  outgoing_.Acknowledge("r", 1, Nanos(0));
  outgoing_.SetSetupDone({});
  outgoing_.Set(PongTo(1));
  BeginWelcomed();
  EXPECT_THAT(SayAll(), ElementsAre("delta 2", "delta 3", "setup done"))
      << "an answer to a ping of another stream would spoil the clock's offset";
}

TEST_F(OutgoingTest, SamplesWaitForDeltasButTheEndWaitsForThem) {
  outgoing_.BeginRun("r");
  BeginWelcomed();
  outgoing_.Add(Samples(3));
  outgoing_.Add(Measured(1));
  outgoing_.Add(Measured(2, true));
  outgoing_.SetTeardownDone({});
  EXPECT_THAT(SayAll(), ElementsAre("delta 1", "samples 3", "delta 2", "teardown done"));
}

TEST_F(OutgoingTest, TheEndDoesNotWaitForSamplesForEver) {
  outgoing_.BeginRun("r");
  BeginWelcomed();
  for (int i = 0; i < 3; ++i) outgoing_.Add(Samples(10));
  outgoing_.Add(Measured(1, true));
  EXPECT_TRUE(outgoing_.Next(Nanos(1))->has_samples());
  const auto late = outgoing_.Next(Nanos(2) + Outgoing::kSamplesWaitMax);
  EXPECT_EQ(late->samples().value_size(), 0);
  EXPECT_EQ(late->samples().dropped(), 20u);
  EXPECT_TRUE(outgoing_.Next(Nanos(3) + Outgoing::kSamplesWaitMax)->delta().final());
}

TEST_F(OutgoingTest, AnAcknowledgedDeltaCoversTheSamplesBeforeIt) {
  outgoing_.BeginRun("r");
  BeginWelcomed();
  outgoing_.Add(Samples(1));
  SayAll();
  outgoing_.Add(Measured(1));
  SayAll();
  outgoing_.Add(Samples(2));
  SayAll();
  EXPECT_FALSE(outgoing_.flushed());
  outgoing_.Acknowledge("r", 1, Nanos(0));
  EXPECT_TRUE(outgoing_.flushed());
  BeginWelcomed();
  EXPECT_THAT(SayAll(), ElementsAre("samples 2"));
}

TEST_F(OutgoingTest, LogLinesBeyondTheBoundAreCounted) {
  for (size_t i = 0; i < Outgoing::kLogLinesMax + 3; ++i) outgoing_.Add(Line("x"));
  BeginWelcomed();
  const std::vector<std::string> said = SayAll();
  ASSERT_THAT(said, SizeIs(Outgoing::kLogLinesMax + 1));
  EXPECT_THAT(said.back(), testing::StartsWith("3 log lines were dropped"));
}

TEST_F(OutgoingTest, AnotherRunForgetsTheOneBefore) {
  outgoing_.BeginRun("r");
  outgoing_.Add(Measured(1));
  outgoing_.SetSetupDone({});
  outgoing_.BeginRun("s");
  BeginWelcomed();
  EXPECT_THAT(SayAll(), IsEmpty());
}

TEST_F(OutgoingTest, TestCallsOnceForEachKindAndAgainOnEveryStream) {
  const auto call = [](v1::TestCall::Kind kind, const char* message) {
    v1::TestCall made;
    made.set_kind(kind);
    made.set_message(message);
    return made;
  };
  outgoing_.BeginStream({});
  outgoing_.Welcome();
  outgoing_.BeginRun("r");
  outgoing_.Set(call(v1::TestCall::FAIL, "one"));
  outgoing_.Set(call(v1::TestCall::FAIL, "two"));
  outgoing_.Set(call(v1::TestCall::ABORT, "stop"));
  EXPECT_THAT(SayAll(), testing::ElementsAre("hello", "call one", "call stop"));
  outgoing_.BeginStream({});
  outgoing_.Welcome();
  EXPECT_THAT(SayAll(), testing::ElementsAre("hello", "call one", "call stop"));
  outgoing_.BeginRun("s");
  EXPECT_THAT(SayAll(), testing::IsEmpty());
}

}  // namespace
}  // namespace kload::agent
