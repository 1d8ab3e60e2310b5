#include "agent/link/delta_merger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <queue>
#include <random>

#include "tests/unit/agent/link/series.h"

namespace kload::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

WorkerDelta Part(Nanos end, double value, bool ended = false) {
  WorkerDelta part;
  part.interval_end = end;
  part.series.push_back(Counted("n", value));
  part.scenarios.push_back({"s", ended ? 0 : 2, static_cast<uint64_t>(value), 1});
  part.health.vus_active = ended ? 0 : 2;
  part.health.vus_initialized = 2;
  part.health.loop_lag_max = Nanos(static_cast<int64_t>(value));
  part.ended = ended;
  return part;
}

TEST(DeltaMergerTest, WaitsForAllWorkers) {
  DeltaMerger merger("r", 2);
  EXPECT_THAT(merger.Add(0, Part(1s, 10)), IsEmpty());
  const std::vector<Delta> deltas = merger.Add(1, Part(1s, 20));
  ASSERT_THAT(deltas, SizeIs(1));
  const Delta& delta = deltas[0];
  EXPECT_EQ(delta.run_id, "r");
  EXPECT_EQ(delta.interval_start, 0s);
  EXPECT_EQ(delta.interval_end, 1s);
  EXPECT_EQ(Totals(delta.series)["n"], 30);
  EXPECT_EQ(delta.health.vus_active, 4);
  EXPECT_EQ(delta.health.vus_initialized, 4);
  EXPECT_EQ(delta.health.loop_lag_max, Nanos(20));
  ASSERT_THAT(delta.scenarios, SizeIs(1));
  EXPECT_EQ(delta.scenarios[0].name, "s");
  EXPECT_EQ(delta.scenarios[0].vus_active, 4);
  EXPECT_EQ(delta.scenarios[0].iterations_complete, 30u);
  EXPECT_FALSE(delta.final);
}

TEST(DeltaMergerTest, TheLastWorkerMakesTheFinalDelta) {
  DeltaMerger merger("r", 2);
  merger.Add(0, Part(1s, 1));
  merger.Add(1, Part(1s, 1));
  EXPECT_THAT(merger.Add(0, Part(1500ms, 2, true)), IsEmpty());
  EXPECT_FALSE(merger.ended());
  const std::vector<Delta> last = merger.Add(1, Part(1700ms, 3, true));
  ASSERT_THAT(last, SizeIs(1));
  EXPECT_EQ(last[0].interval_start, 1s);
  EXPECT_EQ(last[0].interval_end, 1700ms);
  EXPECT_EQ(Totals(last[0].series)["n"], 5);
  EXPECT_TRUE(last[0].final);
  EXPECT_EQ(last[0].health.vus_active, 0);
  EXPECT_TRUE(merger.ended());
}

TEST(DeltaMergerTest, AWorkerThatHasEndedHoldsNobodyUp) {
  DeltaMerger merger("r", 2);
  EXPECT_THAT(merger.Add(0, Part(500ms, 1, true)), IsEmpty());
  EXPECT_THAT(merger.Add(1, Part(1s, 1)), SizeIs(1));
  EXPECT_THAT(merger.Add(1, Part(2s, 1)), SizeIs(1));
  EXPECT_THAT(merger.Add(1, Part(2500ms, 1, true)), SizeIs(1));
  EXPECT_TRUE(merger.ended());
}

// A further part comes when all have ended: one that does not get anything of it says so at its begin, when the other has not
// said anything yet.
TEST(DeltaMergerTest, AfterAFurtherPartEveryWorkerEndsAgain) {
  DeltaMerger merger("r", 2);
  merger.Add(0, Part(100ms, 1, true));
  EXPECT_THAT(merger.Add(1, Part(100ms, 1, true)), SizeIs(1));
  EXPECT_TRUE(merger.ended());
  merger.Reopen(1);
  WorkerDelta stale = Part(1s, 1, true);  // was on its way when the part came
  for (Delta& delta : merger.Add(0, stale)) EXPECT_FALSE(delta.final);
  WorkerDelta idle = Part(2700ms, 1, true);
  idle.parts_adopted = 1;
  for (Delta& delta : merger.Add(1, idle)) EXPECT_FALSE(delta.final);
  EXPECT_FALSE(merger.ended());
  WorkerDelta busy = Part(5s, 1);
  busy.parts_adopted = 1;
  for (Delta& delta : merger.Add(0, busy)) EXPECT_FALSE(delta.final);
  busy.ended = true;
  busy.interval_end = 6s;
  const std::vector<Delta> last = merger.Add(0, busy);
  ASSERT_THAT(last, SizeIs(1));
  EXPECT_TRUE(last[0].final);
}

