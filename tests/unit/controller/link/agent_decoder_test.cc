// What an agent may say and what ends its stream.
#include "controller/link/agent_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "common/base/status.h"

namespace kload::controller {
namespace {

using testing::HasSubstr;

v1::AgentMessage WithHello() {
  v1::AgentMessage message;
  message.mutable_hello()->set_name("a1");
  message.mutable_hello()->set_incarnation("x");
  message.mutable_hello()->set_protocol(1);
  message.mutable_hello()->set_threads(4);
  return message;
}

TEST(AgentDecoder, HelloComesFirstAndOnce) {
  const auto who = AgentDecoder::DecodeHello(WithHello(), "10.0.0.7:41200");
  ASSERT_TRUE(who.ok()) << who.status();
  EXPECT_EQ(who->name, "a1");
  EXPECT_EQ(who->threads, 4U);
  EXPECT_EQ(who->address, "10.0.0.7:41200");
  v1::AgentMessage heartbeat;
  heartbeat.mutable_heartbeat();
  EXPECT_THAT(Message(AgentDecoder::DecodeHello(heartbeat, "").status()), HasSubstr("Hello"));
  AgentDecoder decoder;
  EXPECT_THAT(Message(decoder.Decode(WithHello(), Nanos(0)).status()), HasSubstr("only once"));
}

TEST(AgentDecoder, PongCarriesWhenItArrived) {
  v1::AgentMessage message;
  message.mutable_pong()->set_controller_ns(5);
  message.mutable_pong()->set_agent_ns(1000);
  AgentDecoder decoder;
  const auto event = decoder.Decode(message, Nanos(9));
  ASSERT_TRUE(event.ok());
  const auto& pong = std::get<PongArrived>(*event);
  EXPECT_EQ(pong.sent, Nanos(5));
  EXPECT_EQ(pong.agent, Nanos(1000));
  EXPECT_EQ(pong.received, Nanos(9));
}

TEST(AgentDecoder, NumbersThatAreNoneAreRefused) {
  v1::AgentMessage message;
  message.mutable_heartbeat()->set_cpu_ratio(std::numeric_limits<double>::quiet_NaN());
  AgentDecoder decoder;
  EXPECT_THAT(Message(decoder.Decode(message, Nanos(0)).status()),
              HasSubstr("heartbeat.cpu_ratio"));
}

TEST(AgentDecoder, AFailureWithoutACodeIsNoSuccess) {
  v1::AgentMessage message;
  message.mutable_setup_done()->mutable_failure()->set_message("boom");
  AgentDecoder decoder;
  const auto event = decoder.Decode(message, Nanos(0));
  ASSERT_TRUE(event.ok());
  const auto& done = std::get<PhaseDoneArrived>(*event);
  EXPECT_FALSE(done.teardown);
  ASSERT_TRUE(done.failure.has_value());
  EXPECT_EQ(done.failure->exit_code, 255);
}

TEST(AgentDecoder, ADeltaWithAnUnknownSeriesEndsTheStream) {
  v1::AgentMessage message;
  message.mutable_delta()->set_run_id("r");
  message.mutable_delta()->set_sequence(1);
  message.mutable_delta()->add_series()->set_id(7);
  AgentDecoder decoder;
  EXPECT_TRUE(absl::IsInvalidArgument(decoder.Decode(message, Nanos(0)).status()));
}

TEST(AgentDecoder, LongLogLinesAreCutBetweenCharacters) {
  v1::AgentMessage message;
  std::string text = "x";  // so that the bound falls into the middle of a character
  while (text.size() <= kLogTextMax) text += "é";
  message.mutable_log()->set_text(text);
  AgentDecoder decoder;
  const auto event = decoder.Decode(message, Nanos(0));
  ASSERT_TRUE(event.ok());
  const std::string& cut = std::get<LogArrived>(*event).line.text();
  EXPECT_LE(cut.size(), kLogTextMax + 6);
  EXPECT_THAT(cut, testing::EndsWith("é [...]"));
}

TEST(AgentDecoder, AnEmptyMessageEndsTheStream) {
  AgentDecoder decoder;
  EXPECT_FALSE(decoder.Decode(v1::AgentMessage(), Nanos(0)).ok());
}

}  // namespace
}  // namespace kload::controller
