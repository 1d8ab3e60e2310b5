#include "agent/worker/worker.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "common/base/status.h"
#include "tests/unit/agent/http/scripted_server.h"

namespace kload::agent {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

// What workers tell, for the test's thread.
class Events {
 public:
  WorkerEventSink Sink() {
    return [this](WorkerEvent event) {
      const std::lock_guard<std::mutex> lock(mutex_);
      events_.push_back(std::move(event));
      came_.notify_all();
    };
  }
  // The next event of that kind; log lines before it are kept, others dropped. Fails the test after ten seconds.
  template <typename Kind>
  Kind Await() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      if (!came_.wait_for(lock, 10s, [this] { return !events_.empty(); })) {
        ADD_FAILURE() << "nothing came";
        return {};
      }
      WorkerEvent event = std::move(events_.front());
      events_.pop_front();
      if (auto* found = std::get_if<Kind>(&event.event)) return std::move(*found);
      if (auto* line = std::get_if<LogRecord>(&event.event)) logged_.push_back(line->text);
    }
  }
  std::vector<std::string> logged() const { return logged_; }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<WorkerEvent> events_;
  std::vector<std::string> logged_;
};

// Sums over a worker's deltas.
struct Measured {
  std::map<std::string, double> counters;   // by metric
  std::map<std::string, uint64_t> samples;  // of trends, by metric
  WorkerDelta last;

  void Add(WorkerDelta delta) {
    for (const SeriesDelta& series : delta.series) {
      const std::string& metric = series.key->metric.name;
      if (const auto* counter = std::get_if<CounterSink>(&series.increment)) {
        counters[metric] += counter->sum.value();
      } else if (const auto* trend = std::get_if<TrendSink>(&series.increment)) {
        samples[metric] += trend->count();
      }
    }
    last = std::move(delta);
  }
};

class WorkerTest : public testing::Test {
 protected:
  void SetUp() override { StartWorker({}); }

  void StartWorker(Worker::Options options) {
    worker_.reset();
    auto worker = Worker::Start(std::move(options), clock_, events_.Sink());
    ASSERT_TRUE(worker.ok()) << Message(worker.status());
    worker_ = *std::move(worker);
  }
  static Scenario Constant(int64_t vus, Nanos duration) {
    Scenario scenario;
    scenario.executor = ExecutorKind::kConstantVus;
    scenario.vus = vus;
    scenario.duration = duration;
    scenario.graceful_stop = 5s;
    return scenario;
  }
  static Scenario PerVu(int64_t vus, int64_t iterations) {
    Scenario scenario;
    scenario.vus = vus;
    scenario.iterations = iterations;
    return scenario;
  }
  static Scenario Shared(int64_t vus, int64_t iterations) {
    Scenario scenario = PerVu(vus, iterations);
    scenario.executor = ExecutorKind::kSharedIterations;
    return scenario;
  }
  static Scenario Arriving(int64_t rate, Nanos duration, int64_t vus, int64_t max_vus) {
    Scenario scenario;
    scenario.executor = ExecutorKind::kConstantArrivalRate;
    scenario.rate = rate;
    scenario.duration = duration;
    scenario.pre_allocated_vus = vus;
    scenario.max_vus = max_vus;
    scenario.graceful_stop = 100ms;
    return scenario;
  }
  absl::Status Prepare(const std::string& source, const Scenario& scenario, Slice slice = {0, 1},
                       bool samples = false) {
    auto script = k6::CompiledScript::Compile({"/script.js", {{"/script.js", source}}});
    if (!script.ok()) return script.status();
    auto spec = std::make_shared<RunSpec>();
    spec->run_id = "r";
    spec->script = *script;
    spec->plan.scenarios = {scenario};
    spec->plan.options = options_;
    spec->slice = slice;
    spec->figures = std::make_shared<RunFigures>(2);
    spec->samples = samples;
    spec->env = {{"TARGET", server_.Url("/")}};
    worker_->Prepare(spec);
    return events_.Await<WorkerPrepared>().status;
  }
  Measured RunToEnd(std::string setup_json = "") {
    worker_->StartRun(clock_.Now(), std::move(setup_json));
    return AwaitEnd();
  }
  Measured AwaitEnd() {
    Measured measured;
    do {
      measured.Add(events_.Await<WorkerDelta>());
    } while (!measured.last.ended && !HasFailure());
    return measured;
  }
  void Release() {
    worker_->Release();
    events_.Await<WorkerReleased>();
  }

