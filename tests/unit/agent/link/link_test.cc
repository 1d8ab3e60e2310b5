#include "agent/link/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "common/base/status.h"
#include "tests/unit/agent/link/fake_controller.h"
#include "tests/unit/agent/link/fake_crew.h"
#include "tests/unit/agent/link/orders.h"
#include "tests/unit/agent/link/series.h"

namespace kload::agent {
namespace {

using Said = v1::AgentMessage;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr uint32_t kWorkers = 2;

class LinkTest : public testing::Test {
 protected:
  void Begin(Nanos orphan_after = 60s, Nanos flush_timeout = 5s) {
    LinkCore::Options options;
    options.where = "the test";
    options.name = "a1";
    options.incarnation = "first";
    options.version = "0.1";
    options.orphan_after = orphan_after;
    options.flush_timeout = flush_timeout;
    link_ = std::make_unique<Link>(
        std::move(options), [this] { return controller_.Channel(); }, clock_);
    link_->Start(crew_);
  }
  std::shared_ptr<FakeStream> AcceptAndWelcome() {
    auto stream = controller_.Accept();
    EXPECT_EQ(stream->Await(Said::kHello).hello().incarnation(), "first");
    stream->Welcome(100ms);
    return stream;
  }
  void Tell(const std::string& run, decltype(WorkerEvent::event) event) {
    for (uint32_t i = 0; i < kWorkers; ++i) link_->Post({i, run, event});
  }
  void TellDelta(Nanos end, double value, bool ended = false) {
    WorkerDelta part;
    part.interval_end = end;
    part.series.push_back(Counted("n", value, {{"second", std::to_string(end.count())}}));
    part.series.push_back(Counted("always", 1));
    part.ended = ended;
    Tell("r", part);
  }
  void BringToLoad(FakeStream& stream, const std::string& run = "r") {
    v1::ControllerMessage order;
    *order.mutable_prepare() = PrepareOrder(run);
    stream.Send(order);
    ASSERT_TRUE(crew_.WaitFor("prepare " + run));
    Tell(run, WorkerPrepared{absl::OkStatus()});
    ASSERT_EQ(stream.Await(Said::kPrepared).prepared().error(), "");
    order.mutable_start()->set_run_id(run);
    order.mutable_start()->set_start_agent_ns(77);
    stream.Send(order);
    ASSERT_TRUE(crew_.WaitFor("start 77 "));
  }
  void Acknowledge(FakeStream& stream, uint64_t sequence) {
    v1::ControllerMessage order;
    order.mutable_ack()->set_run_id("r");
    order.mutable_ack()->set_sequence(sequence);
    stream.Send(order);
  }

