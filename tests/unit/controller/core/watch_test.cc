// Runs whose target is watched: until when, what becomes durable, what followers hear of it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <utility>
#include <variant>

#include "common/wire/bundle_wire.h"
#include "controller/core/core.h"
#include "tests/unit/controller/core/fakes.h"

namespace kload::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr char kScript[] =
    "export const options = { scenarios: { s: { executor: 'constant-vus', vus: 1, duration: '3s' } "
    "} }; export default function () {}";

class WatchTest : public testing::Test {
 protected:
  WatchTest() { StartController(); }
  ~WatchTest() override {
    core_.reset();
    std::filesystem::remove_all(dir_);
  }

  void StartController() {
    core_.reset();
    waiting_ = nullptr;
    auto store = Store::Open(dir_);
    ASSERT_TRUE(store.ok()) << store.status();
    core_ = std::make_unique<Core>(clock_, *std::move(store), "1", nullptr);
    core_->runs().ReadTargetsBy([this](auto target, auto done) {
      ++looks_;
      waiting_ = [target = std::move(target), done = std::move(done)](
                     Nanos at, const absl::StatusOr<std::string>& page) {
        done(target->Take(at, page));
      };
    });
    core_->Restore();
  }
  void Join(LinkId link) {
    auto stream = std::make_shared<FakeStream>();
    core_->OnHello(link,
                   {.name = "a1",
                    .incarnation = "a1-1",
                    .version = "1",
                    .address = "10.0.0.1:5",
                    .threads = 1,
                    .protocol = kProtocol},
                   stream);
    for (size_t i = 0; i < ClockOffset::kKept; ++i) {
      core_->OnEvent(link, PongArrived{clock_.Now(), clock_.Now(), clock_.Now()});
    }
    link_ = link;
  }
  // A run on one agent, whose load begins.
  std::string StartRun() {
    Join(1);
    v1::StartRunRequest request;
    *request.mutable_bundle() = wire::EncodeBundle({"/s.js", {{"/s.js", kScript}}});
    request.mutable_watch()->set_url("http://target/metrics");
    v1::WatchedMetric& metric = *request.mutable_watch()->add_metrics();
    metric.set_name("jobs");
    metric.set_expression("jobs_total");
    auto admitted = AdmitRun(request, "");
    EXPECT_EQ(std::get_if<RunFailure>(&admitted), nullptr);
    const auto id = core_->runs().Start(std::get<AdmittedRun>(std::move(admitted)));
    EXPECT_TRUE(id.ok()) << id.status();
    core_->OnEvent(1, PreparedArrived{*id, ""});
    watcher_ = std::make_shared<FakeWatcher>();
    EXPECT_TRUE(core_->runs().Watch(*id, watcher_).ok());
    return *id;
  }
  // Ticks; while `answers_` the target says how many looks there were.
  void Pass(Nanos time) {
    for (Nanos passed{0}; passed < time; passed += Core::kTickInterval) {
      clock_.Advance(Core::kTickInterval);
      core_->OnEvent(link_, HeartbeatArrived{0.1, 1, ""});
      core_->Tick();
      if (answers_) Answer(page_.ok() ? fmt::format("jobs_total {}\n", looks_) : page_);
    }
  }
  void Answer(const absl::StatusOr<std::string>& page) {
    if (waiting_) std::exchange(waiting_, nullptr)(clock_.Now(), page);
  }
  void EndLoad(const std::string& run) {
    Delta delta;
    delta.run_id = run;
    delta.sequence = 1;
    delta.interval_end = seconds(3);
    delta.final = true;
    core_->OnEvent(link_, delta);
  }
  v1::WatchedSeries Watched(const std::string& run) {
    const auto history = core_->runs().Get(run);
    EXPECT_TRUE(history.ok()) << history.status();
    if (!history.ok() || history->watched_size() != 1) return {};
    return history->watched(0);
  }
  // Of what is watched; others are about agents that say little.
  int Warnings() const {
    int warnings = 0;
    for (const v1::RunEvent& event : watcher_->events) {
      const bool warns = event.has_log() && event.log().level() == v1::LogLine::WARNING;
      const std::string& text = event.log().text();
      if (warns && (text.find("target") != text.npos || text.find("watching") != text.npos)) {
        ++warnings;
      }
    }
    return warnings;
  }

