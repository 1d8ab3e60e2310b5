// The whole controller in one process, over gRPC without sockets: scripted agents, real runs, verdicts.
#include "controller/controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "common/base/status.h"
#include "common/k6/bundle.h"
#include "common/wire/bundle_wire.h"
#include "kload/v1/control.grpc.pb.h"
#include "tests/unit/controller/api/scripted_agent.h"

namespace kload::controller {
namespace {

using testing::HasSubstr;

constexpr char kScript[] =
    "export const options = { vus: 2, duration: '1s', thresholds: {"
    " http_req_duration: ['p(95)<200', 'med<400'], http_reqs: ['count==20'] } };\n"
    "export function setup() { return 1; }\n"
    "export default function () {}\n"
    "export function teardown() {}\n";

class ControllerTest : public testing::Test {
 protected:
  ControllerTest() {
    auto started = Controller::Start({.listen = "", .http = ""});
    controller_ = *std::move(started);
    channel_ = controller_->InProcessChannel();
    control_ = v1::Control::NewStub(channel_);
  }
  ~ControllerTest() override {
    control_.reset();
    channel_.reset();
    controller_->Shutdown();
  }

  v1::StartRunRequest Request(const std::string& script, uint32_t agents) {
    v1::StartRunRequest request;
    *request.mutable_bundle() =
        wire::EncodeBundle(k6::Bundle{.main = "/test.js", .files = {{"/test.js", script}}});
    request.set_script_name("test.js");
    request.set_agents(agents);
    request.set_agents_timeout_ns(5'000'000'000);
    return request;
  }

  v1::StartRunResponse Start(const v1::StartRunRequest& request) {
    grpc::ClientContext context;
    v1::StartRunResponse response;
    const grpc::Status status = control_->StartRun(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  // Follows the run to its end.
  std::vector<v1::RunEvent> Watch(const std::string& run_id, grpc::Status* status = nullptr) {
    grpc::ClientContext context;
    v1::WatchRunRequest request;
    request.set_run_id(run_id);
    const auto stream = control_->WatchRun(&context, request);
    std::vector<v1::RunEvent> events;
    v1::RunEvent event;
    while (stream->Read(&event)) events.push_back(event);
    const grpc::Status ended = stream->Finish();
    if (status != nullptr) *status = ended;
    return events;
  }

  grpc::Status Stop(const std::string& run_id) {
    grpc::ClientContext context;
    v1::StopRunRequest request;
    request.set_run_id(run_id);
    v1::StopRunResponse response;
    return control_->StopRun(&context, request, &response);
  }

  std::unique_ptr<Controller> controller_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Control::Stub> control_;
};

TEST_F(ControllerTest, TwoAgentsRunAScriptToItsVerdict) {
  ScriptedAgent a1(channel_, "a1");
  ScriptedAgent a2(channel_, "a2");
  const v1::StartRunResponse started = Start(Request(kScript, 2));
  ASSERT_FALSE(started.has_failure()) << started.failure().message();
  const std::vector<v1::RunEvent> events = Watch(started.run_id());
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(events.front().has_state());
  ASSERT_TRUE(events.back().has_result());
  const v1::RunResult& result = events.back().result();
  // No agent alone would know: a1 is always below 200 ms, a2 always above.
  EXPECT_EQ(result.exit_code(), 99) << result.message();
  EXPECT_THAT(result.message(), HasSubstr("http_req_duration"));
  for (const v1::MetricSummary& metric : result.summary().metrics()) {
    if (metric.name() == "http_reqs") {
      EXPECT_EQ(metric.values().at("count"), 20);
      EXPECT_TRUE(metric.thresholds(0).ok());
    }
    if (metric.name() == "http_req_duration") {
      EXPECT_FALSE(metric.thresholds(0).ok());
      EXPECT_TRUE(metric.thresholds(1).ok());
      EXPECT_NEAR(metric.values().at("p(95)"), 300, 0.3);
    }
  }
  EXPECT_EQ(result.summary().agents_size(), 2);
  EXPECT_EQ(a1.teardown_data(), R"({"word":"salt"})");

  const std::vector<v1::RunEvent> again = Watch(started.run_id());
  ASSERT_FALSE(again.empty());
  EXPECT_EQ(again.back().result().exit_code(), 99);
}

TEST_F(ControllerTest, AgentsMayComeAfterTheRun) {
  const v1::StartRunResponse started = Start(Request("export default function () {}", 1));
  ASSERT_FALSE(started.has_failure()) << started.failure().message();
  ScriptedAgent late(channel_, "late");
  EXPECT_EQ(Watch(started.run_id()).back().result().exit_code(), 0);
}

TEST_F(ControllerTest, ABrokenScriptIsRefusedWithK6sCode) {
  const v1::StartRunResponse syntax =
      Start(Request("export default function () {\n  const = 3;\n}", 1));
  EXPECT_EQ(syntax.failure().exit_code(), 107);
  EXPECT_THAT(syntax.failure().message(), HasSubstr("test.js:2"));
  const v1::StartRunResponse options =
      Start(Request("export const options = { vus: 'many' };\nexport default function () {}", 1));
  EXPECT_EQ(options.failure().exit_code(), 104);
  EXPECT_THAT(options.failure().message(), HasSubstr("options.vus"));
}

TEST_F(ControllerTest, AStoppedRunHasItsSummaryAndItsCode) {
  ScriptedAgent a1(channel_, "a1");
  a1.endless = true;
  const v1::StartRunResponse started = Start(Request("export default function () {}", 1));
  ASSERT_FALSE(started.has_failure()) << started.failure().message();
  grpc::Status stopped = Stop(started.run_id());
  EXPECT_TRUE(stopped.ok()) << stopped.error_message();
  const v1::RunResult result = Watch(started.run_id()).back().result();
  EXPECT_EQ(result.exit_code(), 103);
  EXPECT_EQ(Stop(started.run_id()).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(ControllerTest, UnknownRunsAndScenariosAreNamed) {
  grpc::Status status;
  EXPECT_TRUE(Watch("nowhere", &status).empty());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("nowhere"));
  v1::StartRunRequest request;
  request.set_scenario("bassline");
  EXPECT_THAT(Start(request).failure().message(), HasSubstr("bassline"));
}

TEST_F(ControllerTest, ASecondAgentOfANameIsRefused) {
  ScriptedAgent first(channel_, "twin");
  // Once it is listed, its Hello was taken.
  v1::ListAgentsResponse agents;
  while (agents.agents_size() == 0) {
    grpc::ClientContext context;
    ASSERT_TRUE(control_->ListAgents(&context, {}, &agents).ok());
  }
  grpc::ClientContext context;
  const auto stub = v1::Cluster::NewStub(channel_);
  const auto stream = stub->Connect(&context);
  v1::AgentMessage hello;
  hello.mutable_hello()->set_name("twin");
  hello.mutable_hello()->set_incarnation("other");
  hello.mutable_hello()->set_protocol(1);
  stream->Write(hello);
  v1::ControllerMessage answer;
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_THAT(answer.welcome().refused(), HasSubstr("--name"));
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ControllerTest, AMessageOutOfTurnEndsTheStreamWithAReason) {
  grpc::ClientContext context;
  const auto stub = v1::Cluster::NewStub(channel_);
  const auto stream = stub->Connect(&context);
  v1::AgentMessage message;
  message.mutable_heartbeat();
  stream->Write(message);
  v1::ControllerMessage answer;
  EXPECT_FALSE(stream->Read(&answer));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("Hello"));
}

TEST_F(ControllerTest, ShutdownEndsARunAndTellsItsFollowers) {
  auto a1 = std::make_unique<ScriptedAgent>(channel_, "a1");
  a1->endless = true;
  const v1::StartRunResponse started = Start(Request("export default function () {}", 1));
  ASSERT_FALSE(started.has_failure()) << started.failure().message();
  grpc::ClientContext context;
  v1::WatchRunRequest request;
  request.set_run_id(started.run_id());
  const auto stream = control_->WatchRun(&context, request);
  v1::RunEvent event;
  // Until its load runs.
  while (stream->Read(&event) && event.state().phase() != v1::RunState::RUNNING) event.Clear();
  std::thread shutdown([&] { controller_->Shutdown(); });
  while (!event.has_result() && stream->Read(&event)) {
  }
  EXPECT_EQ(event.result().exit_code(), 103);
  EXPECT_THAT(event.result().message(), HasSubstr("shut down"));
  EXPECT_TRUE(stream->Finish().ok());
  shutdown.join();
  EXPECT_TRUE(a1->stopped());
}

TEST(Controller, BadAddressesAndFoldersAreExplained) {
  const auto listen = Controller::Start({.listen = "localhost", .http = ""});
  EXPECT_THAT(Message(listen.status()), HasSubstr("--listen"));
  const auto http = Controller::Start({.listen = "", .http = "nonsense"});
  EXPECT_THAT(Message(http.status()), HasSubstr("--http"));
  const auto scenarios =
      Controller::Start({.listen = "", .http = "", .scenarios_dir = "/nowhere/at/all"});
  EXPECT_THAT(Message(scenarios.status()), HasSubstr("--scenarios /nowhere/at/all"));
}

// Says hello, closes its side, and reads what it is told only when it is asked to.
class HastyAgent final : private grpc::ClientBidiReactor<v1::AgentMessage, v1::ControllerMessage> {
 public:
  explicit HastyAgent(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::Cluster::NewStub(channel)) {
    hello_.mutable_hello()->set_name("hasty");
    hello_.mutable_hello()->set_incarnation("hasty-1");
    hello_.mutable_hello()->set_protocol(1);
    hello_.mutable_hello()->set_threads(1);
    stub_->async()->Connect(&context_, this);
    AddHold();
    StartWriteLast(&hello_, {});
    StartCall();
  }
  // Reads to the end. Returns how the call ended.
  grpc::Status Read() {
    StartRead(&order_);
    return ended_.get_future().get();
  }

 private:
  void OnReadDone(bool ok) override {
    if (ok) return StartRead(&order_);
    RemoveHold();
  }
  void OnDone(const grpc::Status& status) override { ended_.set_value(status); }

  std::unique_ptr<v1::Cluster::Stub> stub_;
  grpc::ClientContext context_;
  v1::AgentMessage hello_;
  v1::ControllerMessage order_;
  std::promise<grpc::Status> ended_;
};

TEST_F(ControllerTest, AnAgentMayLeaveBeforeItHasReadItsOrders) {
  HastyAgent agent(channel_);
  v1::ListAgentsResponse agents;
  while (agents.agents().empty()) {  // until its welcome has been sent
    grpc::ClientContext context;
    ASSERT_TRUE(control_->ListAgents(&context, {}, &agents).ok());
  }
  EXPECT_TRUE(agent.Read().ok());
  controller_->Shutdown();  // comes back: the stream is done
}

}  // namespace
}  // namespace kload::controller
