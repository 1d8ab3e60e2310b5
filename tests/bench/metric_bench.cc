// Samples on their way from a script to the controller's verdict.
#include <benchmark/benchmark.h>

#include <random>

#include "agent/record/recorder.h"
#include "common/metric/histogram.h"
#include "common/wire/delta_wire.h"
#include "controller/merge/cluster_series.h"
#include "controller/verdict/verdict.h"
#include "tests/bench/series_of_agent.h"

namespace kload::bench {
namespace {

std::vector<double> Latencies() {
  std::mt19937 random(3);
  std::lognormal_distribution<double> latency(std::log(0.02), 0.5);
  std::vector<double> values(4096);
  for (double& value : values) value = latency(random);
  return values;
}

void HistogramInsert(benchmark::State& state) {
  const std::vector<double> values = Latencies();
  Histogram histogram;
  size_t i = 0;
  for (auto _ : state) histogram.Add(values[i++ % values.size()]);
}
BENCHMARK(HistogramInsert);

agent::Recorder::Options Options(std::vector<std::string> system_tags) {
  return {.system_tags = std::move(system_tags), .series_tags = {}, .sample_log = {}};
}

http::Hop HopOf(double seconds) {
  http::Hop hop;
  hop.method = "GET";
  hop.url = "http://127.0.0.1:3001/api/health";
  hop.status = 200;
  hop.proto = "HTTP/1.1";
  hop.timings.waiting = Nanos(static_cast<int64_t>(seconds * 1e9));
  hop.timings.sending = Nanos(12'000);
  hop.timings.receiving = Nanos(30'000);
  return hop;
}

// The nine metrics of one request.
void RecordRequest(benchmark::State& state) {
  const MetricTable metrics;
  agent::Recorder recorder(metrics, Options({"method", "name", "proto", "scenario", "status",
                                             "group", "expected_response"}));
  const auto* scope = recorder.InternScope({{"group", ""}, {"scenario", "default"}});
  std::vector<http::Hop> hops;
  for (const double latency : Latencies()) hops.push_back(HopOf(latency));
  size_t i = 0;
  for (auto _ : state) recorder.AddHop(scope, hops[i++ % hops.size()], {}, Nanos(0));
}
BENCHMARK(RecordRequest);

void RecordSample(benchmark::State& state) {
  const MetricTable metrics;
  agent::Recorder recorder(metrics, Options({"scenario", "group"}));
  const auto* scope = recorder.InternScope({{"group", ""}, {"scenario", "default"}});
  for (auto _ : state) recorder.Add(scope, Builtin::kIterationDuration, 3.5, {}, Nanos(0));
}
BENCHMARK(RecordSample);

void RecordCheck(benchmark::State& state) {
  const MetricTable metrics;
  agent::Recorder recorder(metrics, Options({"scenario", "group", "check"}));
  const auto* scope = recorder.InternScope({{"group", ""}, {"scenario", "default"}});
  for (auto _ : state) recorder.AddCheck(scope, "status is 200", true, {}, Nanos(0));
}
BENCHMARK(RecordCheck);

// What an agent spends on deltas: a second of 50,000 requests in 50 series, taken and encoded. Per delta.
void TakeAndEncodeDelta(benchmark::State& state) {
  std::mt19937 random(3);
  const std::vector<SeriesKeyPtr> keys = MakeKeys();
  const Delta delta = MakeDelta(keys, "run", 1, 1000, random);
  wire::DeltaEncoder encoder;
  size_t bytes = 0;
  for (auto _ : state) {
    Delta copy = delta;  // as the series table does, whose sinks keep their memory
    bytes = encoder.Encode(copy).SerializeAsString().size();
  }
  state.counters["wire_bytes"] = static_cast<double>(bytes);
}
BENCHMARK(TakeAndEncodeDelta);

void DecodeDelta(benchmark::State& state) {
  std::mt19937 random(3);
  wire::DeltaEncoder encoder;
  const v1::Delta message = encoder.Encode(MakeDelta(MakeKeys(), "run", 1, 20, random));
  for (auto _ : state) {
    wire::DeltaDecoder decoder;
    benchmark::DoNotOptimize(decoder.Decode(message).ok());
  }
}
BENCHMARK(DecodeDelta);

void MergeDelta(benchmark::State& state) {
  std::mt19937 random(3);
  const Delta delta = MakeDelta(MakeKeys(), "run", 1, 20, random);
  controller::ClusterSeries series;
  for (auto _ : state) benchmark::DoNotOptimize(series.Add(delta).ok());
}
BENCHMARK(MergeDelta);

void EvaluateThresholds(benchmark::State& state) {
  std::mt19937 random(3);
  controller::ClusterSeries series;
  const MetricTable metrics;
  std::vector<ThresholdSpec> specs(3);
  specs[0].selector = specs[1].selector = "http_req_duration";
  specs[2].selector = "http_req_failed";
  specs[0].expression = "p(95)<500";
  specs[1].expression = "p(99)<2000";
  specs[2].expression = "rate<0.01";
  controller::Verdict verdict(controller::ParseThresholds(specs, metrics).value());
  verdict.WatchIn(series);
  if (!series.Add(MakeDelta(MakeKeys(), "run", 1, 1000, random)).ok()) std::abort();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        verdict.Evaluate(series, std::chrono::seconds(10), controller::Verdict::Pass::kTick).abort);
  }
}
BENCHMARK(EvaluateThresholds);

}  // namespace
}  // namespace kload::bench