  const std::string dir_ =
      (std::filesystem::temp_directory_path() /
       fmt::format("kload-watch-{}-{}", getpid(),
                   testing::UnitTest::GetInstance()->current_test_info()->name()))
          .string();
  FakeClock clock_;
  std::function<void(Nanos, const absl::StatusOr<std::string>&)> waiting_;
  std::unique_ptr<Core> core_;
  std::shared_ptr<FakeWatcher> watcher_;
  LinkId link_ = 0;
  int looks_ = 0;
  bool answers_ = true;
  absl::StatusOr<std::string> page_ = "";
};

TEST_F(WatchTest, FromTheLoadsBeginningToItsEnd) {
  const std::string id = StartRun();
  EXPECT_EQ(Watched(id).expression(), "");
  Pass(seconds(4));
  EXPECT_EQ(Watched(id).expression(), "jobs_total");
  EndLoad(id);
  Pass(milliseconds(200));
  EXPECT_TRUE(watcher_->ended);
  const v1::WatchedSeries series = Watched(id);
  EXPECT_EQ(series.problem(), "");
  ASSERT_GE(series.points_size(), 3);
  EXPECT_EQ(series.points(series.points_size() - 1).value(), looks_);
  for (int i = 0; i < series.points_size(); ++i) EXPECT_GE(series.points(i).at_ns(), 0);
  const int looks = looks_;
  Pass(seconds(3));
  EXPECT_EQ(looks_, looks) << "no look after the end";
  EXPECT_EQ(Warnings(), 0);
}

TEST_F(WatchTest, TheResultWaitsForTheLastLookButNotForLong) {
  const std::string id = StartRun();
  Pass(seconds(4));
  answers_ = false;
  EndLoad(id);
  Pass(seconds(1));
  EXPECT_FALSE(watcher_->ended);
  EXPECT_EQ(core_->runs().Get(id)->info().state(), "finished");
  Pass(milliseconds(1200));
  EXPECT_TRUE(watcher_->ended);
  Answer("jobs_total 1\n");  // too late, and harmless
  Pass(seconds(1));
}

TEST_F(WatchTest, ATargetThatCannotBeReadIsSaidOnceAndStopsNothing) {
  const std::string id = StartRun();
  page_ = absl::UnavailableError("answered 500");
  Pass(seconds(4));
  EndLoad(id);
  Pass(milliseconds(200));
  ASSERT_TRUE(watcher_->ended);
  EXPECT_EQ(watcher_->events.back().result().exit_code(), 0);
  EXPECT_EQ(Warnings(), 1);
  EXPECT_THAT(Watched(id).problem(), HasSubstr("pages could not be read: answered 500"));
}

TEST_F(WatchTest, AControllerThatTakesTheRunUpGoesOnWatching) {
  const std::string id = StartRun();
  Pass(seconds(3));
  const int before = Watched(id).points_size();
  ASSERT_GE(before, 2);
  StartController();
  Join(11);
  Pass(seconds(2));
  EndLoad(id);
  Pass(milliseconds(200));
  const v1::WatchedSeries series = Watched(id);
  EXPECT_GE(series.points_size(), before + 1);
  for (int i = 1; i < series.points_size(); ++i) {
    EXPECT_LT(series.points(i - 1).at_ns(), series.points(i).at_ns());
    EXPECT_LT(series.points(i - 1).value(), series.points(i).value());
  }
  StartController();
  EXPECT_EQ(Watched(id).points_size(), series.points_size()) << "of a finished run, from the store";
}

}  // namespace
}  // namespace kload::controller
