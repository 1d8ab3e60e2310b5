#include "controller/verdict/summarize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kload::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;
using Pass = Verdict::Pass;

class SummarizeTest : public testing::Test {
 protected:
  void Add(MetricId id, double value, Tags tags) {
    const MetricDef& def = metrics_.Get(id);
    Sink sink = MakeSink(def.type);
    if (auto* counter = std::get_if<CounterSink>(&sink)) counter->Add(value);
    if (auto* rate = std::get_if<RateSink>(&sink)) rate->Add(value);
    if (auto* trend = std::get_if<TrendSink>(&sink)) trend->Add(value, def.contains);
    Delta delta;
    delta.series.push_back({std::make_shared<const SeriesKey>(SeriesKey{def, tags}), sink});
    ASSERT_TRUE(series_.Add(delta).ok());
  }

  std::vector<MetricSummary> Summarize(const std::vector<ThresholdSpec>& specs) {
    Verdict verdict(ParseThresholds(specs, metrics_).value());
    verdict.WatchIn(series_);
    verdict.Evaluate(series_, 4s, Pass::kFinal);
    return SummarizeMetrics(series_, verdict, {"avg", "p(95)", "count"}, 4s);
  }

  static std::vector<std::string> Names(const std::vector<MetricSummary>& summaries) {
    std::vector<std::string> names;
    for (const MetricSummary& summary : summaries) names.push_back(summary.name);
    return names;
  }

  MetricTable metrics_;
  ClusterSeries series_;
};

TEST_F(SummarizeTest, WithoutSamplesThereIsNothing) {
  EXPECT_THAT(Summarize({}), IsEmpty());
  EXPECT_THAT(SummarizeChecks(series_).groups, IsEmpty());
}

TEST_F(SummarizeTest, RowsHaveK6sValues) {
  Add(Builtin::kHttpReqs, 8, {});
  Add(Builtin::kHttpReqFailed, 0, {});
  Add(Builtin::kHttpReqFailed, 1, {});
  Add(Builtin::kHttpReqDuration, 100, {{"expected_response", "true"}});
  Add(Builtin::kHttpReqDuration, 300, {{"expected_response", "false"}});
  series_.AddClusterGauge(metrics_.Get(Builtin::kVus), 5, 1s);
  series_.AddClusterGauge(metrics_.Get(Builtin::kVus), 2, 2s);
  const std::vector<MetricSummary> rows = Summarize({});
  ASSERT_THAT(Names(rows),
              ElementsAre("http_req_duration", "http_req_duration{expected_response:true}",
                          "http_req_failed", "http_reqs", "vus"));
  EXPECT_THAT(rows[0].values,
              UnorderedElementsAre(Pair("avg", 200), Pair("p(95)", testing::DoubleNear(290, 0.3)),
                                   Pair("count", 2)));
  EXPECT_EQ(rows[1].values.at("avg"), 100);
  EXPECT_EQ(rows[1].parent, "http_req_duration");
  EXPECT_EQ(rows[1].contains, ValueKind::kTime);
  EXPECT_THAT(rows[2].values,
              UnorderedElementsAre(Pair("rate", 0.5), Pair("passes", 1), Pair("fails", 1)));
  EXPECT_THAT(rows[3].values, UnorderedElementsAre(Pair("count", 8), Pair("rate", 2)));
  EXPECT_THAT(rows[4].values,
              UnorderedElementsAre(Pair("value", 2), Pair("min", 2), Pair("max", 5)));
}

TEST_F(SummarizeTest, ExpectedResponsesAreShownEvenWhenThereWereNone) {
  Add(Builtin::kHttpReqDuration, 300, {{"expected_response", "false"}});
  const std::vector<MetricSummary> rows = Summarize({});
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[1].values.at("avg"), 0);
}

TEST_F(SummarizeTest, WithoutTheTagThereIsNoSuchRow) {
  Add(Builtin::kHttpReqDuration, 300, {});
  EXPECT_THAT(Names(Summarize({})), ElementsAre("http_req_duration"));
}

TEST_F(SummarizeTest, ThresholdsMakeRowsOfTheirOwn) {
  Add(Builtin::kHttpReqs, 8, {{"name", "a"}});
  const std::vector<MetricSummary> rows =
      Summarize({{"http_reqs{name:b}", "count>0"},
                 {"http_reqs{name:a}", "count>0"},
                 {"http_reqs{name: a}", "count>10"},
                 {"http_req_duration{expected_response:true}", "p(95)<200"},
                 {"iterations", "count>1"}});
  // A part that nothing was measured of brings its metric along.
  ASSERT_THAT(Names(rows),
              ElementsAre("http_req_duration", "http_req_duration{expected_response:true}",
                          "http_reqs", "http_reqs{name:a}", "http_reqs{name:b}", "iterations"));
  EXPECT_THAT(rows[0].thresholds, IsEmpty());
  EXPECT_TRUE(rows[1].thresholds[0].ok);
  EXPECT_THAT(rows[2].thresholds, IsEmpty());
  ASSERT_THAT(rows[3].thresholds, SizeIs(2));
  EXPECT_TRUE(rows[3].thresholds[0].ok);
  EXPECT_FALSE(rows[3].thresholds[1].ok);
  EXPECT_EQ(rows[3].thresholds[1].observed, 8);
  EXPECT_FALSE(rows[4].thresholds[0].ok);
  EXPECT_EQ(rows[5].values.at("count"), 0);
}

