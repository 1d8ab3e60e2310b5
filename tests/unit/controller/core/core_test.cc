// Agents and runs together, in virtual time: what agents are told, what followers see, what is stored and published.
#include "controller/core/core.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/status.h"
#include "common/wire/sample_wire.h"
#include "tests/unit/controller/core/fakes.h"

namespace kload::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

// How far the fake agents' clocks are ahead of ours.
constexpr Nanos kAhead = seconds(1000);

class CoreTest : public testing::Test {
 protected:
  CoreTest() {
    auto store = Store::Open("");
    core_ = std::make_unique<Core>(clock_, *std::move(store), "1.2.3",
                                   [this](const ClusterFigures& figures) { OnPublish(figures); });
  }

  void OnPublish(const ClusterFigures& figures) {
    published_runs_.clear();
    for (const RunFigures& run : figures.runs) published_runs_.push_back(run.id + " " + run.state);
    published_agents_.clear();
    for (const AgentFigures& agent : figures.agents) {
      published_agents_.push_back(agent.name + " " + agent.state);
    }
  }

  std::shared_ptr<FakeStream> Join(LinkId link, const std::string& name, bool answer = true,
                                   const std::string& incarnation = "i") {
    auto stream = std::make_shared<FakeStream>();
    core_->OnHello(link,
                   {.name = name,
                    .incarnation = name + incarnation,
                    .version = "1",
                    .address = "10.0.0.1:5",
                    .threads = 2,
                    .protocol = kProtocol},
                   stream);
    if (answer) Answer(link);
    return stream;
  }
  // One exchange of clocks.
  void Answer(LinkId link, Nanos ahead = kAhead) {
    core_->OnEvent(link, PongArrived{clock_.Now(), clock_.Now() + ahead, clock_.Now()});
  }
  // Three agents that run Admitted(), whose load has begun.
  std::string StartThree() {
    AdmittedRun run = Admitted(3);
    run.spec.plan.scenarios.front().vus = 6;
    run.spec.plan.scenarios.front().duration = seconds(60);
    for (LinkId link = 1; link <= 3; ++link)
      streams_.push_back(Join(link, fmt::format("a{}", link)));
    const std::string id = Start(std::move(run));
    for (LinkId link = 1; link <= 3; ++link) core_->OnEvent(link, PreparedArrived{id, ""});
    return id;
  }

  // Lets time pass in ticks; agents send heartbeats meanwhile.
  void Pass(Nanos time, const std::vector<LinkId>& alive) {
    for (Nanos passed{0}; passed < time; passed += Core::kTickInterval) {
      clock_.Advance(Core::kTickInterval);
      for (const LinkId link : alive) core_->OnEvent(link, HeartbeatArrived{0.5, 1000, ""});
      core_->Tick();
    }
  }

  AdmittedRun Admitted(uint32_t agents = 0) {
    AdmittedRun run;
    run.spec.script = "test.js";
    Scenario scenario;
    scenario.executor = ExecutorKind::kConstantVus;
    scenario.vus = 2;
    scenario.duration = seconds(2);
    run.spec.plan.scenarios = {scenario};
    run.spec.agents = agents;
    run.order.mutable_bundle()->set_main("/test.js");
    return run;
  }
  std::string Start(AdmittedRun run) {
    const absl::StatusOr<std::string> id = core_->runs().Start(std::move(run));
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or("");
  }

  Delta DeltaOf(const std::string& run, uint64_t sequence, bool final) {
    Delta delta;
    delta.run_id = run;
    delta.sequence = sequence;
    delta.interval_end = seconds(sequence);
    CounterSink requests;
    requests.Add(10);
    delta.series.push_back(
        {std::make_shared<const SeriesKey>(
             SeriesKey{MetricDef{"http_reqs", MetricType::kCounter, ValueKind::kDefault}, {}}),
         requests});
    delta.health.vus_active = final ? 0 : 2;
    delta.health.vus_initialized = 2;
    delta.scenarios = {{.name = "default", .vus_active = 2, .iterations_complete = sequence}};
    delta.final = final;
    return delta;
  }

