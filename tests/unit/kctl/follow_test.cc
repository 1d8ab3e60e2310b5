// Follows runs of a fake controller over a channel without a socket.
#include "kctl/follow.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "common/base/log.h"
#include "common/wire/plan_wire.h"
#include "common/wire/sample_wire.h"
#include "common/wire/summary_wire.h"
#include "kctl/client.h"
#include "kload/v1/control.grpc.pb.h"

namespace kload::kctl {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class FakeControl final : public v1::Control::Service {
 public:
  // One list per WatchRun call; the last one is repeated.
  std::vector<std::vector<v1::RunEvent>> scripts;
  // What a watch ends with that sent no result.
  grpc::Status broken = grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
  // Sent after StopRun().
  std::optional<v1::RunEvent> on_stop;
  std::atomic<int> watched = 0;
  std::atomic<int> stopped = 0;
  std::atomic<bool> wanted_samples = false;

  grpc::Status WatchRun(grpc::ServerContext* context, const v1::WatchRunRequest* request,
                        grpc::ServerWriter<v1::RunEvent>* writer) override {
    wanted_samples = request->samples();
    if (request->run_id() != "r-1") {
      return {grpc::StatusCode::NOT_FOUND, "no run " + request->run_id()};
    }
    const size_t call = std::min<size_t>(static_cast<size_t>(watched++), scripts.size() - 1);
    bool done = false;
    for (const v1::RunEvent& event : scripts[call]) {
      writer->Write(event);
      done = done || event.has_result();
    }
    while (!done && on_stop && !context->IsCancelled()) {
      std::this_thread::yield();
      if (stopped == 0) continue;
      writer->Write(*on_stop);
      done = true;
    }
    return done ? grpc::Status::OK : broken;
  }

  grpc::Status StopRun(grpc::ServerContext*, const v1::StopRunRequest* request,
                       v1::StopRunResponse*) override {
    EXPECT_FALSE(request->graceful());
    ++stopped;
    return grpc::Status::OK;
  }
};

v1::RunEvent State(v1::RunState::Phase phase, bool with_plan) {
  v1::RunEvent event;
  v1::RunState& state = *event.mutable_state();
  state.set_run_id("r-1");
  state.set_phase(phase);
  state.set_agents_wanted(3);
  state.set_agents_connected(1);
  if (!with_plan) return event;
  TestPlan plan;
  Scenario soak;
  soak.name = "soak";
  soak.executor = ExecutorKind::kConstantVus;
  soak.vus = 5;
  soak.duration = 30s;
  plan.scenarios = {soak};
  *state.mutable_plan() = wire::EncodePlan(plan);
  return event;
}

v1::RunEvent ProgressAt(std::chrono::milliseconds at) {
  v1::RunEvent event;
  event.mutable_progress()->set_run_ns(std::chrono::nanoseconds(at).count());
  event.mutable_progress()->set_vus(5);
  return event;
}

v1::RunEvent Log(const std::string& text, const std::string& source) {
  v1::RunEvent event;
  event.mutable_log()->set_level(v1::LogLine::INFO);
  event.mutable_log()->set_text(text);
  event.mutable_log()->set_source(source);
  event.mutable_log()->set_agent("a1");
  return event;
}

v1::RunEvent Result(int code, const std::string& message) {
  v1::RunEvent event;
  event.mutable_result()->set_exit_code(code);
  event.mutable_result()->set_message(message);
  RunSummary summary;
  summary.run_id = "r-1";
  summary.duration = 10s;
  summary.metrics.push_back({.name = "http_reqs",
                             .parent = "",
                             .values = {{"count", 42}, {"rate", 4.2}},
                             .thresholds = {}});
  *event.mutable_result()->mutable_summary() = wire::EncodeSummary(summary);
  return event;
}

class FollowTest : public testing::Test {
 protected:
  void SetUp() override {
    grpc::ServerBuilder builder;
    builder.RegisterService(&control_);
    server_ = builder.BuildAndStart();
    client_ = std::make_unique<Client>(server_->InProcessChannel({}), "this test");
    options_.retry_pause = Nanos(0);
    options_.interrupts = [this] { return interrupts_.load(); };
    options_.view.header = {
        .execution = "cluster", .script = "soak.js", .run_id = "", .output = "-"};
    before_ = spdlog::default_logger();
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(log_);
    sink->set_pattern("%l %n: %v");
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("", sink));
  }
  void TearDown() override {
    spdlog::set_default_logger(before_);
    server_->Shutdown();
  }

