#include "controller/run/seconds.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>

namespace kload::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SeriesDelta Requests(double count) {
  CounterSink sink;
  sink.Add(count);
  return {std::make_shared<const SeriesKey>(
              SeriesKey{{"http_reqs", MetricType::kCounter, ValueKind::kDefault}, {}}),
          sink};
}

SeriesDelta Duration(double ms) {
  TrendSink sink;
  sink.Add(ms, ValueKind::kTime);
  return {std::make_shared<const SeriesKey>(
              SeriesKey{{"http_req_duration", MetricType::kTrend, ValueKind::kTime}, {}}),
          sink};
}

Delta DeltaAt(Nanos end, double requests) {
  Delta delta;
  delta.interval_end = end;
  delta.series = {Requests(requests)};
  return delta;
}

TEST(SecondsTest, ASecondIsClosedWhenAllHaveReportedIt) {
  Seconds figures;
  figures.Add(DeltaAt(seconds(1), 10));
  figures.Add(DeltaAt(seconds(2), 5));
  EXPECT_TRUE(figures.TakeClosed().empty());
  figures.Add(DeltaAt(seconds(1), 7));
  figures.SetVus(seconds(1), 4);
  const std::vector<SecondFigures> closed = figures.TakeClosed();
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].at, seconds(1));
  EXPECT_EQ(closed[0].requests, 17U);
  EXPECT_EQ(closed[0].vus, 4);
  EXPECT_EQ(figures.TakeAll().at(0).requests, 5U);
}

TEST(SecondsTest, QuantilesAreTheSecondsOwn) {
  Seconds figures;
  for (int second = 1; second <= 2; ++second) {
    Delta delta;
    delta.interval_end = seconds(second) - milliseconds(300);
    for (int i = 1; i <= 100; ++i) delta.series.push_back(Duration(i * second));
    figures.Add(delta);
  }
  const std::vector<SecondFigures> all = figures.TakeAll();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_NEAR(all[0].p95, 95, 0.5);
  EXPECT_NEAR(all[1].p95, 190, 1);
  EXPECT_NEAR(all[1].p50, 101, 1);
}

// Whatever comes late, and however often figures are taken: nothing is lost and nothing counts twice.
TEST(SecondsTest, TheSumOfAllSecondsIsTheTotal) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    Seconds figures;
    uint64_t added = 0;
    uint64_t taken = 0;
    Nanos last{-1};
    const auto take = [&](const std::vector<SecondFigures>& closed) {
      for (const SecondFigures& each : closed) {
        EXPECT_GT(each.at, last);
        last = each.at;
        taken += each.requests;
      }
    };
    for (int step = 0; step < 200; ++step) {
      const uint64_t count = random() % 10;
      added += count;
      figures.Add(DeltaAt(milliseconds(random() % (1 + step * 500)), double(count)));
      if (random() % 5 == 0) figures.SetVus(seconds(step / 3), 1);
      if (random() % 3 == 0) take(figures.TakeClosed());
    }
    take(figures.TakeAll());
    EXPECT_EQ(taken, added);
  }
}

}  // namespace
}  // namespace kload::controller