  FakeClock clock_;
  std::vector<std::string> published_runs_;
  std::vector<std::string> published_agents_;
  std::unique_ptr<Core> core_;
  std::vector<std::shared_ptr<FakeStream>> streams_;  // of StartThree()
};

TEST_F(CoreTest, AgentIsWelcomedAndItsClockAsked) {
  const auto stream = Join(1, "a1", false);
  ASSERT_EQ(stream->sent.size(), 2U);
  EXPECT_EQ(stream->sent[0].welcome().heartbeat_interval_ns(), kHeartbeatInterval.count());
  EXPECT_EQ(stream->sent[1].ping().controller_ns(), clock_.Now().count());
  for (int i = 0; i < 20; ++i) Answer(1);
  EXPECT_EQ(stream->sent.size(), 1U + Agents::kFirstPings);
  Pass(seconds(3), {1});
  EXPECT_EQ(stream->sent.size(), 1U + Agents::kFirstPings + 3);
}

TEST_F(CoreTest, AnotherProtocolIsRefusedWithTheRemedy) {
  auto stream = std::make_shared<FakeStream>();
  core_->OnHello(1, {.name = "a", .incarnation = "i", .version = "9", .address = "", .protocol = 2},
                 stream);
  ASSERT_EQ(stream->sent.size(), 1U);
  EXPECT_THAT(stream->sent[0].welcome().refused(), HasSubstr("same version"));
  EXPECT_TRUE(stream->closed);
  EXPECT_EQ(core_->ListAgents().agents_size(), 0);
}

TEST_F(CoreTest, TheSameProcessReplacesItsOlderStream) {
  const auto old = Join(1, "a1");
  const auto fresh = Join(2, "a1");
  EXPECT_TRUE(old->closed);
  core_->OnClosed(1);
  EXPECT_EQ(core_->ListAgents().agents(0).state(), "idle");
}

TEST_F(CoreTest, ARunGoesFromStartToResult) {
  const auto stream = Join(1, "a1");
  auto watcher = std::make_shared<FakeWatcher>();
  AdmittedRun admitted = Admitted();
  admitted.warnings = {"a warning"};
  admitted.spec.has_setup = true;
  const std::string id = Start(std::move(admitted));
  ASSERT_TRUE(core_->runs().Watch(id, watcher).ok());
  EXPECT_EQ(core_->ListAgents().agents(0).state(), "busy");
  core_->OnEvent(1, PreparedArrived{id, ""});
  core_->OnEvent(1, PhaseDoneArrived{id, R"({"word":"salt"})", {}, false});
  EXPECT_THAT(stream->Kinds(), ElementsAre("welcome", "prepare", "setup", "start"));
  const v1::Start& start = stream->sent.back().start();
  EXPECT_EQ(start.start_agent_ns(), (clock_.Now() + kStartLead + kAhead).count());
  EXPECT_EQ(start.setup_json(), R"({"word":"salt"})");

  Pass(milliseconds(1500), {1});
  core_->OnEvent(1, DeltaOf(id, 1, false));
  core_->OnEvent(1, DeltaOf(id, 1, false));  // sent again after a reconnect
  EXPECT_EQ(core_->ListAgents().agents(0).vus_active(), 2);
  Pass(seconds(1), {1});
  core_->OnEvent(1, DeltaOf(id, 2, true));
  EXPECT_THAT(stream->Kinds(),
              ElementsAre("welcome", "prepare", "setup", "start", "ack", "ack", "ack", "release"));
  ASSERT_TRUE(watcher->ended);
  const v1::RunResult& result = watcher->events.back().result();
  EXPECT_EQ(result.exit_code(), 0) << result.message();
  double requests = 0;
  for (const auto& metric : result.summary().metrics()) {
    if (metric.name() == "http_reqs") requests = metric.values().at("count");
  }
  EXPECT_EQ(requests, 20);
  EXPECT_EQ(core_->ListAgents().agents(0).state(), "idle");
}

