#include "controller/watch/run_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/base/status.h"
#include "controller/watch/watch_wire.h"

namespace kload::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RunWatchTest : public testing::Test {
 protected:
  void Make(std::map<std::string, std::string> metrics = {{"jobs", "rate(jobs_total[10s])"},
                                                          {"pool", "pool"}},
            std::vector<std::string> earlier = {}) {
    v1::TargetWatch message;
    message.set_url("http://me:secret@target:3001/metrics");
    for (const auto& [name, expression] : metrics) {
      v1::WatchedMetric& metric = *message.add_metrics();
      metric.set_name(name);
      metric.set_expression(expression);
    }
    absl::StatusOr<WatchSpec> spec = DecodeWatch(message);
    ASSERT_TRUE(spec.ok()) << spec.status();
    watch_ = std::make_shared<RunWatch>(
        *std::move(spec),
        [this](auto target, auto done) {
          waiting_.push_back({std::move(target), std::move(done)});
        },
        std::move(earlier));
  }
  void TickAt(Nanos now) { watch_->Tick(now, zero_); }
  // The reader's part of the look that waits.
  void Answer(Nanos at, const absl::StatusOr<std::string>& page) {
    ASSERT_THAT(waiting_, SizeIs(1));
    const auto [target, done] = std::exchange(waiting_, {}).front();
    done(target->Take(at, page));
  }
  void LookAt(Nanos now, const absl::StatusOr<std::string>& page) {
    TickAt(now);
    Answer(now, page);
  }
  // What the store has so far, as GetRun says it.
  v1::GetRunResponse Kept() {
    for (WatchDetail& detail : watch_->TakeDetails())
      rows_[detail.number] = std::move(detail.bytes);
    std::vector<std::string> rows;
    for (const auto& [number, bytes] : rows_) rows.push_back(bytes);
    v1::GetRunResponse response;
    EXPECT_TRUE(AddWatched(rows, response));
    return response;
  }
  std::vector<std::pair<double, double>> PointsOf(int series) {
    std::vector<std::pair<double, double>> points;
    const v1::GetRunResponse kept = Kept();
    for (const auto& point : kept.watched(series).points()) {
      points.emplace_back(double(point.at_ns()) / 1e9, point.value());
    }
    return points;
  }

  struct Look {
    std::shared_ptr<WatchedTarget> target;
    std::function<void(Reading)> done;
  };
  std::shared_ptr<RunWatch> watch_;
  std::optional<Nanos> zero_ = seconds(100);
  std::vector<Look> waiting_;
  std::map<int64_t, std::string> rows_;
};

TEST_F(RunWatchTest, LooksAtEachIntervalButNotTwoAtATime) {
  Make();
  TickAt(seconds(100));
  EXPECT_THAT(waiting_, SizeIs(1)) << "the first look is at once";
  TickAt(seconds(102));
  EXPECT_THAT(waiting_, SizeIs(1));
  Answer(seconds(103), std::string("pool 1\n"));
  TickAt(seconds(103));
  Answer(seconds(103), std::string("pool 1\n"));
  TickAt(seconds(103) + milliseconds(500));
  EXPECT_THAT(waiting_, IsEmpty());
  TickAt(seconds(104));
  EXPECT_THAT(waiting_, SizeIs(1));
}

TEST_F(RunWatchTest, PointsHaveRunTimesAndRatesAPastBeforeTheLoad) {
  Make();
  zero_ = std::nullopt;
  LookAt(seconds(98), std::string("jobs_total 0\npool 9\n"));
  zero_ = seconds(100);
  LookAt(seconds(99), std::string("jobs_total 10\npool 9\n"));
  LookAt(seconds(100), std::string("jobs_total 20\npool 1\n"));
  LookAt(seconds(101), std::string("jobs_total 50\npool 2\n"));
  EXPECT_THAT(PointsOf(0), ElementsAre(std::pair(0.0, 10.0), std::pair(1.0, 50.0 / 3)));
  EXPECT_THAT(PointsOf(1), ElementsAre(std::pair(0.0, 1.0), std::pair(1.0, 2.0)));
  EXPECT_EQ(Kept().watched(0).expression(), "rate(jobs_total[10s])");
  EXPECT_EQ(Kept().watched(0).problem(), "");
  EXPECT_THAT(watch_->TakeWarnings(), IsEmpty());
}

TEST_F(RunWatchTest, APageThatCannotBeReadIsSaidOnceAndCounted) {
  Make();
  LookAt(seconds(100), std::string("pool 1\n"));
  LookAt(seconds(101), absl::UnavailableError("answered 500"));
  LookAt(seconds(102), std::string("<html>"));
  LookAt(seconds(103), std::string("pool 4\n"));
  EXPECT_THAT(watch_->TakeWarnings(),
              ElementsAre("the target's metrics could not be read from "
                          "http://target:3001/metrics: answered 500; the run goes on"));
  EXPECT_THAT(Kept().watched(1).problem(),
              "2 of 4 pages could not be read: this is no Prometheus page: line 1: expected the "
              "name of a metric, found \"<html>\"");
  EXPECT_THAT(PointsOf(1), ElementsAre(std::pair(0.0, 1.0), std::pair(3.0, 4.0)));
}