  static RunOptions Options() {
    RunOptions options;
    options.system_tags = {"status", "scenario", "name"};
    return options;
  }

  RunOptions options_ = Options();
  SystemClock clock_;
  ScriptedServer server_{{Always(Ok("hello"))}};
  Events events_;
  std::unique_ptr<Worker> worker_;
};

TEST_F(WorkerTest, SendsWhatTheScriptSendsAndCountsIt) {
  ASSERT_EQ(Prepare("import http from 'k6/http';\n"
                    "import { check } from 'k6';\n"
                    "export default function () {\n"
                    "  const answer = http.get(__ENV.TARGET);\n"
                    "  check(answer, { 'says hello': (r) => r.body === 'hello' });\n"
                    "}\n",
                    PerVu(3, 4)),
            absl::OkStatus());
  const Measured measured = RunToEnd();
  EXPECT_EQ(server_.requests().size(), 12u);
  EXPECT_EQ(server_.connections(), 3u) << "a VU keeps its connection";
  EXPECT_EQ(measured.counters.at("http_reqs"), 12);
  EXPECT_EQ(measured.counters.at("iterations"), 12);
  EXPECT_EQ(measured.samples.at("http_req_duration"), 12u);
  EXPECT_EQ(measured.samples.at("iteration_duration"), 12u);
  EXPECT_GT(measured.counters.at("data_received"), 12 * 5);
  ASSERT_EQ(measured.last.scenarios.size(), 1u);
  EXPECT_EQ(measured.last.scenarios[0].iterations_complete, 12u);
  EXPECT_EQ(measured.last.scenarios[0].vus_active, 0);
  EXPECT_EQ(measured.last.health.vus_initialized, 3);
  EXPECT_EQ(measured.counters.count("dropped_iterations"), 0u);
  Release();
}

TEST_F(WorkerTest, ADeltaComesEverySecondWhileVusRun) {
  ASSERT_EQ(Prepare("import { sleep } from 'k6';\n"
                    "export default function () { sleep(0.3); }\n",
                    Constant(2, 2500ms)),
            absl::OkStatus());
  worker_->StartRun(clock_.Now(), "");
  for (const Nanos end : {1s, 2s}) {
    const WorkerDelta delta = events_.Await<WorkerDelta>();
    EXPECT_EQ(delta.interval_end, end);
    EXPECT_EQ(delta.health.vus_active, 2);
    EXPECT_EQ(delta.health.vus_scheduled, 2);
    EXPECT_FALSE(delta.ended);
  }
  const WorkerDelta last = events_.Await<WorkerDelta>();
  EXPECT_TRUE(last.ended);
  EXPECT_GE(last.interval_end, 2500ms);
  EXPECT_LT(last.interval_end, 2900ms) << "iterations end, but none begins after the end";
  EXPECT_EQ(last.scenarios[0].iterations_complete, 18u) << "9 of each VU";
  Release();
}

TEST_F(WorkerTest, VusThatBeginAtTheTickAreInItsDelta) {
  Scenario scenario = Constant(2, 1s);
  scenario.start_time = 1s;
  ASSERT_EQ(Prepare("import { sleep } from 'k6';\nexport default function () { sleep(0.2); }\n",
                    scenario),
            absl::OkStatus());
  worker_->StartRun(clock_.Now(), "");
  const WorkerDelta delta = events_.Await<WorkerDelta>();
  EXPECT_EQ(delta.interval_end, 1s);
  EXPECT_EQ(delta.health.vus_scheduled, 2);
  EXPECT_EQ(delta.health.vus_active, 2);
  AwaitEnd();
  Release();
}

TEST_F(WorkerTest, WorkersShareTheAgentsVus) {
  StartWorker({.index = 1, .count = 2, .sample_log = ""});
  // Of VUs 1 to 10 the slice has 2, 4, 6, 8, 10; of those the second worker has 4 and 8.
  ASSERT_EQ(
      Prepare("export default function () { console.log(`VU ${__VU}`); }\n", PerVu(10, 1), {1, 2}),
      absl::OkStatus());
  EXPECT_EQ(RunToEnd().last.scenarios[0].iterations_complete, 2u);
  EXPECT_THAT(events_.logged(), testing::UnorderedElementsAre("VU 4", "VU 8"));
  Release();
}