TEST_F(CoreTest, RawSamplesReachFollowersOnceInOurTime) {
  Join(1, "a1");
  auto watcher = std::make_shared<FakeWatcher>();
  watcher->samples = true;
  AdmittedRun admitted = Admitted();
  admitted.spec.samples = true;
  admitted.spec.plan.options.tags = {{"team", "blue"}};
  const std::string id = Start(std::move(admitted));
  ASSERT_TRUE(core_->runs().Watch(id, watcher).ok());
  core_->OnEvent(1, PreparedArrived{id, ""});
  Pass(seconds(1), {1});

  v1::SampleBatch batch;
  batch.set_run_id(id);
  batch.set_sequence(1);
  batch.set_dropped(5);
  batch.set_base_ns((clock_.Now() + kAhead).count());
  batch.add_value(1);
  batch.add_value(2);
  watcher->events.clear();
  core_->OnEvent(1, SamplesArrived{batch});
  core_->OnEvent(1, SamplesArrived{batch});  // sent again after a reconnect
  ASSERT_EQ(watcher->events.size(), 1U);
  EXPECT_EQ(watcher->events[0].samples().base_ns(), clock_.UnixNow().count());
  EXPECT_EQ(watcher->events[0].samples().value_size(), 2);

  watcher->events.clear();
  core_->OnEvent(1, DeltaOf(id, 1, false));
  core_->OnEvent(1, DeltaOf(id, 2, true));
  ASSERT_TRUE(watcher->ended);
  const auto vus = std::find_if(watcher->events.begin(), watcher->events.end(),
                                [](const v1::RunEvent& event) { return event.has_samples(); });
  ASSERT_NE(vus, watcher->events.end());
  const absl::StatusOr<SampleBatch> points = wire::DecodeSamples(vus->samples());
  ASSERT_TRUE(points.ok());
  ASSERT_EQ(points->points.size(), 2U);
  EXPECT_EQ(points->metrics[0].name, "vus");
  EXPECT_EQ(points->metrics[1].name, "vus_max");
  EXPECT_EQ(points->points[0].value, 2);
  EXPECT_EQ(points->tag_sets[0], (Tags{{"team", "blue"}}));
  // Run time 1 s: the start was announced a second ago and came kStartLead later.
  EXPECT_EQ(points->points[0].at, clock_.UnixNow() + kStartLead);
  EXPECT_EQ(watcher->events.back().result().samples_made(), 2 + 5 + 2U);
}

TEST_F(CoreTest, RawSamplesOfARunThatDoesNotWantThemAreIgnored) {
  Join(1, "a1");
  auto watcher = std::make_shared<FakeWatcher>();
  watcher->samples = true;
  const std::string id = Start(Admitted());
  ASSERT_TRUE(core_->runs().Watch(id, watcher).ok());
  watcher->events.clear();
  v1::SampleBatch batch;
  batch.set_run_id(id);
  batch.set_sequence(1);
  batch.add_value(1);
  core_->OnEvent(1, SamplesArrived{batch});
  EXPECT_TRUE(watcher->events.empty());
}

TEST_F(CoreTest, TheResultWaitsForTheLastPushAndSaysWhatFailed) {
  std::vector<std::function<void(absl::Status)>> pushed;
  auto store = Store::Open("");
  core_ = std::make_unique<Core>(clock_, *std::move(store), "1.2.3", nullptr,
                                 [&](auto, auto, auto done) { pushed.push_back(done); });
  Join(1, "a1");
  auto watcher = std::make_shared<FakeWatcher>();
  AdmittedRun admitted = Admitted();
  admitted.prometheus.emplace_back().set_url("http://prom:9090/write");
  const std::string id = Start(std::move(admitted));
  ASSERT_TRUE(core_->runs().Watch(id, watcher).ok());
  core_->OnEvent(1, PreparedArrived{id, ""});
  Pass(seconds(1), {1});
  core_->OnEvent(1, DeltaOf(id, 1, true));
  ASSERT_EQ(pushed.size(), 1U);
  Pass(seconds(1), {1});
  EXPECT_FALSE(watcher->ended);
  EXPECT_TRUE(core_->runs().any_unfinished());
  pushed[0](absl::UnavailableError("refused"));
  Pass(Core::kTickInterval, {1});
  ASSERT_TRUE(watcher->ended);
  const v1::RunResult& result = watcher->events.back().result();
  EXPECT_EQ(result.exit_code(), 0);
  ASSERT_EQ(result.summary().warnings_size(), 1);
  EXPECT_THAT(result.summary().warnings(0), HasSubstr("http://prom:9090/write failed"));
  EXPECT_FALSE(core_->runs().any_unfinished());
}

