#include "common/wire/summary_wire.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/base/status.h"

namespace kload::wire {
namespace {

RunSummary Summary() {
  RunSummary summary;
  summary.run_id = "r1";
  summary.script = "baseline.js";
  summary.duration = std::chrono::seconds(300);
  summary.started_unix = Nanos(1'780'000'000'000'000'000);
  summary.trend_stats = {"avg", "p(95)"};
  summary.metrics = {
      {.name = "http_req_duration{name:login}",
       .parent = "http_req_duration",
       .type = MetricType::kTrend,
       .contains = ValueKind::kTime,
       .values = {{"avg", 89.5}, {"p(95)", 178.123457}},
       .thresholds = {{"p(95)<200", true, "p(95)", 178.123457, false},
                      {"avg<10", false, "avg", 89.5, true}}},
      {"data_sent", "", MetricType::kCounter, ValueKind::kData, {{"count", 5}}, {}},
  };
  summary.root_group.checks = {{"ok", "::ok", 5, 1}, {"a", "::a", 1, 0}};
  summary.root_group.groups = {{"g", "::g", {}, {{"c", "::g::c", 0, 2}}}};
  summary.root_group.groups[0].metrics = {
      {"iterations", "", MetricType::kCounter, ValueKind::kDefault, {{"count", 3}}, {}}};
  summary.scenarios = {
      {"shop", "", {}, {{"c", "::g::c", 0, 2}}, summary.root_group.groups[0].metrics}};
  summary.agents = {{"a1", true, std::chrono::seconds(4), 12, 999, 1.5, Nanos(77)}, {.name = "a2"}};
  summary.agents[0].lost_why = "no heartbeat for 3s";
  summary.agents[0].iterations_late = 3;
  summary.agents[0].cores = 1.5;
  summary.soundness = {SoundnessLabel::kDegraded,
                       {{SoundnessLabel::kDegraded, "a1 stalled", "a1", Nanos(1), Nanos(2)}}};
  summary.notes = {{Nanos(-1), Nanos(5), "agent-lost", "a1", "agent a1 was lost"}};
  summary.warnings = {"agent a1 was lost"};
  summary.summary_time_unit = "ms";
  summary.no_thresholds = true;
  return summary;
}

TEST(SummaryWireTest, DecodeUndoesEncode) {
  const RunSummary summary = Summary();
  const absl::StatusOr<RunSummary> decoded = DecodeSummary(EncodeSummary(summary));
  ASSERT_TRUE(decoded.ok()) << Message(decoded.status());
  EXPECT_EQ(decoded->run_id, summary.run_id);
  EXPECT_EQ(decoded->script, summary.script);
  EXPECT_EQ(decoded->duration, summary.duration);
  EXPECT_EQ(decoded->started_unix, summary.started_unix);
  EXPECT_EQ(decoded->trend_stats, summary.trend_stats);
  EXPECT_EQ(decoded->warnings, summary.warnings);
  EXPECT_EQ(decoded->summary_time_unit, summary.summary_time_unit);
  EXPECT_EQ(decoded->no_thresholds, summary.no_thresholds);
  EXPECT_EQ(decoded->agents[0].lost_why, "no heartbeat for 3s");
  EXPECT_EQ(decoded->agents[0].iterations_late, 3u);
  EXPECT_EQ(decoded->agents[0].cores, 1.5);
  EXPECT_EQ(decoded->soundness.label, SoundnessLabel::kDegraded);
  ASSERT_EQ(decoded->soundness.findings.size(), 1u);
  EXPECT_EQ(decoded->soundness.findings[0].reason, "a1 stalled");
  EXPECT_EQ(decoded->soundness.findings[0].to, Nanos(2));
  ASSERT_EQ(decoded->notes.size(), 1u);
  EXPECT_EQ(decoded->notes[0].at, Nanos(-1));
  EXPECT_EQ(decoded->notes[0].kind, "agent-lost");
  ASSERT_EQ(decoded->metrics.size(), 2u);
  const MetricSummary& metric = decoded->metrics[0];
  EXPECT_EQ(metric.name, summary.metrics[0].name);
  EXPECT_EQ(metric.parent, summary.metrics[0].parent);
  EXPECT_EQ(metric.type, MetricType::kTrend);
  EXPECT_EQ(metric.contains, ValueKind::kTime);
  EXPECT_EQ(metric.values, summary.metrics[0].values);
  ASSERT_EQ(metric.thresholds.size(), 2u);
  EXPECT_EQ(metric.thresholds[1].expression, "avg<10");
  EXPECT_EQ(metric.thresholds[1].method, "avg");
  EXPECT_EQ(metric.thresholds[1].observed, 89.5);
  EXPECT_FALSE(metric.thresholds[1].ok);
  EXPECT_TRUE(metric.thresholds[1].abort_on_fail);
  EXPECT_EQ(decoded->metrics[1].contains, ValueKind::kData);
  ASSERT_EQ(decoded->root_group.checks.size(), 2u);
  EXPECT_EQ(decoded->root_group.checks[0].name, "ok");
  EXPECT_EQ(decoded->root_group.checks[0].passes, 5u);
  ASSERT_EQ(decoded->root_group.groups.size(), 1u);
  EXPECT_EQ(decoded->root_group.groups[0].checks[0].path, "::g::c");
  EXPECT_EQ(decoded->root_group.groups[0].checks[0].fails, 2u);
  ASSERT_EQ(decoded->root_group.groups[0].metrics.size(), 1u);
  EXPECT_EQ(decoded->root_group.groups[0].metrics[0].values.at("count"), 3);
  ASSERT_EQ(decoded->scenarios.size(), 1u);
  EXPECT_EQ(decoded->scenarios[0].name, "shop");
  EXPECT_EQ(decoded->scenarios[0].checks[0].fails, 2u);
  ASSERT_EQ(decoded->scenarios[0].metrics.size(), 1u);
  EXPECT_EQ(decoded->scenarios[0].metrics[0].name, "iterations");
  ASSERT_EQ(decoded->agents.size(), 2u);
  EXPECT_TRUE(decoded->agents[0].lost);
  EXPECT_EQ(decoded->agents[0].lost_at, std::chrono::seconds(4));
  EXPECT_EQ(decoded->agents[0].deltas, 12u);
  EXPECT_EQ(decoded->agents[0].requests, 999u);
  EXPECT_EQ(decoded->agents[0].cpu_ratio_max, 1.5);
  EXPECT_EQ(decoded->agents[0].loop_lag_max, Nanos(77));
}

TEST(SummaryWireTest, RefusesWhatIsNotFinite) {
  v1::RunSummary message = EncodeSummary(Summary());
  (*message.mutable_metrics(0)->mutable_values())["avg"] = std::numeric_limits<double>::quiet_NaN();
  const absl::StatusOr<RunSummary> decoded = DecodeSummary(message);
  EXPECT_EQ(Message(decoded.status()),
            "summary of http_req_duration{name:login}: avg is not finite");
}

TEST(SummaryWireTest, RefusesUnknownTypesAndDeepGroups) {
  v1::RunSummary message = EncodeSummary(Summary());
  message.mutable_metrics(0)->clear_type();
  EXPECT_FALSE(DecodeSummary(message).ok());
  message = EncodeSummary(Summary());
  v1::GroupSummary* group = message.mutable_root_group();
  for (int i = 0; i <= kGroupDepthMax; ++i) group = group->add_groups();
  EXPECT_FALSE(DecodeSummary(message).ok());
}

}  // namespace
}  // namespace kload::wire