TEST_F(WorkerTest, SharedIterationsRunOnceAndTheRestIsDropped) {
  Scenario scenario = Shared(2, 1000);
  scenario.max_duration = 1s;
  ASSERT_EQ(Prepare("import { sleep } from 'k6';\nexport default function () { sleep(0.1); }\n",
                    scenario),
            absl::OkStatus());
  const Measured measured = RunToEnd();
  EXPECT_EQ(measured.counters.at("iterations") + measured.counters.at("dropped_iterations"), 1000);
  EXPECT_NEAR(measured.counters.at("iterations"), 20, 3);
  Release();
}

TEST_F(WorkerTest, ArrivalsAllRunWhenThereAreVusEnough) {
  ASSERT_EQ(Prepare("import http from 'k6/http';\n"
                    "export default function () { http.get(__ENV.TARGET); }\n",
                    Arriving(500, 1s, 5, 5)),
            absl::OkStatus());
  const Measured measured = RunToEnd();
  EXPECT_EQ(measured.counters.at("iterations"), 500);
  EXPECT_EQ(measured.samples.at("iteration_start_delay"), 500U);
  EXPECT_EQ(measured.samples.at("http_req_duration_intended"), 500U);
  EXPECT_FALSE(measured.counters.contains("dropped_iterations"));
  EXPECT_EQ(measured.last.health.vus_initialized, 5);
  Release();
}

TEST_F(WorkerTest, ArrivalsWithoutAnIdleVuAreDroppedAndMakeOne) {
  ASSERT_EQ(Prepare("import { sleep } from 'k6';\nexport default function () { sleep(10); }\n",
                    Arriving(100, 1s, 1, 3)),
            absl::OkStatus());
  const Measured measured = RunToEnd();
  // The first VU takes one; each of the two made later takes one; the graceful stop interrupts them all.
  EXPECT_EQ(measured.last.scenarios[0].iterations_interrupted, 3U);
  EXPECT_EQ(measured.counters.at("dropped_iterations"), 97);
  EXPECT_EQ(measured.last.health.vus_initialized, 3);
  EXPECT_THAT(events_.logged(), testing::Contains(HasSubstr("raise maxVUs")));
  Release();
}

TEST_F(WorkerTest, ArrivalsWithoutPreAllocatedVusMakeThem) {
  ASSERT_EQ(Prepare("export default function () {}\n", Arriving(20, 1s, 0, 2)), absl::OkStatus());
  const Measured measured = RunToEnd();
  EXPECT_EQ(measured.counters.at("iterations"), 19);
  EXPECT_EQ(measured.counters.at("dropped_iterations"), 1);
  Release();
}

TEST_F(WorkerTest, ArrivalsOfAWorkerWithoutVusAreOthers) {
  ASSERT_EQ(Prepare("export default function () {}\n", Arriving(50, 1s, 1, 1), Slice{1, 2}),
            absl::OkStatus());
  EXPECT_TRUE(RunToEnd().counters.empty());
  Release();
}

TEST_F(WorkerTest, ArrivalsStopWithTheRun) {
  ASSERT_EQ(Prepare("export default function () {}\n", Arriving(100, 60s, 2, 2)), absl::OkStatus());
  worker_->StartRun(clock_.Now(), "");
  events_.Await<WorkerDelta>();
  worker_->Stop(true);
  const Measured measured = AwaitEnd();
  EXPECT_TRUE(measured.last.ended);
  Release();
}

TEST_F(WorkerTest, SetupsDataReachesTheIterations) {
  ASSERT_EQ(Prepare("export function setup() { return { token: 'secret' }; }\n"
                    "export default function (data) { console.log(`got ${data.token}`); }\n"
                    "export function teardown(data) { console.log(`bye ${data.token}`); }\n",
                    PerVu(1, 1)),
            absl::OkStatus());
  worker_->RunPhase(PhaseKind::kSetup, "");
  const PhaseEnded setup = events_.Await<PhaseEnded>();
  EXPECT_EQ(setup.outcome.exit_code, 0) << setup.outcome.message;
  EXPECT_EQ(setup.outcome.json, R"({"token":"secret"})");
  RunToEnd(setup.outcome.json);
  worker_->RunPhase(PhaseKind::kTeardown, setup.outcome.json);
  EXPECT_EQ(events_.Await<PhaseEnded>().outcome.exit_code, 0);
  EXPECT_THAT(events_.logged(), testing::ElementsAre("got secret", "bye secret"));
  Release();
}