  SystemClock clock_;
  FakeCrew crew_{kWorkers};
  FakeController controller_;
  std::unique_ptr<Link> link_;
};

TEST_F(LinkTest, IntroducesItselfAndLives) {
  Begin();
  auto stream = controller_.Accept();
  const v1::Hello hello = stream->Await(Said::kHello).hello();
  EXPECT_EQ(hello.name(), "a1");
  EXPECT_EQ(hello.incarnation(), "first");
  EXPECT_EQ(hello.protocol(), 1u);
  EXPECT_EQ(hello.version(), "0.1");
  EXPECT_EQ(hello.threads(), kWorkers);
  stream->Welcome(100ms);
  const Nanos begin = clock_.Now();
  v1::Heartbeat heartbeat;
  for (int i = 0; i < 4; ++i) heartbeat = stream->Await(Said::kHeartbeat).heartbeat();
  EXPECT_GE(clock_.Now() - begin, 250ms) << "three intervals";
  EXPECT_GT(heartbeat.rss_bytes(), 0u);
  EXPECT_EQ(heartbeat.run_id(), "");
  v1::ControllerMessage ping;
  ping.mutable_ping()->set_controller_ns(4711);
  const Nanos before = clock_.Now();
  stream->Send(ping);
  const v1::Pong pong = stream->Await(Said::kPong).pong();
  EXPECT_EQ(pong.controller_ns(), 4711);
  EXPECT_GE(pong.agent_ns(), before.count());
  EXPECT_LE(pong.agent_ns(), clock_.Now().count());
  stream->End();
}

TEST_F(LinkTest, RefusalEndsWaitWithTheReason) {
  Begin();
  auto stream = controller_.Accept();
  v1::ControllerMessage refusal;
  refusal.mutable_welcome()->set_refused("an agent named 'a1' is connected already");
  stream->Send(refusal);
  const absl::Status status = link_->Wait();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(status), HasSubstr("'a1' is connected already"));
  EXPECT_THAT(Message(status), HasSubstr("the test"));
  stream->End();
  link_->Shutdown();
}

TEST_F(LinkTest, ReconnectSendsUnacknowledgedDeltasAgain) {
  Begin();
  auto first = AcceptAndWelcome();
  BringToLoad(*first);
  std::vector<v1::Delta> seen;
  for (int second = 1; second <= 4; ++second) {
    TellDelta(std::chrono::seconds(second), second);
    seen.push_back(first->Await(Said::kDelta).delta());
    EXPECT_EQ(seen.back().sequence(), static_cast<uint64_t>(second));
    if (second == 1) Acknowledge(*first, 1);
  }
  EXPECT_EQ(seen[1].definitions_size(), 1) << "one of its two series was named before";
  first->End({grpc::StatusCode::UNAVAILABLE, "the network broke"});
  TellDelta(5s, 5);

  auto second = AcceptAndWelcome();
  for (size_t i = 1; i < seen.size(); ++i) {
    v1::Delta again = second->Await(Said::kDelta).delta();
    // Definitions are a matter of the stream: here they begin anew.
    EXPECT_EQ(again.definitions_size(), i == 1 ? 2 : 1);
    again.clear_definitions();
    seen[i].clear_definitions();
    EXPECT_EQ(again.SerializeAsString(), seen[i].SerializeAsString());
  }
  EXPECT_EQ(second->Await(Said::kDelta).delta().sequence(), 5u);
  Acknowledge(*second, 5);
  // Acknowledged ones do not come a third time.
  Acknowledge(*second, 5);
  second->Await(Said::kHeartbeat);
  second->End();
  auto third = AcceptAndWelcome();
  TellDelta(6s, 6);
  EXPECT_EQ(third->Await(Said::kDelta).delta().sequence(), 6u);
  third->End();
}

TEST_F(LinkTest, OrdersReachTheWorkers) {
  Begin();
  auto stream = AcceptAndWelcome();
  BringToLoad(*stream);
  EXPECT_EQ(stream->Await(Said::kHeartbeat).heartbeat().run_id(), "r");
  v1::ControllerMessage order;
  order.mutable_stop()->set_run_id("r");
  order.mutable_stop()->set_graceful(true);
  stream->Send(order);
  EXPECT_TRUE(crew_.WaitFor("stop"));
  order.mutable_teardown()->set_run_id("r");
  order.mutable_teardown()->set_data_json("[1]");
  stream->Send(order);
  EXPECT_TRUE(crew_.WaitFor("teardown [1]"));
  Tell("r", PhaseEnded{PhaseKind::kTeardown, {}, {}});
  EXPECT_EQ(stream->Await(Said::kTeardownDone).teardown_done().run_id(), "r");
  order.mutable_release()->set_run_id("r");
  stream->Send(order);
  EXPECT_TRUE(crew_.WaitFor("release"));
  Tell("r", WorkerReleased{});
  while (!stream->Await(Said::kHeartbeat).heartbeat().run_id().empty()) {
  }
  stream->End();
}

// The controller has restarted and forgotten the run: what it asks for now counts.
TEST_F(LinkTest, AnotherRunReplacesTheOneAtHand) {
  Begin();
  auto stream = AcceptAndWelcome();
  BringToLoad(*stream);
  v1::ControllerMessage order;
  *order.mutable_prepare() = PrepareOrder("s");
  stream->Send(order);
  EXPECT_TRUE(crew_.WaitFor("release"));
  EXPECT_EQ(crew_.calls().back(), "release") << "a worker holds one run at a time";
  Tell("r", WorkerReleased{});
  EXPECT_TRUE(crew_.WaitFor("prepare s"));
  stream->End();
}

TEST_F(LinkTest, ALoadWithoutAControllerGoesOnAndIsStoppedInTheEnd) {
  Begin(1500ms);
  auto stream = AcceptAndWelcome();
  BringToLoad(*stream);
  controller_.GoAway();
  const Nanos gone = clock_.Now();
  stream->End({grpc::StatusCode::UNAVAILABLE, "killed"});
  EXPECT_TRUE(crew_.WaitFor("stop at once"));
  EXPECT_GE(clock_.Now() - gone, 1s);
}

TEST_F(LinkTest, ALoadThatNobodyAcknowledgesIsStopped) {
  Begin(1500ms);
  auto stream = AcceptAndWelcome();
  BringToLoad(*stream);
  EXPECT_TRUE(crew_.WaitFor("stop at once"));
  EXPECT_THAT(stream->Await(Said::kLog).log().text(), HasSubstr("stopped early"));
  stream->End();
}

TEST_F(LinkTest, ShutdownSendsWhatWasMeasured) {
  Begin();
  auto stream = AcceptAndWelcome();
  BringToLoad(*stream);
  auto shutdown = std::async(std::launch::async, [this] { link_->Shutdown(); });
  EXPECT_TRUE(link_->Wait().ok());
  EXPECT_TRUE(crew_.WaitFor("stop at once"));
  EXPECT_EQ(stream->Await(Said::kLeaving).leaving().run_id(), "r");
  TellDelta(700ms, 5, true);
  const v1::Delta last = stream->Await(Said::kDelta).delta();
  EXPECT_EQ(last.interval_end_ns(), Nanos(700ms).count());
  EXPECT_FALSE(last.final()) << "the plan was not fulfilled";
  EXPECT_EQ(shutdown.wait_for(50ms), std::future_status::timeout) << "not acknowledged yet";
  Acknowledge(*stream, 1);
  EXPECT_TRUE(stream->AwaitEnd());
  stream->End();
  shutdown.get();
  link_->Shutdown();
}

TEST_F(LinkTest, ShutdownDoesNotWaitForEver) {
  Begin(60s, 300ms);
  auto stream = AcceptAndWelcome();
  BringToLoad(*stream);
  const Nanos begin = clock_.Now();
  link_
      ->Shutdown();  // workers that never end, a controller that never acknowledges nor ends the stream
  EXPECT_LT(clock_.Now() - begin, 5s);
  stream->End();
}

TEST_F(LinkTest, ShutdownWithoutAControllerIsQuick) {
  controller_.GoAway();
  Begin();
  const Nanos begin = clock_.Now();
  link_->Shutdown();
  EXPECT_TRUE(link_->Wait().ok());
  EXPECT_LT(clock_.Now() - begin, 2s);
}

TEST(LinkDialTest, AnAddressWhereNobodyListensIsTriedAgain) {
  SystemClock clock;
  FakeCrew crew(1);
  std::atomic<int> attempts{0};
  LinkCore::Options options;
  options.where = "127.0.0.1:1";
  const auto dial = [&] {
    ++attempts;
    return grpc::CreateChannel("127.0.0.1:1", grpc::InsecureChannelCredentials());
  };
  Link link(std::move(options), dial, clock);
  link.Start(crew);
  while (attempts < 3) std::this_thread::yield();
  link.Shutdown();
}

}  // namespace
}  // namespace kload::agent