TEST_F(CoreTest, TheResultDoesNotWaitForEverForTheLastPush) {
  auto store = Store::Open("");
  core_ =
      std::make_unique<Core>(clock_, *std::move(store), "1.2.3", nullptr, [](auto, auto, auto) {});
  Join(1, "a1");
  auto watcher = std::make_shared<FakeWatcher>();
  AdmittedRun admitted = Admitted();
  admitted.prometheus.emplace_back().set_url("http://prom:9090/write");
  const std::string id = Start(std::move(admitted));
  ASSERT_TRUE(core_->runs().Watch(id, watcher).ok());
  core_->OnEvent(1, PreparedArrived{id, ""});
  Pass(seconds(1), {1});
  core_->OnEvent(1, DeltaOf(id, 1, true));
  Pass(RunPushes::kLastPushMax + Core::kTickInterval, {1});
  EXPECT_TRUE(watcher->ended);
}

TEST_F(CoreTest, ARunWithSettingsThatAreWrongDoesNotStart) {
  AdmittedRun admitted = Admitted();
  admitted.prometheus.emplace_back().set_url("ftp://prom");
  EXPECT_TRUE(absl::IsInvalidArgument(core_->runs().Start(std::move(admitted)).status()));
}

TEST_F(CoreTest, FollowersSeeTheStateSoFarWhenTheyCome) {
  Join(1, "a1");
  AdmittedRun admitted = Admitted();
  admitted.warnings = {"options.foo: is ignored"};
  const std::string id = Start(std::move(admitted));
  auto watcher = std::make_shared<FakeWatcher>();
  ASSERT_TRUE(core_->runs().Watch(id, watcher).ok());
  ASSERT_EQ(watcher->events.size(), 2U);
  EXPECT_EQ(watcher->events[0].state().phase(), v1::RunState::PREPARING);
  EXPECT_EQ(watcher->events[0].state().plan().scenarios_size(), 1);
  EXPECT_EQ(watcher->events[1].log().text(), "options.foo: is ignored");
  core_->runs().Unwatch(id, watcher.get());
  core_->OnEvent(1, PreparedArrived{id, ""});
  EXPECT_EQ(watcher->events.size(), 2U);
}

TEST_F(CoreTest, LogsOfAgentsReachFollowersWithTheirName) {
  Join(1, "a1");
  const std::string id = Start(Admitted());
  auto watcher = std::make_shared<FakeWatcher>();
  ASSERT_TRUE(core_->runs().Watch(id, watcher).ok());
  v1::LogLine line;
  line.set_run_id(id);
  line.set_text("hello");
  core_->OnEvent(1, LogArrived{line});
  EXPECT_EQ(watcher->events.back().log().agent(), "a1");
  EXPECT_EQ(watcher->events.back().log().text(), "hello");
}

TEST_F(CoreTest, AFinishedRunIsAnsweredFromTheStoreOnceItIsOld) {
  std::vector<std::string> ids;
  for (size_t i = 0; i <= Runs::kFinishedKept; ++i) {
    ids.push_back(Start(Admitted(3)));
    ASSERT_TRUE(core_->runs().Stop(ids.back(), true).ok());
  }
  auto watcher = std::make_shared<FakeWatcher>();
  ASSERT_TRUE(core_->runs().Watch(ids.front(), watcher).ok());
  EXPECT_TRUE(watcher->ended);
  ASSERT_EQ(watcher->events.size(), 2U);
  EXPECT_EQ(watcher->events[0].state().phase(), v1::RunState::FINISHED);
  EXPECT_EQ(watcher->events[0].state().plan().scenarios_size(), 1);
  EXPECT_EQ(watcher->events[1].result().exit_code(), 103);
}