TEST_F(WorkerTest, FailingSetupSaysWhy) {
  ASSERT_EQ(Prepare("export function setup() { throw new Error('no login'); }\n"
                    "export default function () {}\n",
                    PerVu(1, 1)),
            absl::OkStatus());
  worker_->RunPhase(PhaseKind::kSetup, "");
  const PhaseEnded setup = events_.Await<PhaseEnded>();
  EXPECT_EQ(setup.outcome.exit_code, kExitScriptException);
  EXPECT_THAT(setup.outcome.message, HasSubstr("no login"));
  Release();
}

TEST_F(WorkerTest, FailingInitCodeIsTheAnswerToPrepare) {
  const absl::Status status = Prepare(
      "if (__VU === 2) throw new Error('not me');\nexport default function () {}\n", PerVu(3, 1));
  EXPECT_THAT(Message(status), HasSubstr("not me"));
  Release();
  EXPECT_EQ(Prepare("export default function () {}\n", PerVu(1, 1)), absl::OkStatus())
      << "the worker is free again";
}

TEST_F(WorkerTest, MissingExecIsNamed) {
  Scenario scenario = PerVu(1, 1);
  scenario.exec = "shop";
  EXPECT_THAT(Message(Prepare("export default function () {}\n", scenario)), HasSubstr("`shop`"));
  Release();
}

TEST_F(WorkerTest, ExceptionsAreLoggedAndTheVuGoesOn) {
  ASSERT_EQ(Prepare("export default function () { if (__ITER === 0) throw new Error('oops'); }\n",
                    PerVu(1, 3)),
            absl::OkStatus());
  EXPECT_EQ(RunToEnd().last.scenarios[0].iterations_complete, 3u);
  EXPECT_THAT(events_.logged(), testing::ElementsAre(HasSubstr("oops")));
  Release();
}

TEST_F(WorkerTest, StopAtOnceInterrupts) {
  ASSERT_EQ(Prepare("import { sleep } from 'k6';\nexport default function () { sleep(60); }\n",
                    Constant(3, 60s)),
            absl::OkStatus());
  worker_->StartRun(clock_.Now(), "");
  events_.Await<WorkerDelta>();
  worker_->Stop(false);
  const Measured measured = AwaitEnd();
  EXPECT_EQ(measured.last.scenarios[0].iterations_complete, 0u);
  EXPECT_EQ(measured.last.scenarios[0].iterations_interrupted, 3u);
  EXPECT_EQ(measured.counters.count("iterations"), 0u);
  Release();
}

TEST_F(WorkerTest, GracefulStopLetsIterationsEnd) {
  ASSERT_EQ(Prepare("import { sleep } from 'k6';\nexport default function () { sleep(1.3); }\n",
                    Constant(2, 60s)),
            absl::OkStatus());
  const Nanos begin = clock_.Now();
  worker_->StartRun(begin, "");
  events_.Await<WorkerDelta>();
  worker_->Stop(true);
  const Measured measured = AwaitEnd();
  EXPECT_EQ(measured.last.scenarios[0].iterations_complete, 2u);
  EXPECT_EQ(measured.last.scenarios[0].iterations_interrupted, 0u);
  EXPECT_LT(clock_.Now() - begin, 3s);
  Release();
}

TEST_F(WorkerTest, IterationsThatOutliveGracefulStopAreInterrupted) {
  Scenario scenario = Constant(2, 1s);
  scenario.graceful_stop = 200ms;
  ASSERT_EQ(
      Prepare("import { sleep } from 'k6';\nexport default function () { sleep(60); }\n", scenario),
      absl::OkStatus());
  const Measured measured = RunToEnd();
  EXPECT_EQ(measured.last.scenarios[0].iterations_interrupted, 2u);
  EXPECT_GE(measured.last.interval_end, 1200ms);
  EXPECT_LT(measured.last.interval_end, 1700ms);
  Release();
}

