// A controller dies at any moment and another one takes its runs up from the store.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <variant>

#include "common/wire/bundle_wire.h"
#include "controller/core/core.h"
#include "tests/unit/controller/core/fakes.h"

namespace kload::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;

class RestartTest : public testing::Test {
 protected:
  RestartTest() { StartController(); }
  ~RestartTest() override {
    core_.reset();
    std::filesystem::remove_all(dir_);
  }

  // What is not committed by then is gone.
  void StartController() {
    core_.reset();
    auto store = Store::Open(dir_);
    ASSERT_TRUE(store.ok()) << store.status();
    core_ = std::make_unique<Core>(clock_, *std::move(store), "1", nullptr);
    core_->Restore();
    links_.clear();
  }
  std::shared_ptr<FakeStream> Join(LinkId link, const std::string& name) {
    auto stream = std::make_shared<FakeStream>();
    core_->OnHello(link,
                   {.name = name,
                    .incarnation = name + "-1",
                    .version = "1",
                    .address = "10.0.0.1:5",
                    .threads = 1,
                    .protocol = kProtocol},
                   stream);
    for (size_t i = 0; i < ClockOffset::kKept; ++i) {
      core_->OnEvent(link, PongArrived{clock_.Now(), clock_.Now(), clock_.Now()});
    }
    links_.push_back(link);
    return stream;
  }
  void Pass(Nanos time) {
    for (Nanos passed{0}; passed < time; passed += Core::kTickInterval) {
      clock_.Advance(Core::kTickInterval);
      for (const LinkId link : links_) core_->OnEvent(link, HeartbeatArrived{0.1, 1, ""});
      core_->Tick();
    }
  }
  std::string StartRun(const std::string& script, uint32_t agents) {
    v1::StartRunRequest request;
    *request.mutable_bundle() = wire::EncodeBundle({"/s.js", {{"/s.js", script}}});
    request.set_agents(agents);
    auto admitted = AdmitRun(request, "");
    const auto* failure = std::get_if<RunFailure>(&admitted);
    EXPECT_EQ(failure, nullptr) << failure->message;
    if (failure != nullptr) return "";
    const auto id = core_->runs().Start(std::get<AdmittedRun>(std::move(admitted)));
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or("");
  }
  Delta DeltaOf(const std::string& run, uint64_t sequence, bool final = false) {
    Delta delta;
    delta.run_id = run;
    delta.sequence = sequence;
    delta.interval_start = seconds(sequence - 1);
    delta.interval_end = seconds(sequence);
    CounterSink requests;
    requests.Add(10);
    delta.series.push_back({std::make_shared<const SeriesKey>(SeriesKey{
                                {"http_reqs", MetricType::kCounter, ValueKind::kDefault}, {}}),
                            requests});
    delta.final = final;
    return delta;
  }
  // Up to which sequence the stream's agent may forget.
  static uint64_t Acked(const FakeStream& stream) {
    uint64_t acked = 0;
    for (const v1::ControllerMessage& message : stream.sent) {
      if (message.has_ack()) acked = std::max(acked, message.ack().sequence());
    }
    return acked;
  }

  static std::string Script(int seconds) {
    return fmt::format(
        "export const options = {{ scenarios: {{ s: {{ executor: 'constant-vus', vus: 4, duration: "
        "'{}s' }} }}, thresholds: {{ http_reqs: ['count>1'] }} }}; export default function () {{}}",
        seconds);
  }

  const std::string dir_ =
      (std::filesystem::temp_directory_path() /
       fmt::format("kload-restart-{}-{}", getpid(),
                   testing::UnitTest::GetInstance()->current_test_info()->name()))
          .string();
  FakeClock clock_;
  std::unique_ptr<Core> core_;
  std::vector<LinkId> links_;
};