TEST_F(CoreTest, UnknownRunsAreNotFound) {
  auto watcher = std::make_shared<FakeWatcher>();
  EXPECT_TRUE(absl::IsNotFound(core_->runs().Watch("x", watcher)));
  EXPECT_TRUE(absl::IsNotFound(core_->runs().Stop("x", true).status()));
  const std::string id = Start(Admitted(3));
  ASSERT_TRUE(core_->runs().Stop(id, true).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(core_->runs().Stop(id, true).status()));
}

TEST_F(CoreTest, TwoRunsShareTheAgentsInTheOrderOfTheirStart) {
  Join(1, "a1");
  const std::string first = Start(Admitted(2));
  const std::string second = Start(Admitted(1));
  EXPECT_EQ(core_->ListAgents().agents(0).run_id(), second) << "it needs no more than there is";
  Join(2, "a2");
  Join(3, "a3");
  Pass(milliseconds(100), {1, 2, 3});
  EXPECT_EQ(core_->ListAgents().agents(1).run_id(), first);
  EXPECT_EQ(core_->ListAgents().agents(2).run_id(), first);
}

TEST_F(CoreTest, AnAgentThatComesBackGetsTheStartOnceItsClockIsKnown) {
  Join(1, "a1");
  const std::string id = Start(Admitted());
  core_->OnEvent(1, PreparedArrived{id, ""});
  const Nanos zero = clock_.Now() + kStartLead;
  core_->OnClosed(1);
  Pass(seconds(1), {});
  const auto back = Join(2, "a1", false);
  ASSERT_TRUE(core_->runs().Stop(id, true).ok());
  EXPECT_THAT(back->Kinds(), ElementsAre("welcome"));
  Answer(2);
  EXPECT_THAT(back->Kinds(), ElementsAre("welcome", "start", "stop"));
  for (const auto& message : back->sent) {
    if (message.has_start()) {
      EXPECT_EQ(message.start().start_agent_ns(), (zero + kAhead).count());
    }
  }
}

TEST_F(CoreTest, ASilentAgentIsLostAndItsRunEnds) {
  Join(1, "a1");
  const std::string id = Start(Admitted());
  auto watcher = std::make_shared<FakeWatcher>();
  ASSERT_TRUE(core_->runs().Watch(id, watcher).ok());
  core_->OnEvent(1, PreparedArrived{id, ""});
  Pass(seconds(4), {});
  ASSERT_TRUE(watcher->ended);
  EXPECT_EQ(watcher->events.back().result().exit_code(), 255);
  EXPECT_THAT(watcher->events.back().result().message(), HasSubstr("lost"));
  EXPECT_EQ(core_->ListAgents().agents(0).state(), "lost");
}

TEST_F(CoreTest, TheOthersAreToldToAdoptWhatALostAgentHad) {
  const std::string id = StartThree();
  Pass(seconds(4), {1, 3});
  for (const size_t i : {0, 2}) {
    const auto found = std::find_if(streams_[i]->sent.begin(), streams_[i]->sent.end(),
                                    [](const auto& message) { return message.has_adopt(); });
    ASSERT_NE(found, streams_[i]->sent.end());
    EXPECT_EQ(found->adopt().run_id(), id);
    EXPECT_EQ(found->adopt().epoch(), 1u);
    ASSERT_EQ(found->adopt().parts_size(), 1);
    EXPECT_EQ(found->adopt().parts(0).slice().count(), 6u);
    // Within the liveness limit and the lead.
    EXPECT_LE(Nanos(found->adopt().parts(0).from_ns()), kLostAfter + kAdoptLead);
  }
}

