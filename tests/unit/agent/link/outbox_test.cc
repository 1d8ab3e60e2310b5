#include "agent/link/outbox.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/unit/agent/link/series.h"

namespace kload::agent {
namespace {

using namespace std::chrono_literals;

Delta Second(int64_t second, double value = 1, bool final = false) {
  Delta delta;
  delta.run_id = "r";
  delta.interval_start = std::chrono::seconds(second - 1);
  delta.interval_end = std::chrono::seconds(second);
  delta.series.push_back(Counted("n", value));
  delta.final = final;
  return delta;
}

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() { outbox_.Begin("r"); }
  // Sequence of the next delta; 0 when there is none.
  uint64_t Next(Nanos now = 0s) {
    const Delta* delta = outbox_.Next(now);
    return delta == nullptr ? 0 : delta->sequence;
  }
  Outbox outbox_;
};

TEST_F(OutboxTest, NumbersFromOneAsTheyAreSent) {
  EXPECT_TRUE(outbox_.empty());
  EXPECT_EQ(Next(), 0u);
  outbox_.Add(Second(1));
  outbox_.Add(Second(2));
  EXPECT_FALSE(outbox_.all_sent());
  EXPECT_EQ(Next(), 1u);
  EXPECT_EQ(Next(), 2u);
  EXPECT_EQ(Next(), 0u);
  EXPECT_TRUE(outbox_.all_sent());
  EXPECT_FALSE(outbox_.empty());
}

TEST_F(OutboxTest, KeepsWhatIsNotAcknowledged) {
  for (int second = 1; second <= 3; ++second) outbox_.Add(Second(second));
  while (Next() != 0) {
  }
  outbox_.Acknowledge("r", 2, 5s);
  EXPECT_FALSE(outbox_.empty());
  outbox_.Rewind();
  EXPECT_EQ(Next(), 3u);
  outbox_.Acknowledge("r", 3, 6s);
  EXPECT_TRUE(outbox_.empty());
}

TEST_F(OutboxTest, SendsTheSameAgainAfterRewind) {
  outbox_.Add(Second(1, 11));
  outbox_.Add(Second(2, 22));
  Next();
  Next();
  outbox_.Add(Second(3, 33));
  outbox_.Rewind();
  for (const double value : {11.0, 22.0, 33.0}) {
    const Delta* delta = outbox_.Next(0s);
    ASSERT_NE(delta, nullptr);
    EXPECT_EQ(delta->sequence, static_cast<uint64_t>(value / 11));
    EXPECT_EQ(Totals(delta->series)["n"], value);
  }
}

TEST_F(OutboxTest, IgnoresAcknowledgementsOfOtherRuns) {
  outbox_.Add(Second(1));
  Next();
  outbox_.Acknowledge("another", 1, 0s);
  EXPECT_FALSE(outbox_.empty());
}

TEST_F(OutboxTest, AnotherRunBeginsWithOne) {
  outbox_.Add(Second(1));
  Next();
  outbox_.Begin("s");
  EXPECT_TRUE(outbox_.empty());
  outbox_.Add(Second(1));
  EXPECT_EQ(Next(), 1u);
}

TEST_F(OutboxTest, HoldsBackWhenTooManyAreInFlight) {
  size_t sent = 0;
  for (size_t i = 0; i < Outbox::kInFlightMax + 5; ++i) {
    outbox_.Add(Second(int64_t(i) + 1));
    sent += Next() != 0;
  }
  EXPECT_EQ(sent, Outbox::kInFlightMax);
  EXPECT_FALSE(outbox_.all_sent());
  outbox_.Acknowledge("r", 2, 0s);
  EXPECT_EQ(Next(), Outbox::kInFlightMax + 1);
  EXPECT_EQ(Next(), Outbox::kInFlightMax + 2);
  EXPECT_EQ(Next(), 0u);
}

// Ten minutes without a controller: bounded memory, every sample kept, intervals without a gap.
TEST_F(OutboxTest, MergesTheOldestThatWaitBeyondTheBound) {
  constexpr int kSeconds = 600;
  for (int second = 1; second <= kSeconds; ++second) {
    outbox_.Add(Second(second, second, second == kSeconds));
  }
  double sum = 0;
  size_t count = 0;
  Nanos end{0};
  bool final = false;
  for (const Delta* delta = outbox_.Next(0s); delta != nullptr; delta = outbox_.Next(0s)) {
    ++count;
    EXPECT_FALSE(final);
    EXPECT_EQ(delta->interval_start, end);
    end = delta->interval_end;
    sum += Totals(delta->series)["n"];
    final = delta->final;
    outbox_.Acknowledge("r", delta->sequence, 0s);
  }
  EXPECT_EQ(count, Outbox::kWaitingMax);
  EXPECT_EQ(sum, kSeconds * (kSeconds + 1) / 2);
  EXPECT_EQ(end, Nanos(std::chrono::seconds(kSeconds)));
  EXPECT_TRUE(final);
}

// The load has ended, goes on with an adopted part, and has not ended yet.
TEST_F(OutboxTest, AFinalDeltaThatIsMergedWithFurtherLoadIsNotFinal) {
  constexpr int kSeconds = int(Outbox::kWaitingMax) + 5;
  for (int second = 1; second <= kSeconds; ++second) outbox_.Add(Second(second, 1, second == 3));
  for (const Delta* delta = outbox_.Next(0s); delta != nullptr; delta = outbox_.Next(0s)) {
    EXPECT_FALSE(delta->final);
    outbox_.Acknowledge("r", delta->sequence, 0s);
  }
}

TEST_F(OutboxTest, AFinalDeltaThatIsMergedWithTeardownsIsFinal) {
  outbox_.Add(Second(1, 1, true));
  Delta teardown = Second(1);
  teardown.interval_start = teardown.interval_end;
  for (size_t i = 0; i < Outbox::kWaitingMax; ++i) outbox_.Add(teardown);
  const Delta* delta = outbox_.Next(0s);
  ASSERT_NE(delta, nullptr);
  EXPECT_TRUE(delta->final);
}

TEST_F(OutboxTest, KnowsWhetherTheFinalDeltaIsNext) {
  EXPECT_FALSE(outbox_.next_is_final());
  outbox_.Add(Second(1));
  outbox_.Add(Second(2, 1, true));
  EXPECT_FALSE(outbox_.next_is_final());
  Next();
  EXPECT_TRUE(outbox_.next_is_final());
  Next();
  EXPECT_FALSE(outbox_.next_is_final());
  outbox_.Acknowledge("r", 1, 0s);
  outbox_.Rewind();
  EXPECT_TRUE(outbox_.next_is_final());
}

TEST_F(OutboxTest, TellsSinceWhenAnAcknowledgementIsOwed) {
  EXPECT_EQ(outbox_.owed_since(), std::nullopt);
  outbox_.Add(Second(1));
  EXPECT_EQ(outbox_.owed_since(), std::nullopt);
  Next(10s);
  outbox_.Add(Second(2));
  Next(11s);
  EXPECT_EQ(outbox_.owed_since(), Nanos(10s));
  outbox_.Acknowledge("r", 1, 12s);
  EXPECT_EQ(outbox_.owed_since(), Nanos(12s));
  outbox_.Acknowledge("r", 2, 13s);
  EXPECT_EQ(outbox_.owed_since(), std::nullopt);
}

// ---- A stream that breaks at any moment, acknowledgements that get lost

class OutboxProperty : public testing::TestWithParam<uint32_t> {};

TEST_P(OutboxProperty, WhatIsMergedOncePerSequenceIsWhatWasAdded) {
  std::mt19937 random(GetParam());
  Outbox outbox;
  outbox.Begin("r");
  std::map<uint64_t, double> merged;  // the controller's: first arrival of a sequence counts
  double added = 0;
  uint64_t contiguous = 0;
  const auto deliver = [&](const Delta& delta) {
    const double value = Totals(delta.series).at("n");
    const auto [known, is_new] = merged.emplace(delta.sequence, value);
    EXPECT_EQ(known->second, value) << "a sequence changed its content";
    while (merged.contains(contiguous + 1)) ++contiguous;
  };
  for (int64_t step = 1; step <= 3000; ++step) {
    const uint32_t what = random() % 100;
    if (what < 40) {
      added += double(step);
      outbox.Add(Second(step, double(step)));
    } else if (what < 80) {
      const Delta* delta = outbox.Next(std::chrono::seconds(step));
      if (delta != nullptr && random() % 10 != 0) deliver(*delta);
    } else if (what < 90) {
      outbox.Acknowledge("r", contiguous, std::chrono::seconds(step));
    } else if (what < 95) {
      outbox.Rewind();
    }
  }
  // In the end the stream holds.
  outbox.Rewind();
  for (int round = 0; round < 10 && !outbox.empty(); ++round) {
    while (const Delta* delta = outbox.Next(0s)) deliver(*delta);
    outbox.Acknowledge("r", contiguous, 0s);
  }
  EXPECT_TRUE(outbox.empty());
  double sum = 0;
  for (const auto& [sequence, value] : merged) sum += value;
  EXPECT_EQ(sum, added);
}

INSTANTIATE_TEST_SUITE_P(Seed, OutboxProperty, testing::Range(0u, 30u));

}  // namespace
}  // namespace kload::agent