TEST(DeltaMergerTest, AStuckWorkerIsWaitedForForSomeSecondsOnly) {
  DeltaMerger merger("r", 2);
  for (int second = 1; second <= 3; ++second) {
    EXPECT_THAT(merger.Add(0, Part(std::chrono::seconds(second), 1)), IsEmpty());
  }
  std::vector<Delta> deltas = merger.Add(0, Part(4s, 1));
  ASSERT_THAT(deltas, SizeIs(1));
  EXPECT_EQ(deltas[0].interval_end, 1s);
  // What it brings later goes into the next second that is open.
  deltas = merger.Add(1, Part(1s, 100));
  EXPECT_THAT(deltas, IsEmpty());
  deltas = merger.Add(1, Part(4s, 200));
  ASSERT_THAT(deltas, SizeIs(3));
  EXPECT_EQ(deltas[0].interval_end, 2s);
  EXPECT_EQ(Totals(deltas[0].series)["n"], 101);
  EXPECT_EQ(Totals(deltas[2].series)["n"], 201);
}

TEST(DeltaMergerTest, ProgressOfAWorkerThatBringsNothingStays) {
  DeltaMerger merger("r", 2);
  merger.Add(0, Part(1s, 5));
  merger.Add(1, Part(500ms, 7, true));
  const std::vector<Delta> deltas = merger.Add(0, Part(2s, 6));
  ASSERT_THAT(deltas, SizeIs(1));
  EXPECT_EQ(deltas[0].scenarios[0].iterations_complete, 6u + 7u);
}

TEST(DeltaMergerTest, PhasesComeWithoutALength) {
  DeltaMerger merger("r", 1);
  Delta phase = merger.OfPhase({Counted("n", 4)});
  EXPECT_EQ(phase.interval_end, 0s);
  EXPECT_EQ(Totals(phase.series)["n"], 4);
  EXPECT_FALSE(phase.final);
  merger.Add(0, Part(1s, 1));
  merger.Add(0, Part(1300ms, 1, true));
  phase = merger.OfPhase({Counted("n", 4)});
  EXPECT_EQ(phase.interval_start, 1300ms);
  EXPECT_EQ(phase.interval_end, 1300ms);
}

TEST(DeltaMergerTest, ARunThatEndsBeforeItsFirstSecond) {
  DeltaMerger merger("r", 1);
  const std::vector<Delta> deltas = merger.Add(0, Part(0s, 3, true));
  ASSERT_THAT(deltas, SizeIs(1));
  EXPECT_TRUE(deltas[0].final);
  EXPECT_EQ(deltas[0].interval_end, 0s);
  EXPECT_EQ(Totals(deltas[0].series)["n"], 3);
}

// ---- Workers that are late, stuck and end at any time

class DeltaMergerProperty : public testing::TestWithParam<uint32_t> {};

TEST_P(DeltaMergerProperty, NothingIsLostNorCountedTwice) {
  std::mt19937 random(GetParam());
  const uint32_t workers = 1 + random() % 5;
  std::vector<std::queue<WorkerDelta>> coming(workers);
  double added = 0;
  for (auto& parts : coming) {
    const int seconds = static_cast<int>(random() % 20);
    for (int second = 1; second <= seconds; ++second) {
      const double value = double(random() % 1000);
      added += value;
      parts.push(Part(std::chrono::seconds(second), value));
    }
    const double value = double(random() % 1000);
    added += value;
    parts.push(Part(std::chrono::seconds(seconds) + std::chrono::milliseconds(random() % 1000),
                    value, true));
  }
  DeltaMerger merger("r", workers);
  double sum = 0;
  Nanos end{0};
  int finals = 0;
  size_t left = workers;
  while (left > 0) {
    const uint32_t worker = random() % workers;
    if (coming[worker].empty()) continue;
    EXPECT_EQ(finals, 0);
    for (const Delta& delta : merger.Add(worker, std::move(coming[worker].front()))) {
      EXPECT_EQ(delta.interval_start, end) << "a gap, or twice";
      EXPECT_GE(delta.interval_end, delta.interval_start);
      end = delta.interval_end;
      sum += Totals(delta.series)["n"];
      finals += delta.final;
    }
    coming[worker].pop();
    if (coming[worker].empty()) --left;
  }
  EXPECT_EQ(finals, 1);
  EXPECT_TRUE(merger.ended());
  EXPECT_EQ(sum, added);
}

INSTANTIATE_TEST_SUITE_P(Seed, DeltaMergerProperty, testing::Range(0u, 100u));

}  // namespace
}  // namespace kload::agent
