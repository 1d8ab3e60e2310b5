// What one agent reports in a second of a guide-like test: 50 series, a third of them histograms.
//
// Thread: plain values.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "common/metric/delta.h"

namespace kload::bench {

inline constexpr size_t kSeriesPerAgent = 50;

// The keys are the same for all agents, as those of one script are.
inline std::vector<SeriesKeyPtr> MakeKeys() {
  std::vector<SeriesKeyPtr> keys;
  for (size_t i = 0; keys.size() < kSeriesPerAgent; ++i) {
    const Tags tags = {{"expected_response", "true"},
                       {"group", ""},
                       {"method", "GET"},
                       {"name", fmt::format("http://api.test/api/items/{}", i)},
                       {"proto", "HTTP/1.1"},
                       {"scenario", "default"},
                       {"status", "200"}};
    const auto add = [&](const char* name, MetricType type, ValueKind kind) {
      if (keys.size() == kSeriesPerAgent) return;
      keys.push_back(
          std::make_shared<const SeriesKey>(SeriesKey{MetricDef{name, type, kind}, tags}));
    };
    add("http_reqs", MetricType::kCounter, ValueKind::kDefault);
    add("http_req_duration", MetricType::kTrend, ValueKind::kTime);
    add("http_req_failed", MetricType::kRate, ValueKind::kDefault);
    add("http_req_waiting", MetricType::kTrend, ValueKind::kTime);
    add("checks", MetricType::kRate, ValueKind::kDefault);
    add("data_received", MetricType::kCounter, ValueKind::kData);
  }
  return keys;
}

// One second's delta: `samples` in each series, latencies log-normal around 20 ms.
inline Delta MakeDelta(const std::vector<SeriesKeyPtr>& keys, const std::string& run_id,
                       uint64_t sequence, size_t samples, std::mt19937& random) {
  std::lognormal_distribution<double> latency(std::log(20.0), 0.5);
  Delta delta;
  delta.run_id = run_id;
  delta.sequence = sequence;
  delta.interval_start = std::chrono::seconds(sequence - 1);
  delta.interval_end = std::chrono::seconds(sequence);
  delta.health.vus_active = delta.health.vus_initialized = delta.health.vus_scheduled = 10;
  delta.scenarios = {{.name = "default", .vus_active = 10, .iterations_complete = sequence * 100}};
  for (const SeriesKeyPtr& key : keys) {
    Sink sink = MakeSink(key->metric.type);
    for (size_t i = 0; i < samples; ++i) {
      if (auto* counter = std::get_if<CounterSink>(&sink)) counter->Add(1);
      if (auto* rate = std::get_if<RateSink>(&sink)) rate->Add(0);
      if (auto* trend = std::get_if<TrendSink>(&sink)) {
        trend->Add(latency(random), key->metric.contains);
      }
    }
    delta.series.push_back({key, std::move(sink)});
  }
  return delta;
}

}  // namespace kload::bench
