// A small result with a bit of everything, hostile names included.
#pragma once

#include <memory>
#include <utility>

#include "kctl/report/report.h"

namespace kload::kctl {

inline constexpr char kHostileName[] = "</script><script>alert('x')</script> & \"q\" | `c` <!--";

inline MetricSummary SomeMetric(std::string name, MetricType type, ValueKind kind,
                                ThresholdResult threshold) {
  return {.name = std::move(name),
          .parent = "",
          .type = type,
          .contains = kind,
          .values = {},
          .thresholds = {std::move(threshold)}};
}

inline RunSummary SomeSummary() {
  RunSummary summary;
  summary.duration = std::chrono::seconds(10);
  summary.metrics = {
      SomeMetric("http_req_duration", MetricType::kTrend, ValueKind::kTime,
                 {.expression = "p(95)<150", .ok = false, .method = "p(95)", .observed = 190.5}),
      SomeMetric("http_req_failed", MetricType::kRate, ValueKind::kDefault,
                 {.expression = "rate<0.5", .ok = true, .method = "rate", .observed = 0.02})};
  summary.root_group.groups.push_back({.name = "login",
                                       .path = "::login",
                                       .groups = {},
                                       .checks = {{kHostileName, "", 49, 1}, {"fast", "", 50, 0}}});
  AgentSummary lost{.name = "a2", .lost = true, .lost_at = std::chrono::milliseconds(4200)};
  lost.lost_why = "no heartbeat for 3s";
  lost.cores = 2;
  summary.agents = {{.name = "a1", .requests = 100, .cpu_ratio_max = 0.5, .cores = 4},
                    std::move(lost)};
  summary.soundness = {SoundnessLabel::kDegraded,
                       {{SoundnessLabel::kDegraded, "agent 'a2' was lost", "a2"}}};
  return summary;
}

inline Result SomeResult() {
  Result result;
  result.run_id = "20260131-083000-1";
  result.script = "stress.js";
  result.state = "finished";
  result.exit_code = 99;
  result.message = "thresholds on metrics 'http_req_duration' have been crossed";
  result.started_unix = Nanos(1'769'848'200'000'000'000);
  result.duration = std::chrono::seconds(10);
  result.agents = 2;
  result.plan.options.consolidated_options_json =
      R"({"vus":3,"tlsAuth":[{"cert":"c","key":"SECRET","password":"SECRET"}]})";
  result.summary = SomeSummary();
  TrendSink trend;
  for (int i = 1; i <= 100; ++i) trend.Add(2.0 * i, ValueKind::kTime);
  result.metrics.push_back({{"http_req_duration", MetricType::kTrend, ValueKind::kTime}, trend});
  result.metrics.push_back(
      {{"http_req_failed", MetricType::kRate, ValueKind::kDefault}, RateSink{100, 2}});
  result.endpoints.push_back({.method = "GET",
                              .name = kHostileName,
                              .duration = trend,
                              .requests = 100,
                              .failed = 2,
                              .statuses = {{"200", 98}, {"503", 2}},
                              .error_codes = {{"1503", 2}}});
  for (int second = 1; second <= 10; ++second) {
    ResultPoint point;
    point.at = std::chrono::seconds(second);
    point.length = std::chrono::seconds(1);
    point.vus = 3;
    point.requests = second == 10 ? 0 : 11;
    point.p95 = 190;
    point.heat = {0, 0, 5, 6};
    result.points.push_back(std::move(point));
  }
  result.notes.push_back({.at = std::chrono::milliseconds(4200),
                          .kind = "agent-lost",
                          .agent = "a2",
                          .text = "agent 'a2' was lost"});
  return result;
}

// With judgements as they come from the analyses, so that these tests are about the renderers alone.
inline Report SomeReport() {
  using analysis::TargetVerdict;
  Report report{SomeResult(), {}, {}};
  report.targets = {
      {"Response time", "Health", "4.1 ms", "< 100 ms", "", "", TargetVerdict::kMet},
      {"Reliability", "Errors", "2.00 %", "< 1 %", "5 %", "", TargetVerdict::kMissed},
      {"Reliability", "Timeouts", "", "< 1 %", "", "no error codes", TargetVerdict::kUnknown}};
  report.findings = {{"slow-endpoint", analysis::Severity::kProblem, "One endpoint is slow",
                      "p95 of GET /a|b is 190 ms.", "Its queries."}};
  return report;
}

}  // namespace kload::kctl