  // Follows run r-1 off a terminal.
  int FollowRun() {
    Screen screen([this](std::string_view text) { out_ += text; }, false, false);
    return Follow(*client_, "r-1", options_, screen, clock_);
  }

  FakeControl control_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Client> client_;
  FollowOptions options_;
  std::atomic<int> interrupts_ = 0;
  FakeClock clock_;
  std::string out_;
  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> before_;
};

TEST_F(FollowTest, ShowsBannerProgressSummaryAndLog) {
  control_.scripts = {{State(v1::RunState::WAITING_FOR_AGENTS, false),
                       State(v1::RunState::PREPARING, true), State(v1::RunState::RUNNING, true),
                       ProgressAt(1000ms), ProgressAt(1500ms), ProgressAt(2000ms),
                       Log("hello", "console"), Result(0, "")}};
  EXPECT_EQ(FollowRun(), 0);
  EXPECT_THAT(out_, StartsWith("\n     execution: cluster (3 agents)\n"));
  EXPECT_THAT(out_, HasSubstr("running (0m01.0s), 5/5 VUs"));
  EXPECT_THAT(out_, Not(HasSubstr("running (0m01.5s)")));
  EXPECT_THAT(out_, HasSubstr("running (0m02.0s), 5/5 VUs"));
  EXPECT_THAT(out_, HasSubstr("http_reqs"));
  EXPECT_THAT(log_.str(), HasSubstr("waiting for agents: 1 of 3 connected"));
  EXPECT_THAT(log_.str(), HasSubstr("info console agent=a1: hello"));
}

TEST_F(FollowTest, QuietPrintsTheSummaryOnly) {
  control_.scripts = {{State(v1::RunState::RUNNING, true), ProgressAt(1s), Result(0, "")}};
  options_.view.progress = false;
  EXPECT_EQ(FollowRun(), 0);
  EXPECT_THAT(out_, Not(HasSubstr("execution")));
  EXPECT_THAT(out_, Not(HasSubstr("running")));
  EXPECT_THAT(out_, HasSubstr("http_reqs"));
}

TEST_F(FollowTest, JsonPrintsNothingElse) {
  control_.scripts = {{State(v1::RunState::RUNNING, true), Result(99, "thresholds crossed")}};
  options_.view.progress = false;
  options_.json = true;
  EXPECT_EQ(FollowRun(), 99);
  EXPECT_THAT(out_, StartsWith("{"));
  EXPECT_THAT(log_.str(), HasSubstr("error : thresholds crossed"));
}

TEST_F(FollowTest, WritesTheExportFile) {
  control_.scripts = {{Result(0, "")}};
  options_.summary_export = testing::TempDir() + "/kctl_follow_export.json";
  EXPECT_EQ(FollowRun(), 0);
  std::ifstream file(options_.summary_export);
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(file), {}), HasSubstr("\"http_reqs\""));
  options_.summary_export = "/nowhere/at/all.json";
  control_.watched = 0;
  EXPECT_EQ(FollowRun(), 255);
  EXPECT_THAT(log_.str(), HasSubstr("cannot write /nowhere/at/all.json"));
}

TEST_F(FollowTest, CtrlCStopsTheRun) {
  control_.scripts = {{State(v1::RunState::RUNNING, true)}};
  control_.on_stop = Result(103, "stopped");
  interrupts_ = 1;
  EXPECT_EQ(FollowRun(), 105);
  EXPECT_EQ(control_.stopped, 1);
  EXPECT_THAT(log_.str(), HasSubstr("Ctrl-C again exits at once"));
  EXPECT_THAT(out_, HasSubstr("http_reqs"));
}

