// Whether memory grows with the number of samples: many millions of them through a worker's recorder, the wire, and the
// controller's merge, a delta after every simulated second. Prints JSON; scripts/bench runs it.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "agent/record/recorder.h"
#include "common/wire/delta_wire.h"
#include "controller/merge/cluster_series.h"
#include "tests/bench/process.h"

namespace kload::bench {
namespace {

constexpr uint64_t kSamplesPerRequest = 9;
constexpr uint64_t kRequestsPerSecond = 50'000;

class SamplesBench {
 public:
  SamplesBench()
      : recorder_(metrics_, {.system_tags = {"method", "name", "proto", "scenario", "status",
                                             "group", "expected_response"},
                             .series_tags = {},
                             .sample_log = {}}),
        scope_(recorder_.InternScope({{"group", ""}, {"scenario", "default"}})) {
    for (int i = 0; i < 20; ++i) {
      http::Hop hop;
      hop.method = "GET";
      hop.url = fmt::format("http://api.test/api/items/{}", i);
      hop.status = 200;
      hop.proto = "HTTP/1.1";
      hops_.push_back(std::move(hop));
    }
  }

  bool Second(uint64_t number) {
    for (uint64_t i = 0; i < kRequestsPerSecond; ++i) {
      http::Hop& hop = hops_[i % hops_.size()];
      hop.timings.waiting = Nanos(static_cast<int64_t>(latency_(random_) * 1e9));
      recorder_.AddHop(scope_, hop, {}, std::chrono::seconds(number));
    }
    const double begun = CpuSeconds();
    Delta delta;
    delta.run_id = "run";
    delta.sequence = number;
    delta.interval_end = std::chrono::seconds(number);
    delta.series = recorder_.TakeDelta();
    const std::string bytes = encoder_.Encode(delta).SerializeAsString();
    delta_cpu_ += CpuSeconds() - begun;
    v1::Delta message;
    if (!message.ParseFromString(bytes)) return false;
    const auto decoded = decoder_.Decode(message);
    return decoded.ok() && series_.Add(*decoded).ok();
  }

  double delta_cpu() const { return delta_cpu_; }

 private:
  const MetricTable metrics_;
  agent::Recorder recorder_;
  const agent::Recorder::Scope* const scope_;
  std::vector<http::Hop> hops_;
  std::mt19937 random_{7};
  std::lognormal_distribution<double> latency_{std::log(0.02), 0.5};
  wire::DeltaEncoder encoder_;
  wire::DeltaDecoder decoder_;
  controller::ClusterSeries series_;
  double delta_cpu_ = 0;
};

int Main(uint64_t millions) {
  const uint64_t seconds =
      std::max<uint64_t>(10, millions * 1'000'000 / (kRequestsPerSecond * kSamplesPerRequest) + 1);
  SamplesBench bench;
  size_t early = 0;
  for (uint64_t second = 1; second <= seconds; ++second) {
    if (!bench.Second(second)) return 1;
    if (second == seconds / 10) early = ResidentBytes();
  }
  const double growth = static_cast<double>(ResidentBytes()) - static_cast<double>(early);
  std::puts(fmt::format("{{\"samples\": {}, \"growth_bytes\": {:.0f}, \"delta_cores\": {:.5f}}}",
                        seconds * kRequestsPerSecond * kSamplesPerRequest, growth,
                        bench.delta_cpu() / static_cast<double>(seconds))
                .c_str());
  return 0;
}

}  // namespace
}  // namespace kload::bench

int main(int argc, char** argv) {
  return kload::bench::Main(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100);
}