TEST_F(RunWatchTest, AnExpressionThatFindsNothingIsSaidOnce) {
  Make();
  for (int i = 0; i < 15; ++i) {
    LookAt(seconds(100 + i), std::string("pool 1\n"));
    EXPECT_THAT(watch_->TakeWarnings(), SizeIs(i == 10 ? 1 : 0)) << i;
  }
  watch_->Finish(zero_);
  Answer(seconds(115), std::string("pool 1\n"));
  watch_->Conclude();
  EXPECT_THAT(watch_->TakeWarnings(), IsEmpty());
  EXPECT_EQ(Kept().watched(0).problem(), "no series of the page matches jobs_total");
  EXPECT_EQ(Kept().watched(1).problem(), "");
}

TEST_F(RunWatchTest, InAShortRunItIsSaidAtTheEnd) {
  Make();
  LookAt(seconds(100), std::string("pool 1\n"));
  watch_->Finish(zero_);
  Answer(seconds(101), std::string("pool 2\n"));
  EXPECT_THAT(watch_->TakeWarnings(), IsEmpty());
  watch_->Conclude();
  EXPECT_THAT(watch_->TakeWarnings(),
              ElementsAre(HasSubstr("watching jobs: no series of the page matches jobs_total")));
}

TEST_F(RunWatchTest, ASeriesThatIsGoneIsAProblem) {
  Make({{"pool", "pool"}});
  LookAt(seconds(100), std::string("pool 1\n"));
  LookAt(seconds(101), std::string("jobs 1\n"));
  EXPECT_EQ(Kept().watched(0).problem(), "1 of 2 pages had none of its series");
}

TEST_F(RunWatchTest, ADivisionByZeroIsNoPointAndAProblemOnlyWhenThereIsNone) {
  Make({{"ratio", "a / b"}});
  LookAt(seconds(100), std::string("a 1\nb 0\n"));
  EXPECT_EQ(Kept().watched(0).problem(), "it divides by zero");
  LookAt(seconds(101), std::string("a 1\nb 2\n"));
  LookAt(seconds(102), std::string("a 1\nb 0\n"));
  EXPECT_EQ(Kept().watched(0).problem(), "");
  EXPECT_THAT(PointsOf(0), ElementsAre(std::pair(1.0, 0.5)));
}

TEST_F(RunWatchTest, TheLastLookDoesNotWaitForItsTurn) {
  Make({{"pool", "pool"}});
  LookAt(seconds(100), std::string("pool 1\n"));
  TickAt(seconds(101));
  watch_->Finish(zero_);
  EXPECT_FALSE(watch_->finished());
  Answer(seconds(101), std::string("pool 2\n"));
  EXPECT_FALSE(watch_->finished()) << "what was asked for before the end is not the last";
  Answer(seconds(101) + milliseconds(10), std::string("pool 3\n"));
  EXPECT_TRUE(watch_->finished());
  TickAt(seconds(110));
  EXPECT_THAT(waiting_, IsEmpty());
  EXPECT_THAT(PointsOf(0),
              ElementsAre(std::pair(0.0, 1.0), std::pair(1.0, 2.0), std::pair(1.01, 3.0)));
}

TEST_F(RunWatchTest, ATargetThatDoesNotAnswerIsNotAskedAgainAtTheEnd) {
  Make();
  LookAt(seconds(100), absl::UnavailableError("timed out"));
  watch_->Finish(zero_);
  EXPECT_TRUE(watch_->finished());
  EXPECT_THAT(waiting_, IsEmpty());
}

TEST_F(RunWatchTest, ARunThatNeverBeganLooksAtNothing) {
  Make();
  watch_->Finish(std::nullopt);
  EXPECT_TRUE(watch_->finished());
  EXPECT_THAT(waiting_, IsEmpty());
  EXPECT_THAT(Kept().watched(), SizeIs(2)) << "what was asked for is known all the same";
}

TEST_F(RunWatchTest, ALongRunIsKeptThinner) {
  Make({{"pool", "pool"}});
  for (int i = 0; i <= 4 * 7200; ++i) LookAt(seconds(100 + i), std::string("pool 1\n"));
  const auto points = PointsOf(0);
  // All of the first two hours, every second one of the next two, and so on.
  EXPECT_GT(points.size(), 2u * 7200);
  EXPECT_LT(points.size(), 3u * 7200);
  EXPECT_EQ(points[7199].first, 7199);
}

TEST_F(RunWatchTest, WhatAnEarlierControllerFoundWrongStands) {
  Make({{"pool", "pool"}}, {"3 of 9 pages could not be read: answered 500"});
  LookAt(seconds(100), std::string("pool 1\n"));
  EXPECT_EQ(Kept().watched(0).problem(), "3 of 9 pages could not be read: answered 500");
  EXPECT_EQ(ProblemsOf({rows_.begin()->second}),
            (std::vector<std::string>{"3 of 9 pages could not be read: answered 500"}));
  LookAt(seconds(101), absl::UnavailableError("refused"));
  EXPECT_EQ(Kept().watched(0).problem(), "1 of 2 pages could not be read: refused");
}

}  // namespace
}  // namespace kload::watch
