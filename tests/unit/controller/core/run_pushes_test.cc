#include "controller/core/run_pushes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"
#include "tests/unit/controller/export/series.h"

namespace kload::controller {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RunPushesTest : public testing::Test {
 protected:
  void Make(bool stale_markers = false, int targets = 1) {
    RemoteWriteSettings settings;
    settings.url = "http://me:secret@prom:9090/api/v1/write";
    settings.interval = seconds(5);
    settings.stale_markers = stale_markers;
    pushes_ = std::make_shared<RunPushes>(
        std::vector<RemoteWriteSettings>(static_cast<size_t>(targets), settings));
    push_ = [this](auto, std::vector<std::string> bodies, std::function<void(absl::Status)> done) {
      bodies_.push_back(bodies.size());
      waiting_.push_back(std::move(done));
    };
  }
  void TickAt(Nanos now) { pushes_->Tick(FiguresWith(series_), now, seconds(1000) + now, push_); }
  void Answer(const absl::Status& status) {
    waiting_.front()(status);
    waiting_.erase(waiting_.begin());
  }

  const ClusterSeries series_ = Merged({Counter("http_reqs", {}, 1)});
  std::shared_ptr<RunPushes> pushes_;
  Push push_;
  std::vector<size_t> bodies_;  // of each push
  std::vector<std::function<void(absl::Status)>> waiting_;
};

TEST_F(RunPushesTest, PushesAtEachIntervalButNotTwoAtATime) {
  Make();
  TickAt(seconds(1));
  EXPECT_THAT(bodies_, IsEmpty());
  TickAt(seconds(6));
  TickAt(seconds(7));
  TickAt(seconds(11));
  EXPECT_THAT(bodies_, SizeIs(1)) << "the first one is not answered";
  Answer(absl::OkStatus());
  TickAt(seconds(11));
  EXPECT_THAT(bodies_, SizeIs(2));
  Answer(absl::OkStatus());
  EXPECT_THAT(pushes_->Conclusions(), IsEmpty());
}

TEST_F(RunPushesTest, TheLastPushDoesNotWaitForItsTurn) {
  Make(true, 2);
  TickAt(seconds(1));
  TickAt(seconds(6));
  pushes_->Finish(FiguresWith(series_), seconds(1006), push_);
  EXPECT_THAT(bodies_, ElementsAre(1, 1, 2, 2)) << "values, then markers of their end";
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(pushes_->finished());
    Answer(absl::OkStatus());
  }
  EXPECT_TRUE(pushes_->finished());
}

TEST_F(RunPushesTest, FailuresAreWarningsThatNameThePlace) {
  Make();
  TickAt(seconds(1));
  for (int i = 1; i <= 3; ++i) {
    TickAt(seconds(1 + 5 * i));
    Answer(i == 2 ? absl::OkStatus() : absl::UnavailableError("answered 500"));
  }
  EXPECT_THAT(pushes_->TakeWarnings(),
              ElementsAre("could not push to Prometheus at http://prom:9090/api/v1/write: answered "
                          "500; the run goes on"));
  EXPECT_THAT(pushes_->TakeWarnings(), IsEmpty());
  pushes_->Finish(FiguresWith(series_), seconds(1020), push_);
  EXPECT_THAT(pushes_->Conclusions(), ElementsAre(HasSubstr("did not answer to the last push")));
  Answer(absl::UnavailableError("refused"));
  EXPECT_THAT(
      pushes_->Conclusions(),
      ElementsAre("3 of 4 pushes to Prometheus at http://prom:9090/api/v1/write failed, the "
                  "last one, with the final values, too: refused"));
}

TEST_F(RunPushesTest, ARunThatMeasuredNothingPushesNothing) {
  Make();
  const ClusterSeries nothing;
  pushes_->Finish(FiguresWith(nothing), seconds(1), push_);
  EXPECT_TRUE(pushes_->finished());
  EXPECT_THAT(bodies_, IsEmpty());
}

TEST(DecodePrometheus, ReadsWhatKctlSends) {
  v1::PrometheusWrite message;
  message.set_url("http://prom/write");
  message.set_push_interval_ns(2'000'000'000);
  message.add_trend_stats("p(95)");
  (*message.mutable_headers())["X-A"] = "b";
  const auto settings = DecodePrometheus(message);
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->interval, seconds(2));
  EXPECT_EQ(settings->trend_stats.at(0).suffix, "p95");
  EXPECT_EQ(settings->headers.at("X-A"), "b");
}

TEST(DecodePrometheus, RefusesByTheVariablesName) {
  const auto refusal = [](auto spoil) {
    v1::PrometheusWrite message;
    message.set_url("http://prom/write");
    spoil(message);
    const absl::Status status = DecodePrometheus(message).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    return Message(status);
  };
  EXPECT_THAT(refusal([](auto& message) { message.set_url("file:///etc/passwd"); }),
              HasSubstr("SERVER_URL"));
  EXPECT_THAT(refusal([](auto& message) { message.add_trend_stats("p95"); }),
              HasSubstr("K6_PROMETHEUS_RW_TREND_STATS: \"p95\""));
  EXPECT_THAT(refusal([](auto& message) { (*message.mutable_headers())["X"] = "a\r\nY: b"; }),
              HasSubstr("HTTP_HEADERS"));
}

}  // namespace
}  // namespace kload::controller