// A request that is under way when its VU is cut off is counted, but not as one that got an outcome.
TEST_F(WorkerTest, InterruptedRequestsAreCountedApart) {
  ScriptedServer silent({[](Peer& peer) {
    peer.ReadRequest();
    peer.ReadSome();
  }});
  ASSERT_EQ(Prepare("import http from 'k6/http';\nexport default function () { http.get('" +
                        silent.Url("/") + "'); }\n",
                    Constant(1, 60s)),
            absl::OkStatus());
  worker_->StartRun(clock_.Now(), "");
  events_.Await<WorkerDelta>();
  worker_->Stop(false);
  const Measured measured = AwaitEnd();
  EXPECT_EQ(measured.counters.count("http_reqs"), 0u);
  EXPECT_EQ(measured.counters.at("http_reqs_interrupted"), 1);
  Release();
}

TEST_F(WorkerTest, AScriptThatLoopsForEverCanBeStopped) {
  ASSERT_EQ(Prepare("export default function () { while (true) {} }\n", Constant(1, 60s)),
            absl::OkStatus());
  worker_->StartRun(clock_.Now(), "");
  std::this_thread::sleep_for(100ms);  // it spins by now
  worker_->Stop(false);
  EXPECT_GE(AwaitEnd().last.scenarios[0].iterations_interrupted, 1u);
  Release();
}

TEST_F(WorkerTest, AWorkerWithARunCanBeDestroyedAtAnyTime) {
  const std::string source =
      "import http from 'k6/http';\nexport default function () { http.get(__ENV.TARGET); }\n";
  for (const int stage : {0, 1, 2, 3}) {
    StartWorker({});
    if (stage > 0) {
      ASSERT_EQ(Prepare(source, Constant(5, 60s)), absl::OkStatus());
    }
    if (stage > 1) worker_->StartRun(clock_.Now(), "");
    if (stage > 2) events_.Await<WorkerDelta>();
    worker_.reset();
  }
}

TEST_F(WorkerTest, AWorkerWithoutVusEndsAtOnce) {
  ASSERT_EQ(Prepare("export default function () {}\n", PerVu(1, 1), {1, 2}), absl::OkStatus());
  EXPECT_TRUE(RunToEnd().last.ended);
  Release();
}

TEST_F(WorkerTest, RawSamplesComeBeforeTheDeltaThatCountsThem) {
  ASSERT_EQ(Prepare("import http from 'k6/http';\n"
                    "export function setup() { http.get(__ENV.TARGET); }\n"
                    "export default function () { http.get(__ENV.TARGET); }\n",
                    PerVu(2, 5), {0, 1}, true),
            absl::OkStatus());
  worker_->RunPhase(PhaseKind::kSetup, "");
  const WorkerSamples in_setup = events_.Await<WorkerSamples>();
  events_.Await<PhaseEnded>();
  const Nanos start = clock_.Now();
  worker_->StartRun(start, "");
  std::map<std::string, int> counts;
  while (counts["iterations"] < 10 && !HasFailure()) {
    const WorkerSamples samples = events_.Await<WorkerSamples>();
    for (const SamplePoint& point : samples.points) {
      ++counts[samples.metrics.at(point.metric).name];
      EXPECT_GE(point.at, start);
      EXPECT_LE(point.at, clock_.Now());
    }
  }
  AwaitEnd();
  EXPECT_EQ(counts["http_reqs"], 10);
  EXPECT_EQ(counts["http_req_duration"], 10);
  EXPECT_EQ(counts["iterations"], 10);
  EXPECT_EQ(in_setup.metrics.at(0).name, "http_reqs");
  EXPECT_EQ(*FindTag(in_setup.tag_sets.at(0), "name"), server_.Url("/"));
  EXPECT_LE(in_setup.points.at(0).at, start);
  Release();
}

TEST_F(WorkerTest, SampleLogHasEverySample) {
  const std::filesystem::path log =
      std::filesystem::path(testing::TempDir()) / "kload_worker_samples.ndjson";
  std::filesystem::remove(log);
  StartWorker({.index = 0, .count = 1, .sample_log = log.string()});
  ASSERT_EQ(Prepare("import http from 'k6/http';\n"
                    "export default function () { http.get(__ENV.TARGET); }\n",
                    PerVu(1, 5)),
            absl::OkStatus());
  RunToEnd();
  Release();
  std::ifstream file(log);
  int requests = 0;
  for (std::string line; std::getline(file, line);) {
    requests += line.find(R"("metric":"http_reqs")") != std::string::npos;
  }
  EXPECT_EQ(requests, 5);
  std::filesystem::remove(log);
}

