#include "controller/merge/cluster_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "common/base/status.h"

namespace kload::controller {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using namespace std::chrono_literals;

const MetricDef kReqs{"http_reqs", MetricType::kCounter, ValueKind::kDefault};
const MetricDef kDuration{"http_req_duration", MetricType::kTrend, ValueKind::kTime};
const MetricDef kVus{"vus", MetricType::kGauge, ValueKind::kDefault};

// Every agent has keys of its own, equal to the others'.
SeriesDelta Count(Tags tags, double value) {
  CounterSink sink;
  sink.Add(value);
  return {std::make_shared<const SeriesKey>(SeriesKey{kReqs, std::move(tags)}), sink};
}

SeriesDelta Durations(Tags tags, const std::vector<double>& values) {
  TrendSink sink;
  for (const double value : values) sink.Add(value, ValueKind::kTime);
  return {std::make_shared<const SeriesKey>(SeriesKey{kDuration, std::move(tags)}), sink};
}

Delta DeltaOf(std::vector<SeriesDelta> series) {
  Delta delta;
  delta.series = std::move(series);
  return delta;
}

double Counted(const Sink* sink) {
  return sink == nullptr ? -1 : std::get<CounterSink>(*sink).sum.value();
}

TEST(ClusterSeries, MergesEqualKeysOfDifferentAgents) {
  ClusterSeries cluster;
  ASSERT_TRUE(cluster.Add(DeltaOf({Count({{"name", "a"}}, 3), Count({{"name", "b"}}, 1)})).ok());
  ASSERT_TRUE(cluster.Add(DeltaOf({Count({{"name", "b"}}, 5)})).ok());
  ASSERT_THAT(cluster.series(), SizeIs(2));
  EXPECT_EQ(Counted(&cluster.series()[0].sink), 3);
  EXPECT_EQ(Counted(&cluster.series()[1].sink), 6);
  EXPECT_EQ(Counted(cluster.Total("http_reqs")), 9);
  ASSERT_THAT(cluster.metrics(), SizeIs(1));
  EXPECT_EQ(cluster.metrics()[0].def, kReqs);
}

TEST(ClusterSeries, UnknownMetricsHaveNoSamples) {
  const ClusterSeries cluster;
  EXPECT_EQ(cluster.Total("http_reqs"), nullptr);
  EXPECT_EQ(cluster.Find({"http_reqs", {{"a", "b"}}}), nullptr);
  EXPECT_TRUE(IsEmpty(cluster.Aggregate({"http_reqs", {}})));
}

TEST(ClusterSeries, WatchedSelectorsAreKeptFromBeforeAndAfter) {
  ClusterSeries cluster;
  const Selector late{"http_reqs", {{"name", "b"}}};
  const Selector early{"http_reqs", {{"name", "a"}, {"status", "200"}}};
  cluster.Watch(early);
  EXPECT_EQ(cluster.Find(early), nullptr);
  ASSERT_TRUE(cluster
                  .Add(DeltaOf({Count({{"name", "a"}, {"status", "200"}}, 1),
                                Count({{"name", "a"}, {"status", "500"}}, 10),
                                Count({{"name", "b"}, {"status", "200"}}, 100)}))
                  .ok());
  cluster.Watch(late);
  cluster.Watch(late);
  EXPECT_EQ(Counted(cluster.Find(late)), 100);
  ASSERT_TRUE(cluster
                  .Add(DeltaOf({Count({{"name", "b"}, {"status", "500"}}, 1000),
                                Count({{"name", "b"}, {"status", "200"}}, 10000)}))
                  .ok());
  EXPECT_EQ(Counted(cluster.Find(late)), 11100);
  EXPECT_EQ(Counted(cluster.Find(early)), 1);
  EXPECT_EQ(cluster.Find({"http_reqs", {{"status", "200"}}}), nullptr);
  const Sink aggregate = cluster.Aggregate({"http_reqs", {{"status", "200"}}});
  EXPECT_EQ(Counted(&aggregate), 10101);
}

TEST(ClusterSeries, ATrendsSelectorMayBeWatchedBeforeItsMetric) {
  ClusterSeries cluster;
  const Selector selector{"http_req_duration", {{"expected_response", "true"}}};
  cluster.Watch(selector);
  ASSERT_TRUE(cluster.Add(DeltaOf({Durations({{"expected_response", "true"}}, {5, 7})})).ok());
  EXPECT_EQ(std::get<TrendSink>(*cluster.Find(selector)).count(), 2u);
}

TEST(ClusterSeries, AMalformedDeltaChangesNothing) {
  ClusterSeries cluster;
  SeriesDelta wrong = Count({}, 1);
  wrong.increment = RateSink{};
  absl::Status status = cluster.Add(DeltaOf({Count({}, 1), wrong}));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), HasSubstr("is a counter but came with a rate's value"));
  EXPECT_EQ(cluster.Total("http_reqs"), nullptr);

  ASSERT_TRUE(cluster.Add(DeltaOf({Count({}, 1)})).ok());
  const MetricDef data{"http_reqs", MetricType::kCounter, ValueKind::kData};
  const SeriesDelta other{std::make_shared<const SeriesKey>(SeriesKey{data, {}}), CounterSink{}};
  status = cluster.Add(DeltaOf({Count({}, 1), other}));
  EXPECT_THAT(Message(status), HasSubstr("was a counter of default values before"));
  EXPECT_EQ(Counted(cluster.Total("http_reqs")), 1);
}