TEST_F(SummarizeTest, AnArtilleryTestIsBrokenDown) {
  const auto declare = [&](const char* name, MetricType type) {
    return *metrics_.Declare({.name = name, .type = type, .contains = ValueKind::kDefault});
  };
  const MetricId counter = declare("artillery_counter", MetricType::kCounter);
  const MetricId created = declare("vusers_created", MetricType::kCounter);
  Add(counter, 2, {{"metric", "errors.a"}, {"scenario", "x"}});
  Add(counter, 3, {{"metric", "errors.a"}, {"scenario", "y"}});
  Add(counter, 1, {{"metric", "b"}});
  Add(Builtin::kHttpReqs, 1, {{"name", "/a"}, {"status", "200"}});
  EXPECT_THAT(Names(Summarize({})), ElementsAre("artillery_counter", "http_reqs"));
  Add(created, 1, {});
  const std::vector<MetricSummary> rows = Summarize({});
  EXPECT_THAT(Names(rows), ElementsAre("artillery_counter", "artillery_counter{metric:b}",
                                       "artillery_counter{metric:errors.a}", "http_reqs",
                                       "http_reqs{name:/a,status:200}", "vusers_created"));
  EXPECT_EQ(rows[2].values.at("count"), 5);
  EXPECT_EQ(rows[2].parent, "artillery_counter");
}

TEST_F(SummarizeTest, ChecksFormATreeInFirstSeenOrder) {
  const auto check = [&](const std::string& group, const std::string& name, bool ok,
                         const std::string& scenario) {
    Add(Builtin::kChecks, ok, {{"check", name}, {"group", group}, {"scenario", scenario}});
  };
  check("", "zebra", true, "s1");
  check("", "ant", false, "s1");
  check("::outer::inner", "deep", true, "s1");
  check("", "zebra", false, "s2");
  check("::outer", "flat", true, "s1");
  Add(Builtin::kGroupDuration, 5, {{"group", "::quiet"}});
  Add(Builtin::kChecks, 1, {{"kload_overflow", "true"}});

  const GroupSummary root = SummarizeChecks(series_);
  EXPECT_EQ(root.path, "");
  ASSERT_THAT(root.checks, SizeIs(3));
  EXPECT_EQ(root.checks[0].name, "zebra");
  EXPECT_EQ(root.checks[0].path, "::zebra");
  EXPECT_EQ(root.checks[0].passes, 1u);
  EXPECT_EQ(root.checks[0].fails, 1u);
  EXPECT_EQ(root.checks[1].name, "ant");
  ASSERT_THAT(root.groups, SizeIs(2));
  EXPECT_EQ(root.groups[0].path, "::outer");
  EXPECT_EQ(root.groups[0].checks[0].path, "::outer::flat");
  ASSERT_THAT(root.groups[0].groups, SizeIs(1));
  EXPECT_EQ(root.groups[0].groups[0].path, "::outer::inner");
  EXPECT_EQ(root.groups[0].groups[0].checks[0].path, "::outer::inner::deep");
  EXPECT_EQ(root.groups[1].name, "quiet");
}

TEST_F(SummarizeTest, PartsHaveTheirOwnSamplesOnly) {
  const auto request = [&](const std::string& group, const std::string& scenario, double ms) {
    Add(Builtin::kHttpReqDuration, ms,
        {{"expected_response", ms < 100 ? "true" : "false"},
         {"group", group},
         {"scenario", scenario}});
  };
  request("", "buy", 10);
  request("::shop", "buy", 50);
  request("::shop::cart", "buy", 70);
  request("::shop", "look", 150);
  Add(Builtin::kChecks, 1, {{"check", "a"}, {"group", "::shop"}, {"scenario", "buy"}});
  Add(Builtin::kChecks, 0, {{"check", "a"}, {"group", ""}, {"scenario", "buy"}});
  Add(Builtin::kGroupDuration, 1, {{"group", "::shop::cart"}, {"scenario", "buy"}});
  Add(Builtin::kIterations, 4, {{"group", ""}, {"scenario", "look"}});

  RunSummary summary;
  summary.root_group = SummarizeChecks(series_);
  SummarizeParts(series_, {"avg"}, 4s, summary);
  ASSERT_THAT(summary.root_group.groups, SizeIs(1));
  EXPECT_THAT(summary.root_group.metrics, IsEmpty());
  const GroupSummary& shop = summary.root_group.groups[0];
  ASSERT_THAT(Names(shop.metrics), ElementsAre("checks", "http_req_duration",
                                               "http_req_duration{expected_response:true}"));
  EXPECT_EQ(shop.metrics[1].values.at("avg"), 100);
  EXPECT_EQ(shop.metrics[2].values.at("avg"), 50);
  EXPECT_EQ(shop.metrics[2].parent, "http_req_duration");
  EXPECT_EQ(shop.groups[0].metrics[1].values.at("avg"), 70);
  ASSERT_THAT(summary.scenarios, SizeIs(2));
  EXPECT_EQ(summary.scenarios[0].name, "buy");
  EXPECT_THAT(Names(summary.scenarios[0].metrics),
              ElementsAre("checks", "group_duration", "http_req_duration",
                          "http_req_duration{expected_response:true}"));
  EXPECT_EQ(summary.scenarios[0].checks[0].fails, 1u);
  EXPECT_EQ(summary.scenarios[0].groups[0].checks[0].passes, 1u);
  EXPECT_EQ(summary.scenarios[1].name, "look");
  EXPECT_THAT(Names(summary.scenarios[1].metrics), ElementsAre("http_req_duration", "iterations"));
  EXPECT_EQ(summary.scenarios[1].metrics[1].values.at("rate"), 1);
}

}  // namespace
}  // namespace kload::controller
