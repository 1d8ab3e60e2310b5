#include "common/analysis/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"
#include "tests/unit/common/analysis/made_result.h"

namespace kload::analysis {
namespace {

using ::testing::HasSubstr;

constexpr char kFile[] = R"(response_time:
  - {name: Health checks, match: "GET */health", target: 50ms, critical: 100ms}
  - {name: Things, match: ["GET */things"], target: 50ms, critical: 2s}
  - {name: Everything else, match: "*", target: 200ms, quantile: p99}
throughput:
  requests_per_second: 1000
  database_connections: 10-20
reliability:
  error_rate: <1%
  timeout_rate: "<0.5%"
  cache_hit_rate: {target: ">70%", critical: ">50%"}
  uptime: 99.9%
watch:
  url: http://localhost:3001/api/metrics
  metrics:
    cache_hit_rate: rate(hits_total[10s]) / rate(reads_total[10s])
    database_connections: db_pool_connections{state="active"}
)";

TargetRow RowOf(const std::vector<TargetRow>& rows, const std::string& name) {
  for (const TargetRow& row : rows) {
    if (row.name == name) return row;
  }
  ADD_FAILURE() << "no row " << name;
  return {};
}

Targets Parsed() {
  absl::StatusOr<Targets> targets = ParseTargets(kFile, "targets.yaml");
  EXPECT_TRUE(targets.ok()) << targets.status();
  return targets.ok() ? *std::move(targets) : Targets();
}

TEST(Targets, AFileIsRead) {
  const Targets targets = Parsed();
  ASSERT_EQ(targets.latencies.size(), 3U);
  EXPECT_EQ(targets.latencies[1].critical_ms, 2000);
  EXPECT_EQ(targets.latencies[2].quantile, 0.99);
  ASSERT_EQ(targets.figures.size(), 6U);
  EXPECT_EQ(targets.figures[1].target, 10);
  EXPECT_EQ(targets.figures[1].target_high, 20);
  EXPECT_EQ(targets.figures[2].target, 0.01);
  EXPECT_FALSE(targets.figures[2].at_least);
  EXPECT_EQ(targets.figures[4].critical, 0.5);
  EXPECT_DOUBLE_EQ(targets.figures[5].target, 0.999);
  EXPECT_TRUE(targets.figures[5].at_least);
  EXPECT_EQ(targets.watch.size(), 2U);
}

TEST(Targets, ErrorsNameThePlaceAndWhatMayStandThere) {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"latency: 1\n", "t.yaml:1:10: unknown section \"latency\"; there are response_time"},
           {"response_time:\n  - {name: A, match: x, target: 200}\n",
            "t.yaml:2:33: expected a time with its unit"},
           {"response_time:\n  - {name: A, target: 200ms}\n", "has no match"},
           {"response_time:\n  - {name: A, match: x, target: 2s, critical: 1s}\n",
            "critical is below target"},
           {"reliability:\n  error_rate: low\n", "t.yaml:2:15: expected a number"},
           {"reliability:\n  my_rate: 0.5\n", "write >0.5 or <0.5"},
           {"reliability:\n  my_rate: <0.5\n", "nothing measures \"my_rate\""},
           {"throughput:\n  requests_per_second: 20-10\n", "expected a range"},
           {"reliability:\n  error_rate: 1\n", "error_rate is a share: write 1%"},
           {"reliability:\n  uptime: 99.9\n", "uptime is a share: write 99.9%"},
           {"reliability:\n  error_rate: {target: <5%, critical: 1%}\n",
            "critical is on the good side"},
           {"throughput:\n  requests_per_second: {target: 10-20, critical: 5}\n",
            "a range has no critical"},
           {"response_time:\n  - {name: A, match: x, target: 2s, quantile: }\n",
            "expected a quantile"}}) {
    const auto targets = ParseTargets(text, "t.yaml");
    ASSERT_FALSE(targets.ok()) << text;
    EXPECT_THAT(Message(targets.status()), HasSubstr(message));
  }
}