TEST_F(RestartTest, NothingAcknowledgedIsLostAndNothingCountsTwice) {
  auto a1 = Join(1, "a1");
  auto a2 = Join(2, "a2");
  const std::string id = StartRun(Script(3), 2);
  core_->OnEvent(1, PreparedArrived{id, ""});
  core_->OnEvent(2, PreparedArrived{id, ""});
  EXPECT_THAT(a1->Kinds(), Contains("start"));
  Pass(milliseconds(1400));
  core_->OnEvent(1, DeltaOf(id, 1));
  core_->OnEvent(2, DeltaOf(id, 1));
  EXPECT_EQ(Acked(*a1), 0U);  // not before it is durable
  Pass(milliseconds(100));
  EXPECT_EQ(Acked(*a1), 1U);
  EXPECT_EQ(Acked(*a2), 1U);
  Pass(milliseconds(900));
  core_->OnEvent(1, DeltaOf(id, 2));  // and the controller dies: nobody knows of it

  StartController();
  clock_.Advance(seconds(2));
  a1 = Join(11, "a1");
  a2 = Join(12, "a2");
  EXPECT_THAT(a1->Kinds(), Contains("start"));  // in case it was missed; agents take it once
  core_->OnEvent(11, DeltaOf(id, 1));           // an acknowledgement may have got lost
  core_->OnEvent(11, DeltaOf(id, 2));
  core_->OnEvent(12, DeltaOf(id, 2));
  Pass(milliseconds(100));
  EXPECT_EQ(Acked(*a1), 2U);

  auto watcher = std::make_shared<FakeWatcher>();
  ASSERT_TRUE(core_->runs().Watch(id, watcher).ok());
  Pass(seconds(1));
  core_->OnEvent(11, DeltaOf(id, 3, true));
  core_->OnEvent(12, DeltaOf(id, 3, true));
  Pass(milliseconds(100));
  ASSERT_TRUE(watcher->ended);
  const v1::RunResult& result = watcher->events.back().result();
  EXPECT_EQ(result.exit_code(), 0) << result.message();
  double requests = 0;
  for (const v1::MetricSummary& metric : result.summary().metrics()) {
    if (metric.name() == "http_reqs") requests = metric.values().at("count");
  }
  EXPECT_EQ(requests, 60);
  ASSERT_GE(result.summary().warnings_size(), 1);
  EXPECT_THAT(result.summary().warnings(0), HasSubstr("the controller was away for"));

  // The history has it second by second, across both controllers.
  const auto history = core_->runs().Get(id);
  ASSERT_TRUE(history.ok()) << history.status();
  uint64_t sum = 0;
  for (const v1::SeriesPoint& point : history->points()) sum += point.requests();
  EXPECT_EQ(sum, 60U);
  EXPECT_GE(history->notes_size(), 4);
  EXPECT_EQ(history->info().state(), "finished");
  EXPECT_EQ(core_->runs().Get("no-such").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RestartTest, TheHistoryIsThereAfterACrash) {
  Join(1, "a1");
  const std::string id = StartRun(Script(60), 1);
  core_->OnEvent(1, PreparedArrived{id, ""});
  Pass(milliseconds(1400));
  for (uint64_t sequence = 1; sequence <= 3; ++sequence) {
    core_->OnEvent(1, DeltaOf(id, sequence));
    Pass(seconds(1));
  }
  StartController();
  const auto history = core_->runs().Get(id);
  ASSERT_TRUE(history.ok()) << history.status();
  uint64_t sum = 0;
  for (const v1::SeriesPoint& point : history->points()) sum += point.requests();
  EXPECT_EQ(sum, 30U);
  EXPECT_EQ(history->info().state(), "running");
}

TEST_F(RestartTest, AnAgentThatDoesNotComeBackIsLost) {
  Join(1, "a1");
  Join(2, "a2");
  const std::string id = StartRun(Script(60), 2);
  for (const LinkId link : {1, 2}) core_->OnEvent(link, PreparedArrived{id, ""});
  Pass(milliseconds(1500));
  StartController();
  auto a1 = Join(11, "a1");
  Pass(kReturnWithin - seconds(1));
  EXPECT_THAT(a1->Kinds(), testing::Not(Contains("adopt")));
  Pass(seconds(2));
  EXPECT_THAT(a1->Kinds(), Contains("adopt"));
}

// As a full disk is: writes of this process fail beyond a size of file.
class WritesFail {
 public:
  WritesFail() {
    getrlimit(RLIMIT_FSIZE, &before_);
    on_signal_ = signal(SIGXFSZ, SIG_IGN);
    rlimit none = before_;
    none.rlim_cur = 1;
    setrlimit(RLIMIT_FSIZE, &none);
  }
  ~WritesFail() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, on_signal_);
  }

 private:
  rlimit before_{};
  void (*on_signal_)(int) = nullptr;
};