TEST(ClusterSeries, TwoTypesOfOneNameInOneDeltaAreRefused) {
  ClusterSeries cluster;
  const MetricDef rate{"http_reqs", MetricType::kRate, ValueKind::kDefault};
  const SeriesDelta other{std::make_shared<const SeriesKey>(SeriesKey{rate, {}}), RateSink{}};
  EXPECT_FALSE(cluster.Add(DeltaOf({Count({}, 1), other})).ok());
  EXPECT_EQ(cluster.Total("http_reqs"), nullptr);
}

TEST(ClusterSeries, TheClustersGaugeIsNotAnAgents) {
  ClusterSeries cluster;
  GaugeSink part;
  part.Add(3, 1s);
  const auto key = std::make_shared<const SeriesKey>(SeriesKey{kVus, {}});
  ASSERT_TRUE(cluster.Add(DeltaOf({{key, part}})).ok());
  EXPECT_EQ(cluster.Total("vus"), nullptr);
  cluster.AddClusterGauge(kVus, 10, 1s);
  cluster.AddClusterGauge(kVus, 4, 2s);
  const auto& gauge = std::get<GaugeSink>(*cluster.Total("vus"));
  EXPECT_EQ(gauge.last, 4);
  EXPECT_EQ(gauge.max, 10);
  EXPECT_THAT(cluster.series(), SizeIs(1));
}

class ClusterSeriesProperty : public testing::TestWithParam<unsigned> {};

TEST_P(ClusterSeriesProperty, OrderAndSplitOverAgentsDoNotMatter) {
  std::mt19937_64 random(GetParam());
  std::lognormal_distribution<double> size(3, 1);
  const Selector selector{"http_req_duration", {{"name", "n1"}}};
  ClusterSeries one;
  one.Watch(selector);
  std::vector<Delta> deltas(20);
  for (int i = 0; i < 500; ++i) {
    const Tags tags = {{"name", "n" + std::to_string(random() % 4)}};
    const double value = size(random);
    ASSERT_TRUE(one.Add(DeltaOf({Durations(tags, {value}), Count(tags, value)})).ok());
    Delta& delta = deltas[random() % deltas.size()];
    delta.series.push_back(Durations(tags, {value}));
    delta.series.push_back(Count(tags, value));
  }
  std::shuffle(deltas.begin(), deltas.end(), random);
  ClusterSeries many;
  for (size_t i = 0; i < deltas.size(); ++i) {
    if (i == deltas.size() / 2) many.Watch(selector);
    ASSERT_TRUE(many.Add(deltas[i]).ok());
  }
  EXPECT_EQ(std::get<CounterSink>(*one.Total("http_reqs")).sum,
            std::get<CounterSink>(*many.Total("http_reqs")).sum);
  for (const Selector& which : {selector, Selector{"http_req_duration", {}}}) {
    const auto& a = std::get<TrendSink>(*one.Find(which));
    const auto& b = std::get<TrendSink>(*many.Find(which));
    EXPECT_EQ(a.count(), b.count());
    EXPECT_EQ(a.sum, b.sum);
    for (const double p : {0.0, 0.5, 0.95, 1.0}) {
      EXPECT_EQ(a.Quantile(p, ValueKind::kTime), b.Quantile(p, ValueKind::kTime));
    }
    const Sink aggregate = many.Aggregate(which);
    EXPECT_EQ(std::get<TrendSink>(aggregate).sum, b.sum);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ClusterSeriesProperty, testing::Range(1u, 11u));

}  // namespace
}  // namespace kload::controller
