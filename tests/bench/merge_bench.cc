// How much processor a controller needs for the deltas of a large cluster: the real core with its store on disk, and as many
// simulated agents as asked for, each with 50 changed series a second. Virtual time, so that a slow machine shows as a number
// and not as lag. Prints JSON; scripts/bench runs it.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "common/wire/delta_wire.h"
#include "controller/core/core.h"
#include "controller/link/agent_decoder.h"
#include "tests/bench/process.h"
#include "tests/bench/series_of_agent.h"
#include "tests/unit/controller/core/fakes.h"

namespace kload::bench {
namespace {

using std::chrono::seconds;
using namespace controller;  // NOLINT(google-build-using-namespace): a program, not a header

struct Agent {
  std::string name;
  LinkId link = 0;
  std::shared_ptr<FakeStream> stream = std::make_shared<FakeStream>();
  wire::DeltaEncoder encoder;
  AgentDecoder decoder;
};

class MergeBench {
 public:
  MergeBench(size_t agents, const std::string& folder) {
    core_ = std::make_unique<Core>(clock_, Store::Open(folder).value(), "bench",
                                   [this](const ClusterFigures&) { ++published_; });
    for (size_t i = 0; i < agents; ++i) Join(i);
    Begin();
  }

  // One second of the cluster; returns the processor time that the controller's side of it took.
  double Second(uint64_t number) {
    std::vector<std::string> wire;
    for (Agent& agent : agents_) {
      v1::AgentMessage message;
      *message.mutable_delta() =
          agent.encoder.Encode(MakeDelta(keys_, run_id_, number, kSamples, random_));
      wire.push_back(message.SerializeAsString());
      agent.stream->sent.clear();
    }
    clock_.Advance(seconds(1));
    const double begun = CpuSeconds();
    for (size_t i = 0; i < agents_.size(); ++i) {
      core_->OnEvent(agents_[i].link, HeartbeatArrived{0.5, 1000, run_id_});
      Deliver(agents_[i], wire[i]);
    }
    for (Nanos passed{0}; passed < seconds(1); passed += Core::kTickInterval) core_->Tick();
    return CpuSeconds() - begun;
  }

  bool AllAcknowledged() const {
    for (const Agent& agent : agents_) {
      const auto kinds = agent.stream->Kinds();
      if (std::find(kinds.begin(), kinds.end(), "ack") == kinds.end()) return false;
    }
    return true;
  }
  int published() const { return published_; }

 private:
  static constexpr size_t kSamples = 20;  // of each series in a second

  void Join(size_t number) {
    Agent& agent = agents_.emplace_back();
    agent.name = fmt::format("agent-{}", number);
    agent.link = number + 1;
    core_->OnHello(agent.link,
                   {.name = agent.name,
                    .incarnation = agent.name + "-i",
                    .version = "bench",
                    .address = "10.0.0.1:1",
                    .threads = 1,
                    .protocol = kProtocol},
                   agent.stream);
    core_->OnEvent(agent.link, PongArrived{clock_.Now(), clock_.Now(), clock_.Now()});
  }

  void Begin() {
    AdmittedRun run;
    run.spec.script = "bench.js";
    Scenario scenario;
    scenario.executor = ExecutorKind::kConstantVus;
    scenario.vus = static_cast<int64_t>(agents_.size()) * 10;
    scenario.duration = std::chrono::hours(1);
    run.spec.plan.scenarios = {scenario};
    run.spec.agents = static_cast<uint32_t>(agents_.size());
    run.order.mutable_bundle()->set_main("/bench.js");
    run_id_ = core_->runs().Start(std::move(run)).value();
    for (const Agent& agent : agents_) core_->OnEvent(agent.link, PreparedArrived{run_id_, ""});
    clock_.Advance(seconds(2));
    core_->Tick();
  }

  void Deliver(Agent& agent, const std::string& bytes) {
    v1::AgentMessage message;
    message.ParseFromString(bytes);
    core_->OnEvent(agent.link, agent.decoder.Decode(std::move(message), clock_.Now()).value());
  }

  FakeClock clock_;
  std::mt19937 random_{7};
  const std::vector<SeriesKeyPtr> keys_ = MakeKeys();
  std::vector<Agent> agents_;
  std::unique_ptr<Core> core_;
  std::string run_id_;
  int published_ = 0;
};

int Main(size_t agents, uint64_t duration) {
  spdlog::set_level(spdlog::level::off);
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("kload-merge-bench-{}", getpid());
  double cpu = 0;
  double worst = 0;
  bool acknowledged = true;
  size_t early = 0;
  {
    MergeBench bench(agents, folder.string());
    for (uint64_t second = 1; second <= duration; ++second) {
      const double took = bench.Second(second);
      cpu += took;
      worst = std::max(worst, took);
      acknowledged = acknowledged && bench.AllAcknowledged();
      if (second == duration / 2) early = ResidentBytes();
    }
    const double growth = static_cast<double>(ResidentBytes()) - static_cast<double>(early);
    std::puts(fmt::format("{{\"agents\": {}, \"series_per_agent\": {}, \"seconds\": {}, "
                          "\"cores\": {:.3f}, \"worst_second\": {:.3f}, \"acknowledged\": {}, "
                          "\"growth_bytes_second_half\": {:.0f}}}",
                          agents, kSeriesPerAgent, duration, cpu / static_cast<double>(duration),
                          worst, acknowledged, growth)
                  .c_str());
  }
  std::filesystem::remove_all(folder);
  return acknowledged ? 0 : 1;
}

}  // namespace
}  // namespace kload::bench

int main(int argc, char** argv) {
  return kload::bench::Main(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000,
                            argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 20);
}
