// Results out of a random generator with a known truth.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "common/result/result.h"

namespace kload::analysis {

// What a synthetic target is like.
struct Made {
  uint64_t seed = 1;
  int seconds = 120;
  double requests_per_second = 200;
  double median_ms = 40;
  double spread = 0.5;  // of the logarithm
  double failed = 0.002;
  double moment = 0;         // spread of the logarithm of what all requests of a second share
  double persistence = 0.8;  // how much of it stays to the next second
};

inline void AddPoint(Result& result, Endpoint& endpoint, ResultPoint point, TrendSink& second) {
  constexpr ValueKind kKind = ValueKind::kTime;
  point.p50 = second.Quantile(0.5, kKind);
  point.p95 = second.Quantile(0.95, kKind);
  point.p99 = second.Quantile(0.99, kKind);
  point.heat = HeatOf(second);
  endpoint.duration.Merge(second);
  endpoint.requests += point.requests;
  endpoint.failed += point.failed;
  result.points.push_back(std::move(point));
}

inline Result MakeResult(const Made& made) {
  std::mt19937_64 random(made.seed);
  std::normal_distribution<double> normal;
  std::poisson_distribution<int> arrivals(made.requests_per_second);
  std::uniform_real_distribution<double> uniform;
  Result result{
      .run_id = "run-" + std::to_string(made.seed), .script = "made.js", .state = "finished"};
  result.agents = 2;
  result.knows_error_codes = true;
  Scenario scenario;
  scenario.executor = ExecutorKind::kConstantVus;
  scenario.vus = 50;
  scenario.duration = std::chrono::seconds(made.seconds);
  result.plan.scenarios.push_back(scenario);
  Endpoint endpoint{.method = "GET", .name = "http://target/api/things"};
  double shared = 0;
  for (int i = 0; i < made.seconds; ++i) {
    shared = made.persistence * shared +
             made.moment * std::sqrt(1 - made.persistence * made.persistence) * normal(random);
    TrendSink second;
    ResultPoint point{
        .at = std::chrono::seconds(i + 1), .length = std::chrono::seconds(1), .vus = 50};
    point.requests = static_cast<uint64_t>(arrivals(random));
    for (uint64_t j = 0; j < point.requests; ++j) {
      second.Add(made.median_ms * std::exp(shared + made.spread * normal(random)),
                 ValueKind::kTime);
      point.failed += uniform(random) < made.failed;
    }
    AddPoint(result, endpoint, std::move(point), second);
  }
  result.duration = std::chrono::seconds(made.seconds);
  result.metrics.push_back(
      {{"http_req_duration", MetricType::kTrend, ValueKind::kTime}, endpoint.duration});
  RateSink failed;
  failed.total = endpoint.requests;
  failed.nonzero = endpoint.failed;
  result.metrics.push_back({{"http_req_failed", MetricType::kRate, ValueKind::kDefault}, failed});
  result.endpoints.push_back(std::move(endpoint));
  RunSummary summary;
  summary.soundness.label = SoundnessLabel::kTrustworthy;
  result.summary = summary;
  return result;
}

}  // namespace kload::analysis