TEST_F(WorkerTest, RawSamplesTellVuIterationAndAddressWhenAsked) {
  const std::filesystem::path log =
      std::filesystem::path(testing::TempDir()) / "kload_worker_tags.ndjson";
  std::filesystem::remove(log);
  options_.system_tags = {"vu", "iter", "ip"};
  StartWorker({.index = 0, .count = 1, .sample_log = log.string()});
  ASSERT_EQ(Prepare("import http from 'k6/http';\n"
                    "export default function () { http.get(__ENV.TARGET); }\n",
                    PerVu(2, 2)),
            absl::OkStatus());
  RunToEnd();
  Release();
  std::ifstream file(log);
  std::set<std::string> requests;
  std::set<std::string> iterations;
  for (std::string line; std::getline(file, line);) {
    if (line.find(R"("metric":"http_reqs")") != std::string::npos) requests.insert(line);
    if (line.find(R"("metric":"iterations")") != std::string::npos) iterations.insert(line);
  }
  EXPECT_EQ(requests.size(), 4U);
  for (const char* vu : {"1", "2"}) {
    for (const char* iter : {"0", "1"}) {
      const std::string tags = fmt::format(R"("iter":"{}","vu":"{}")", iter, vu);
      EXPECT_EQ(requests.count(R"({"metric":"http_reqs","tags":{"ip":"127.0.0.1",)" +
                               fmt::format(R"("iter":"{}","vu":"{}"}},"value":1.0}})", iter, vu)),
                1U);
      EXPECT_EQ(iterations.count(R"({"metric":"iterations","tags":{)" + tags + R"(},"value":1.0})"),
                1U);
    }
  }
  std::filesystem::remove(log);
}

TEST_F(WorkerTest, HttpDebugIsLogged) {
  options_.network.http_debug = HttpDebug::kHeaders;
  ASSERT_EQ(Prepare("import http from 'k6/http';\n"
                    "export default function () { http.get(__ENV.TARGET); }\n",
                    PerVu(1, 1)),
            absl::OkStatus());
  RunToEnd();
  Release();
  EXPECT_THAT(events_.logged(), testing::ElementsAre(HasSubstr("Request: request_id=1-1-1\nGET /"),
                                                     HasSubstr("Response: request_id=1-1-1\n")));
}

TEST_F(WorkerTest, SetupHasTheWholeRateAndVusTheirShare) {
  options_.network.rps = 10;
  const char* const script =
      "import http from 'k6/http';\n"
      "export function setup() { for (let i = 0; i < 3; i++) http.get(__ENV.TARGET); }\n"
      "export default function () { http.get(__ENV.TARGET); }\n";
  // Of two agents' slots, this one has every second.
  ASSERT_EQ(Prepare(script, PerVu(2, 4), {0, 2}), absl::OkStatus());
  Nanos begun = clock_.Now();
  worker_->RunPhase(PhaseKind::kSetup, "");
  EXPECT_EQ(events_.Await<PhaseEnded>().outcome.exit_code, 0);
  const Nanos setup = clock_.Now() - begun;
  EXPECT_GE(setup, 100ms);
  begun = clock_.Now();
  RunToEnd();
  EXPECT_GE(clock_.Now() - begun, 600ms);
  EXPECT_EQ(server_.requests().size(), 7U);
  Release();
}

TEST(WorkerStartTest, SampleLogThatCannotBeWrittenIsAnError) {
  SystemClock clock;
  const auto worker = Worker::Start({.index = 0, .count = 1, .sample_log = "/no/such/folder/x"},
                                    clock, [](WorkerEvent) {});
  EXPECT_THAT(Message(worker.status()), HasSubstr("/no/such/folder/x"));
}

// ---- Requests beside the script ----

TEST_F(WorkerTest, ABatchIsSentOverSeveralConnectionsThatAreKept) {
  ASSERT_EQ(Prepare("import http from 'k6/http';\n"
                    "export default function () {\n"
                    "  const all = http.batch(Array(10).fill(__ENV.TARGET));\n"
                    "  console.log(all.map((r) => r.body).join());\n"
                    "}\n",
                    PerVu(1, 3)),
            absl::OkStatus());
  const Measured measured = RunToEnd();
  EXPECT_EQ(measured.counters.at("http_reqs"), 30);
  EXPECT_EQ(server_.requests().size(), 30u);
  EXPECT_GT(server_.connections(), 1u);
  EXPECT_LE(server_.connections(), 6u) << "batchPerHost";
  EXPECT_THAT(events_.logged(), testing::Each(HasSubstr("hello,hello,hello")));
  Release();
}