TEST_F(CoreTest, ALostAgentThatSpeaksAgainIsStoppedHeardOutAndFree) {
  const std::string id = StartThree();
  Pass(seconds(4), {1, 3});
  ASSERT_EQ(core_->ListAgents().agents(1).state(), "lost");
  // It did not run for a while; its stream is the same.
  core_->OnEvent(2, HeartbeatArrived{0, 0, id});
  EXPECT_EQ(streams_[1]->Kinds().back(), "stop");
  EXPECT_EQ(core_->ListAgents().agents(1).state(), "busy");
  core_->OnEvent(2, HeartbeatArrived{0, 0, id});
  EXPECT_EQ(streams_[1]->Kinds().back(), "stop");
  core_->OnEvent(2, DeltaOf(id, 1, true));
  EXPECT_EQ(streams_[1]->Kinds().back(), "release");
  EXPECT_EQ(core_->ListAgents().agents(1).state(), "idle");
}

TEST_F(CoreTest, AnAgentThatLeavesIsReplacedAtOnce) {
  const std::string id = StartThree();
  core_->OnEvent(3, LeavingArrived{id});
  EXPECT_EQ(streams_[0]->Kinds().back(), "adopt");
  EXPECT_EQ(streams_[1]->Kinds().back(), "adopt");
  // Nobody waits for it once its stream has ended.
  core_->OnClosed(3);
  EXPECT_EQ(core_->ListAgents().agents(2).state(), "lost");
}

