#include "controller/journal/input_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kload::controller {
namespace {

const AgentId kAgent{"a1", "i1"};

template <typename Input>
Input Again(const Input& input) {
  const absl::StatusOr<TimedInput> decoded = DecodeInput(EncodeInput(input, Nanos(7)));
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  if (!decoded.ok()) return {};
  EXPECT_EQ(decoded->at, Nanos(7));
  EXPECT_TRUE(std::holds_alternative<Input>(decoded->input));
  return std::get<Input>(decoded->input);
}

TEST(InputCodecTest, WhatAgentsSayComesBack) {
  EXPECT_EQ(Again(AgentPrepared{kAgent, "no"}).agent, kAgent);
  EXPECT_EQ(Again(AgentPrepared{kAgent, "no"}).error, "no");
  EXPECT_EQ(Again(SetupEnded{kAgent, "{}", RunFailure{107, "bad"}}).failure->message, "bad");
  EXPECT_EQ(Again(SetupEnded{kAgent, "{}", RunFailure{107, "bad"}}).failure->exit_code, 107);
  EXPECT_EQ(Again(SetupEnded{kAgent, "{}", {}}).data_json, "{}");
  EXPECT_FALSE(Again(SetupEnded{kAgent, "{}", {}}).failure);
  EXPECT_EQ(Again(TeardownEnded{kAgent, RunFailure{101, "slow"}}).failure->exit_code, 101);
  EXPECT_EQ(Again(AgentLost{kAgent, "gone"}).why, "gone");
  EXPECT_EQ(Again(AgentReturned{kAgent}).agent, kAgent);
  EXPECT_EQ(Again(AgentLeaving{kAgent}).agent, kAgent);
  EXPECT_TRUE(Again(TestCalled{kAgent, true, "stop"}).abort);
  EXPECT_FALSE(Again(TestCalled{kAgent, false, "stop"}).abort);
}

TEST(InputCodecTest, WhatOperatorsAndTimeSayComesBack) {
  const AgentsSeen seen = Again(AgentsSeen{{kAgent, {"b", "j"}}, 5});
  EXPECT_EQ(seen.connected, 5U);
  EXPECT_EQ(seen.idle.at(1).incarnation, "j");
  const AgentsRequested asked = Again(AgentsRequested{3, {kAgent}});
  EXPECT_EQ(asked.agents, 3U);
  EXPECT_EQ(asked.idle.at(0), kAgent);
  EXPECT_EQ(Again(ScaleRequested{"s", 0, {}}).vus, 0);
  EXPECT_FALSE(Again(ScaleRequested{"s", 0, {}}).rate);
  EXPECT_EQ(Again(ScaleRequested{"s", {}, 9}).rate, 9);
  EXPECT_TRUE(Again(StopRequested{true, "x"}).graceful);
  EXPECT_EQ(Again(StopRequested{false, "x"}).why, "x");
  EXPECT_EQ(Again(ControllerReturned{Nanos(8)}).away, Nanos(8));
  EXPECT_EQ(Again(RecordBroken{"full"}).why, "full");
  Again(Tick{});
}

TEST(InputCodecTest, DeltasComeBackWhole) {
  Delta delta;
  delta.run_id = "r";
  delta.sequence = 4;
  delta.interval_start = std::chrono::seconds(3);
  delta.interval_end = std::chrono::seconds(4);
  delta.final = true;
  delta.health.vus_active = 2;
  delta.scenarios = {{"s", 1, 7, 1}};
  TrendSink trend;
  trend.Add(1.5, ValueKind::kTime);
  trend.Add(400, ValueKind::kTime);
  delta.series.push_back({std::make_shared<const SeriesKey>(
                              SeriesKey{{"t", MetricType::kTrend, ValueKind::kTime}, {{"a", "b"}}}),
                          trend});
  // Each on its own: nothing of what one defined is needed by the next.
  for (int i = 0; i < 2; ++i) {
    const DeltaArrived again = Again(DeltaArrived{kAgent, delta});
    EXPECT_EQ(again.delta.sequence, 4U);
    EXPECT_TRUE(again.delta.final);
    ASSERT_EQ(again.delta.series.size(), 1U);
    EXPECT_EQ(*again.delta.series[0].key, *delta.series[0].key);
    EXPECT_EQ(std::get<TrendSink>(again.delta.series[0].increment).count(), 2U);
    EXPECT_EQ(again.delta.scenarios.at(0).iterations_complete, 7U);
  }
}

TEST(InputCodecTest, WhatNobodyWroteIsAnError) {
  EXPECT_FALSE(DecodeInput("").ok());
  EXPECT_FALSE(DecodeInput("\xff\xff\xff").ok());
}

}  // namespace
}  // namespace kload::controller
