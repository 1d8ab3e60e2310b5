#include "controller/verdict/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kload::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;
using Pass = Verdict::Pass;

Verdict VerdictOf(const std::vector<ThresholdSpec>& specs) {
  return Verdict(ParseThresholds(specs, MetricTable()).value());
}

void AddFailed(ClusterSeries& series, int total, int failed, Tags tags = {}) {
  RateSink sink;
  for (int i = 0; i < total; ++i) sink.Add(i < failed);
  const MetricDef def{"http_req_failed", MetricType::kRate, ValueKind::kDefault};
  Delta delta;
  delta.series.push_back({std::make_shared<const SeriesKey>(SeriesKey{def, tags}), sink});
  ASSERT_TRUE(series.Add(delta).ok());
}

TEST(Verdict, WithoutThresholdsPasses) {
  Verdict verdict({});
  EXPECT_FALSE(verdict.Evaluate(ClusterSeries(), 1s, Pass::kFinal).abort);
  EXPECT_TRUE(verdict.passed());
  EXPECT_THAT(verdict.FailedMetrics(), IsEmpty());
}

TEST(Verdict, ATickSkipsWhatHasNoSamples) {
  Verdict verdict = VerdictOf({{"http_reqs", "count>0"}});
  verdict.Evaluate(ClusterSeries(), 2s, Pass::kTick);
  EXPECT_FALSE(verdict.outcomes()[0].evaluated);
  EXPECT_TRUE(verdict.passed());
}

TEST(Verdict, TheFinalPassCountsMissingSamplesAsZeroAndLetsRatesPass) {
  Verdict verdict = VerdictOf({{"http_reqs", "count>0"},
                               {"http_req_duration", "p(95)<200"},
                               {"http_req_failed", "rate>0.5"},
                               {"vus", "value>0"},
                               {"http_reqs", "rate>=0"}});
  verdict.Evaluate(ClusterSeries(), 2s, Pass::kFinal);
  EXPECT_FALSE(verdict.outcomes()[0].result.ok);
  EXPECT_TRUE(verdict.outcomes()[1].result.ok);
  EXPECT_TRUE(verdict.outcomes()[2].result.ok);
  EXPECT_FALSE(verdict.outcomes()[3].result.ok);
  EXPECT_TRUE(verdict.outcomes()[4].result.ok);
  EXPECT_THAT(verdict.FailedMetrics(), ElementsAre("http_reqs", "vus"));
}

TEST(Verdict, NothingIsLatched) {
  ClusterSeries series;
  Verdict verdict = VerdictOf({{"http_req_failed", "rate<0.5"}});
  verdict.WatchIn(series);
  AddFailed(series, 4, 3);
  verdict.Evaluate(series, 2s, Pass::kTick);
  EXPECT_FALSE(verdict.passed());
  EXPECT_EQ(verdict.outcomes()[0].result.observed, 0.75);
  AddFailed(series, 6, 0);
  verdict.Evaluate(series, 4s, Pass::kTick);
  EXPECT_TRUE(verdict.passed());
  EXPECT_EQ(verdict.outcomes()[0].result.observed, 0.3);
}

TEST(Verdict, AbortsOnlyAfterItsDelay) {
  ClusterSeries series;
  Verdict verdict =
      VerdictOf({{"http_req_failed", "rate<0.5", true, 10s}, {"http_req_failed", "rate<0.6"}});
  verdict.WatchIn(series);
  AddFailed(series, 4, 3);
  EXPECT_FALSE(verdict.Evaluate(series, 10s, Pass::kTick).abort);
  EXPECT_FALSE(verdict.passed());
  const Verdict::Decision decision = verdict.Evaluate(series, 12s, Pass::kTick);
  EXPECT_TRUE(decision.abort);
  EXPECT_THAT(decision.reasons, ElementsAre("http_req_failed: rate<0.5 (rate=0.75)"));
}

TEST(Verdict, JudgesTheSelectedPart) {
  ClusterSeries series;
  Verdict verdict = VerdictOf({{"http_req_failed{name:a}", "rate==0"},
                               {"http_req_failed{name:b}", "rate==0"},
                               {"http_req_failed{name:b}", "rate<1"}});
  verdict.WatchIn(series);
  AddFailed(series, 4, 0, {{"name", "a"}, {"status", "200"}});
  AddFailed(series, 4, 1, {{"name", "b"}, {"status", "200"}});
  verdict.Evaluate(series, 2s, Pass::kFinal);
  EXPECT_THAT(verdict.FailedMetrics(), ElementsAre("http_req_failed{name:b}"));
}

}  // namespace
}  // namespace kload::controller