TEST_F(RestartTest, AFullDiskEndsTheRecordsOfAllRunsAndNoRun) {
  auto a1 = Join(1, "a1");
  const std::string first = StartRun(Script(3), 1);
  core_->OnEvent(1, PreparedArrived{first, ""});
  auto a2 = Join(2, "a2");
  const std::string second = StartRun(Script(3), 1);
  core_->OnEvent(2, PreparedArrived{second, ""});
  auto watcher = std::make_shared<FakeWatcher>();
  ASSERT_TRUE(core_->runs().Watch(first, watcher).ok());
  Pass(milliseconds(1400));
  {
    const WritesFail full;
    core_->OnEvent(1, DeltaOf(first, 1));
    core_->OnEvent(2, DeltaOf(second, 1));
    Pass(milliseconds(100));
    // From memory: agents must not pile up what they measure.
    EXPECT_EQ(Acked(*a1), 1U);
    EXPECT_EQ(Acked(*a2), 1U);
    Pass(seconds(2));
    core_->OnEvent(1, DeltaOf(first, 2, true));
    Pass(milliseconds(100));
    core_->OnEvent(1, DeltaOf(first, 3, true));
  }
  ASSERT_TRUE(watcher->ended);
  const v1::RunSummary& summary = watcher->events.back().result().summary();
  ASSERT_GE(summary.warnings_size(), 1);
  EXPECT_THAT(summary.warnings(0), HasSubstr("the record of the run is not complete"));
  // When there is room again, the result is stored after all.
  Pass(seconds(2));
  EXPECT_EQ(core_->runs().Get(first)->info().state(), "finished");
  // The other one ends then. Neither is taken up by the next controller.
  core_->OnEvent(2, DeltaOf(second, 2, true));
  Pass(milliseconds(100));
  StartController();
  EXPECT_FALSE(core_->runs().any_unfinished());
  EXPECT_EQ(core_->runs().Get(first)->info().state(), "finished");
}

// Its last deltas never come: the run must not wait for them for ever.
TEST_F(RestartTest, AnAgentThatWasLeavingIsLostWhenItDoesNotComeBack) {
  Join(1, "a1");
  Join(2, "a2");
  const std::string id = StartRun(
      "export const options = { scenarios: { s: { executor: 'shared-iterations', vus: 4, "
      "iterations: "
      "400 } } }; export default function () {}",
      2);
  for (const LinkId link : {1, 2}) core_->OnEvent(link, PreparedArrived{id, ""});
  Pass(milliseconds(1500));
  core_->OnEvent(2, LeavingArrived{id});
  StartController();
  auto a1 = Join(11, "a1");
  auto watcher = std::make_shared<FakeWatcher>();
  ASSERT_TRUE(core_->runs().Watch(id, watcher).ok());
  Pass(kReturnWithin + seconds(1));
  EXPECT_THAT(a1->Kinds(), Contains("adopt"));
  core_->OnEvent(11, DeltaOf(id, 12, true));
  Pass(milliseconds(100));
  for (uint64_t sequence = 1; sequence < 12; ++sequence) core_->OnEvent(11, DeltaOf(id, sequence));
  Pass(milliseconds(100));
  EXPECT_TRUE(watcher->ended);
}

TEST_F(RestartTest, ARunThatWaitsForAgentsGoesOnWaiting) {
  const std::string id = StartRun(Script(60), 1);
  Pass(seconds(1));
  StartController();
  Pass(seconds(1));
  auto a1 = Join(11, "a1");
  Pass(milliseconds(100));
  EXPECT_THAT(a1->Kinds(), Contains("prepare"));
}

TEST_F(RestartTest, AnEndedRunLeavesNoRecord) {
  Join(1, "a1");
  const std::string id = StartRun(Script(1), 1);
  core_->OnEvent(1, PreparedArrived{id, ""});
  Pass(milliseconds(1400));
  core_->OnEvent(1, DeltaOf(id, 1, true));
  Pass(milliseconds(100));
  core_.reset();
  auto store = *Store::Open(dir_);
  EXPECT_TRUE(store->Records()->empty());
  EXPECT_TRUE(store->InputsOf(id)->empty());
  EXPECT_EQ((*store->Find(id))->state, "finished");
}

}  // namespace
}  // namespace kload::controller