TEST(Targets, VerdictsComeFromMergedData) {
  Result result = MakeResult({.seconds = 30, .median_ms = 40, .spread = 0.3, .failed = 0});
  result.endpoints[0].timeouts = result.endpoints[0].requests / 100;
  const std::vector<TargetRow> rows = JudgeTargets(Parsed(), result);
  EXPECT_EQ(RowOf(rows, "Health checks p95").verdict, TargetVerdict::kUnknown);
  // 40 exp(1.645 * 0.3) = 65.5 ms
  const TargetRow things = RowOf(rows, "Things p95");
  EXPECT_EQ(things.verdict, TargetVerdict::kMissed);
  EXPECT_THAT(things.measured, HasSubstr("65"));
  EXPECT_EQ(things.detail, "GET /api/things");
  EXPECT_EQ(RowOf(rows, "error rate").verdict, TargetVerdict::kMet);
  EXPECT_EQ(RowOf(rows, "timeout rate").verdict, TargetVerdict::kMissed);
  EXPECT_EQ(RowOf(rows, "uptime").verdict, TargetVerdict::kMet);
  // 200 requests/s at a load that asked for no more.
  EXPECT_EQ(RowOf(rows, "requests per second").verdict, TargetVerdict::kUnknown);
  EXPECT_THAT(RowOf(rows, "cache hit rate").detail, HasSubstr("did not watch it"));
}

TEST(Targets, WatchedMetricsAreJudgedByTheirMean) {
  Result result = MakeResult({.seconds = 30});
  result.watched.push_back(
      {.name = "cache_hit_rate", .expression = "x", .points = {}, .problem = ""});
  for (int i = 1; i <= 30; ++i) result.watched[0].points.push_back({std::chrono::seconds(i), 0.45});
  result.watched.push_back({.name = "database_connections",
                            .expression = "y",
                            .points = {{Nanos(1), 15}},
                            .problem = ""});
  const std::vector<TargetRow> rows = JudgeTargets(Parsed(), result);
  EXPECT_EQ(RowOf(rows, "cache hit rate").verdict, TargetVerdict::kCritical);
  EXPECT_EQ(RowOf(rows, "cache hit rate").measured, "45 %");
  EXPECT_EQ(RowOf(rows, "database connections").verdict, TargetVerdict::kMet);
}

// "critical above 5 %" does not turn the target round.
TEST(Targets, ACriticalValuesSignIsTheTargets) {
  const auto targets =
      ParseTargets("reliability:\n  error_rate: {target: <1%, critical: \">5%\"}\n", "t.yaml");
  ASSERT_TRUE(targets.ok()) << targets.status();
  const auto verdict = [&](double failed) {
    return JudgeTargets(*targets, MakeResult({.seconds = 30, .failed = failed}))[0].verdict;
  };
  EXPECT_EQ(verdict(0.001), TargetVerdict::kMet);
  EXPECT_EQ(verdict(0.03), TargetVerdict::kMissed);
  EXPECT_EQ(verdict(0.2), TargetVerdict::kCritical);
}

TEST(Targets, WhatFlagsWatchCanBeATarget) {
  EXPECT_FALSE(ParseTargets("reliability:\n  hit_rate: \">70%\"\n", "t.yaml").ok());
  EXPECT_TRUE(ParseTargets("reliability:\n  hit_rate: \">70%\"\n", "t.yaml", {"hit_rate"}).ok());
}

TEST(Targets, AShortRunHasARateToo) {
  const auto targets = ParseTargets("throughput:\n  requests_per_second: 100\n", "t.yaml");
  ASSERT_TRUE(targets.ok());
  EXPECT_EQ(JudgeTargets(*targets, MakeResult({.seconds = 3}))[0].verdict, TargetVerdict::kMet);
}

TEST(Targets, TimeoutsAreUnknownWithoutTheirTag) {
  Result result = MakeResult({.seconds = 10});
  result.knows_error_codes = false;
  const TargetRow row = RowOf(JudgeTargets(Parsed(), result), "timeout rate");
  EXPECT_EQ(row.verdict, TargetVerdict::kUnknown);
  EXPECT_THAT(row.detail, HasSubstr("error_code"));
}

TEST(Targets, UptimeIsTheShareOfGoodSeconds) {
  Result result = MakeResult({.seconds = 100, .failed = 0});
  for (size_t i = 40; i < 50; ++i) result.points[i].failed = result.points[i].requests;
  EXPECT_DOUBLE_EQ(*Uptime(result), 0.9);
  EXPECT_FALSE(Uptime(Result()));
}

}  // namespace
}  // namespace kload::analysis