TEST_F(WorkerTest, AsyncRequestsRunBesideTimersAndBlockingOnes) {
  ASSERT_EQ(
      Prepare("import http from 'k6/http';\n"
              "import { sleep } from 'k6';\n"
              "export default async function () {\n"
              "  const slow = http.asyncRequest('GET', __ENV.TARGET);\n"
              "  sleep(0.01);\n"
              "  http.get(__ENV.TARGET);\n"
              "  await new Promise((done) => setTimeout(done, 5));\n"
              "  const all = await Promise.all([slow, http.asyncRequest('GET', __ENV.TARGET)]);\n"
              "  console.log(all.map((r) => r.body).join());\n"
              "}\n",
              PerVu(3, 2)),
      absl::OkStatus());
  const Measured measured = RunToEnd();
  EXPECT_EQ(measured.counters.at("http_reqs"), 18);
  EXPECT_EQ(measured.counters.at("iterations"), 6);
  EXPECT_THAT(events_.logged(), testing::SizeIs(6));
  EXPECT_THAT(events_.logged(), testing::Each("hello,hello"));
  Release();
}

TEST_F(WorkerTest, WhatIsUnderWayEndsWithTheVu) {
  ScriptedServer silent({[](Peer& peer) {
    while (!peer.ReadSome().empty()) continue;
  }});
  const std::string url = silent.Url("/");
  Scenario scenario = Constant(2, 1s);
  scenario.graceful_stop = 0ns;
  ASSERT_EQ(Prepare("import http from 'k6/http';\n"
                    "export default async function () {\n"
                    "  http.asyncRequest('GET', '" +
                        url +
                        "');\n"
                        "  if (__VU === 1) http.batch(['" +
                        url + "', '" + url +
                        "']);\n"
                        "}\n",
                    scenario),
            absl::OkStatus());
  const Measured measured = RunToEnd();
  EXPECT_EQ(measured.last.scenarios[0].iterations_interrupted, 2u);
  EXPECT_EQ(measured.counters.count("http_reqs"), 0u);
  EXPECT_EQ(measured.counters.at("http_reqs_interrupted"), 4);
  Release();
}

TEST_F(WorkerTest, AnExceptionEndsWhatIsUnderWayButNotTheVu) {
  ScriptedServer silent({[](Peer& peer) {
    while (!peer.ReadSome().empty()) continue;
  }});
  ASSERT_EQ(Prepare("import http from 'k6/http';\n"
                    "export default function () {\n"
                    "  if (__ITER === 0) {\n"
                    "    http.asyncRequest('GET', '" +
                        silent.Url("/") +
                        "');\n"
                        "    throw new Error('oops');\n"
                        "  }\n"
                        "  console.log(http.get(__ENV.TARGET).body);\n"
                        "}\n",
                    PerVu(1, 2)),
            absl::OkStatus());
  EXPECT_EQ(RunToEnd().counters.at("iterations"), 2);
  EXPECT_EQ(events_.logged().back(), "hello");
  Release();
}

// ---- k6/execution ----

TEST_F(WorkerTest, NumbersAreThoseOfTheWholeTest) {
  StartWorker({.index = 1, .count = 2, .sample_log = ""});
  ASSERT_EQ(
      Prepare(
          "import exec from 'k6/execution';\n"
          "export default function () {\n"
          "  console.log([exec.vu.idInTest, exec.vu.idInInstance, exec.vu.iterationInScenario,\n"
          "      exec.scenario.iterationInTest, exec.scenario.iterationInInstance].join());\n"
          "}\n",
          PerVu(10, 2), {1, 2}),
      absl::OkStatus());
  RunToEnd();
  // Of the slice's VUs 2, 4, 6, 8, 10 the worker has 4 and 8: iterations 3, 7 and then 13, 17 of the test.
  std::vector<std::string> vus;
  std::vector<std::string> in_test;
  for (const std::string& line : events_.logged()) {
    vus.push_back(line.substr(0, 3));
    in_test.push_back(line.substr(6));
  }
  EXPECT_THAT(vus, testing::UnorderedElementsAre("4,2", "4,2", "8,4", "8,4"));
  EXPECT_THAT(in_test, testing::UnorderedElementsAre("3,1", "7,3", "13,6", "17,8"));
  Release();
}

