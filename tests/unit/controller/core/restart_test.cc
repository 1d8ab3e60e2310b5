// A controller dies at any moment and another one takes its runs up from the store.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
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

  static inline const std::string kScript =
      "export const options = { scenarios: { s: { executor: 'constant-vus', vus: 4, duration: "
      "'20s' "
      "} }, thresholds: { http_reqs: ['count>1'] } }; export default function () {}";

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
  const std::string id = StartRun(kScript, 2);
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
}

TEST_F(RestartTest, AnAgentThatDoesNotComeBackIsLost) {
  Join(1, "a1");
  Join(2, "a2");
  const std::string id = StartRun(kScript, 2);
  for (const LinkId link : {1, 2}) core_->OnEvent(link, PreparedArrived{id, ""});
  Pass(milliseconds(1500));
  StartController();
  auto a1 = Join(11, "a1");
  Pass(kReturnWithin - seconds(1));
  EXPECT_THAT(a1->Kinds(), testing::Not(Contains("adopt")));
  Pass(seconds(2));
  EXPECT_THAT(a1->Kinds(), Contains("adopt"));
}

TEST_F(RestartTest, ARunThatWaitsForAgentsGoesOnWaiting) {
  const std::string id = StartRun(kScript, 1);
  Pass(seconds(1));
  StartController();
  Pass(seconds(1));
  auto a1 = Join(11, "a1");
  Pass(milliseconds(100));
  EXPECT_THAT(a1->Kinds(), Contains("prepare"));
}

TEST_F(RestartTest, AnEndedRunLeavesNoRecord) {
  Join(1, "a1");
  const std::string id = StartRun(kScript, 1);
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