TEST_F(CoreTest, AnIdleAgentJoinsARunOnRequest) {
  const std::string id = StartThree();
  ScaleOrder order;
  order.agents = 4;
  EXPECT_EQ(core_->runs().Scale(id, order).status().code(), absl::StatusCode::kFailedPrecondition);
  const auto fourth = Join(4, "a4");
  ASSERT_TRUE(core_->runs().Scale(id, order).ok());
  EXPECT_EQ(fourth->Kinds().back(), "prepare");
  EXPECT_EQ(core_->ListAgents().agents(3).state(), "busy");
  core_->OnEvent(4, PreparedArrived{id, ""});
  const std::vector<std::string> kinds = fourth->Kinds();
  EXPECT_EQ(std::vector<std::string>(kinds.end() - 2, kinds.end()),
            (std::vector<std::string>{"start", "adopt"}));
  EXPECT_EQ(streams_[0]->Kinds().back(), "cede");
  order.agents = 4;
  EXPECT_EQ(core_->runs().Scale(id, order).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CoreTest, OnlyWhatTheExecutorAllowsIsScaled) {
  const std::string id = StartThree();
  const auto refused = [&](const ScaleOrder& order) {
    return Message(core_->runs().Scale(id, order).status());
  };
  EXPECT_THAT(refused({.scenario = "", .vus = {}, .rate = 5}), HasSubstr("default (constant-vus)"));
  EXPECT_THAT(refused({.scenario = "default", .vus = {}, .rate = 5}),
              HasSubstr("scenario default has the executor constant-vus"));
  EXPECT_THAT(refused({.scenario = "", .vus = 5, .rate = {}}),
              HasSubstr("no scenario with the executor externally-controlled"));
  EXPECT_THAT(refused({}), HasSubstr("say what to change"));
}

TEST_F(CoreTest, AllAgentsStartAtOneInstantWhateverTheirClocksSay) {
  // Steady clocks count from anywhere, and the wall clocks of hosts differ: only the exchange says by how much.
  const std::vector<Nanos> ahead = {seconds(-5), Nanos(0), seconds(5), std::chrono::hours(1000)};
  std::vector<std::shared_ptr<FakeStream>> streams;
  clock_.Advance(seconds(100));
  for (LinkId link = 1; link <= ahead.size(); ++link) {
    streams.push_back(Join(link, fmt::format("a{}", link), false));
    // Seven answers that took their time on the way back, and a quick one.
    for (int i = 0; i < 8; ++i) {
      const Nanos sent = clock_.Now();
      const Nanos way = i == 5 ? Nanos(milliseconds(1)) : Nanos(milliseconds(40 * (i + 1)));
      core_->OnEvent(link, PongArrived{sent, sent + milliseconds(1) + ahead[link - 1],
                                       sent + milliseconds(1) + way});
    }
  }
  const std::string id = Start(Admitted(uint32_t(ahead.size())));
  for (LinkId link = 1; link <= ahead.size(); ++link) core_->OnEvent(link, PreparedArrived{id, ""});
  for (size_t i = 0; i < ahead.size(); ++i) {
    ASSERT_TRUE(streams[i]->sent.back().has_start());
    const Nanos at = Nanos(streams[i]->sent.back().start().start_agent_ns()) - ahead[i];
    EXPECT_LE(std::chrono::abs(at - (clock_.Now() + kStartLead)), milliseconds(1));
  }
}

TEST_F(CoreTest, AnAgentAtWorkForARunThatIsOverIsReleased) {
  const auto stream = Join(1, "a1");
  core_->OnEvent(1, HeartbeatArrived{0, 0, "old-run"});
  ASSERT_TRUE(stream->sent.back().has_release());
  EXPECT_EQ(stream->sent.back().release().run_id(), "old-run");
  core_->OnEvent(1, DeltaOf("older-run", 7, false));
  EXPECT_EQ(stream->sent.back().release().run_id(), "older-run");
}

TEST_F(CoreTest, RunsAreListedWithTheirStateOfTheMoment) {
  Join(1, "a1");
  const std::string id = Start(Admitted());
  Pass(seconds(2), {1});
  v1::ListRunsResponse runs = *core_->runs().List();
  ASSERT_EQ(runs.runs_size(), 1);
  EXPECT_EQ(runs.runs(0).run_id(), id);
  EXPECT_EQ(runs.runs(0).state(), "preparing");
  EXPECT_EQ(runs.runs(0).duration_ns(), Nanos(seconds(2)).count());
  EXPECT_EQ(runs.runs(0).agents(), 1U);
  core_->OnEvent(1, PreparedArrived{id, "out of memory"});
  runs = *core_->runs().List();
  EXPECT_EQ(runs.runs(0).state(), "finished");
  EXPECT_EQ(runs.runs(0).exit_code(), 255);
  EXPECT_THAT(runs.runs(0).message(), HasSubstr("out of memory"));
}

TEST_F(CoreTest, FiguresOfAFinishedRunStayUntilTheNextHasAgents) {
  Join(1, "a1");
  const std::string first = Start(Admitted());
  core_->OnEvent(1, PreparedArrived{first, "no"});
  Pass(milliseconds(100), {1});
  EXPECT_THAT(published_runs_, ElementsAre(first + " finished"));
  const std::string waits = Start(Admitted(2));
  Pass(seconds(1), {1});
  EXPECT_THAT(published_runs_, ElementsAre(first + " finished", waits + " waiting"));
  Join(2, "a2");
  Pass(seconds(1), {1, 2});
  EXPECT_THAT(published_runs_, ElementsAre(waits + " preparing"));
  EXPECT_THAT(published_agents_, ElementsAre("a1 busy", "a2 busy"));
}

TEST_F(CoreTest, ShutdownEndsRunsAndGivesUpWhatDoesNotEnd) {
  const auto stream = Join(1, "a1");
  const std::string id = Start(Admitted());
  core_->OnEvent(1, PreparedArrived{id, ""});
  auto watcher = std::make_shared<FakeWatcher>();
  ASSERT_TRUE(core_->runs().Watch(id, watcher).ok());
  core_->BeginShutdown();
  EXPECT_EQ(stream->Kinds().back(), "stop");
  EXPECT_TRUE(core_->runs().any_unfinished());
  core_->EndShutdown();
  EXPECT_EQ(stream->Kinds().back(), "release");
  EXPECT_TRUE(stream->closed);
  ASSERT_TRUE(watcher->ended);
  EXPECT_EQ(watcher->events.back().result().exit_code(), 255);
  EXPECT_EQ(core_->runs().List()->runs(0).state(), "aborted");
}

}  // namespace
}  // namespace kload::controller