TEST_F(WorkerTest, TagsThatAVuSetsAreOnItsSamples) {
  ASSERT_EQ(Prepare("import exec from 'k6/execution';\n"
                    "import { group } from 'k6';\n"
                    "import { Counter } from 'k6/metrics';\n"
                    "const c = new Counter('hits');\n"
                    "export default function () {\n"
                    "  if (__ITER === 0) exec.vu.tags.team = 'blue';\n"
                    "  group('g', () => c.add(1));\n"
                    "  if (__ITER === 1) { delete exec.vu.tags.team; c.add(10); }\n"
                    "}\n",
                    PerVu(1, 2)),
            absl::OkStatus());
  worker_->StartRun(clock_.Now(), "");
  const WorkerDelta delta = events_.Await<WorkerDelta>();
  std::map<std::string, double> by_team;
  for (const SeriesDelta& series : delta.series) {
    if (series.key->metric.name != "hits") continue;
    std::string team;
    for (const auto& [name, value] : series.key->tags) team += name == "team" ? value : "";
    by_team[team] += std::get<CounterSink>(series.increment).sum.value();
  }
  EXPECT_THAT(by_team, testing::ElementsAre(testing::Pair("", 10), testing::Pair("blue", 2)));
  Release();
}

TEST_F(WorkerTest, AbortIsToldAndEndsTheIteration) {
  ASSERT_EQ(
      Prepare("import exec from 'k6/execution';\n"
              "export default function () { exec.test.abort('why'); console.log('never'); }\n",
              PerVu(1, 1)),
      absl::OkStatus());
  worker_->StartRun(clock_.Now(), "");
  const auto call = events_.Await<TestCallRecord>();
  EXPECT_EQ(call.call, k6::TestCall::kAbort);
  EXPECT_EQ(call.message, "why");
  EXPECT_EQ(AwaitEnd().last.scenarios[0].iterations_interrupted, 1u);
  EXPECT_THAT(events_.logged(), IsEmpty());
  Release();
}

TEST_F(WorkerTest, CookiesLiveAsLongAsTheirIteration) {
  ScriptedServer server({Always(Ok("x", "Set-Cookie: sid=1\r\n"))});
  ASSERT_EQ(Prepare("import http from 'k6/http';\n"
                    "export default function () { http.get('" +
                        server.Url("/a") + "'); http.get('" + server.Url("/b") + "'); }\n",
                    PerVu(1, 2)),
            absl::OkStatus());
  RunToEnd();
  const std::vector<std::string> requests = server.requests();
  ASSERT_EQ(requests.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(requests[i].find("Cookie: sid=1\r\n") != std::string::npos, i % 2 == 1) << i;
  }
  Release();
}

// ---- Externally controlled ----

TEST_F(WorkerTest, AControlledScenarioHasTheVusThatItIsTold) {
  Scenario scenario;
  scenario.name = "peak";
  scenario.executor = ExecutorKind::kExternallyControlled;
  scenario.vus = 1;
  scenario.max_vus = 4;
  scenario.duration = 3500ms;
  scenario.graceful_stop = 0ns;
  ASSERT_EQ(Prepare("import { sleep } from 'k6';\nexport default function () { sleep(0.05); }\n",
                    scenario),
            absl::OkStatus());
  worker_->StartRun(clock_.Now(), "");
  WorkerDelta delta = events_.Await<WorkerDelta>();
  EXPECT_EQ(delta.health.vus_active, 1);
  EXPECT_EQ(delta.health.vus_scheduled, 1);
  worker_->Scale("peak", 3);
  delta = events_.Await<WorkerDelta>();
  EXPECT_EQ(delta.health.vus_active, 3);
  EXPECT_EQ(delta.health.vus_scheduled, 3);
  worker_->Scale("other", 4);
  worker_->Scale("peak", 0);
  delta = events_.Await<WorkerDelta>();
  EXPECT_EQ(delta.health.vus_active, 0);
  EXPECT_EQ(delta.health.vus_scheduled, 0);
  EXPECT_TRUE(AwaitEnd().last.ended);
  Release();
}

}  // namespace
}  // namespace kload::agent