TEST_F(FollowTest, CtrlCOnlyEndsTheWatching) {
  control_.scripts = {{State(v1::RunState::RUNNING, true)}};
  control_.on_stop = Result(103, "stopped");
  options_.stops_run = false;
  interrupts_ = 1;
  EXPECT_EQ(FollowRun(), 105);
  EXPECT_EQ(control_.stopped, 0);
  EXPECT_THAT(log_.str(), HasSubstr("the run goes on"));
}

TEST_F(FollowTest, StoppedByOthersKeepsItsCode) {
  control_.scripts = {{Result(103, "stopped by kctl stop")}};
  EXPECT_EQ(FollowRun(), 103);
}

TEST_F(FollowTest, ComesBackAfterTheLinkBroke) {
  control_.scripts = {{State(v1::RunState::RUNNING, true), ProgressAt(1s)},
                      {State(v1::RunState::RUNNING, true), Result(0, "")}};
  EXPECT_EQ(FollowRun(), 0);
  EXPECT_EQ(control_.watched, 2);
  EXPECT_THAT(log_.str(), HasSubstr("lost the controller"));
}

TEST_F(FollowTest, AnUnknownRunIsAnError) {
  Screen screen([this](std::string_view text) { out_ += text; }, false, false);
  EXPECT_EQ(Follow(*client_, "r-9", options_, screen, clock_), 255);
  EXPECT_THAT(log_.str(), HasSubstr("no run r-9"));
}

v1::RunEvent Samples() {
  SampleBatchBuilder builder;
  builder.Add({"n", MetricType::kCounter, ValueKind::kDefault}, 1, {}, Nanos(0));
  v1::RunEvent event;
  *event.mutable_samples() = wire::EncodeSamples(builder.Take());
  return event;
}

TEST_F(FollowTest, SamplesGoToTheOutputsAndMissingOnesIntoTheSummary) {
  v1::RunEvent result = Result(0, "");
  result.mutable_result()->set_samples_made(3);
  control_.scripts = {{State(v1::RunState::RUNNING, true), Samples(), Samples(), result}};
  std::string lines;
  const auto outputs = OutputSet::Open({.files = {{FileOut::Kind::kJson, "-"}}},
                                       [&](std::string_view text) { lines += text; });
  ASSERT_TRUE(outputs.ok());
  options_.outputs = outputs->get();
  EXPECT_EQ(FollowRun(), 0);
  EXPECT_TRUE(control_.wanted_samples);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1 + 2);
  EXPECT_THAT(log_.str(), HasSubstr("1 of 3 raw samples are missing"));
  EXPECT_THAT(out_, HasSubstr("1 of 3 raw samples are missing"));
}

TEST_F(FollowTest, AnOutputThatIsNotCompleteIsAnError) {
  control_.scripts = {{State(v1::RunState::RUNNING, true), Samples(), Result(0, "")}};
  const auto outputs =
      OutputSet::Open({.files = {{FileOut::Kind::kJson, "/dev/full"}}}, [](std::string_view) {});
  ASSERT_TRUE(outputs.ok());
  options_.outputs = outputs->get();
  EXPECT_EQ(FollowRun(), 255);
  EXPECT_THAT(log_.str(), HasSubstr("cannot write /dev/full"));
}

TEST_F(FollowTest, WithoutOutputsNoSamplesAreWanted) {
  control_.scripts = {{Result(0, "")}};
  EXPECT_EQ(FollowRun(), 0);
  EXPECT_FALSE(control_.wanted_samples);
}

TEST(Dial, RefusesWhatIsNoAddress) {
  for (const char* address : {"", "localhost", ":7070", "host:"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Client::Dial({.address = address}, 1s).status()))
        << address;
  }
}

}  // namespace
}  // namespace kload::kctl
