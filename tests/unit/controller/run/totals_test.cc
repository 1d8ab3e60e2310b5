#include "controller/run/totals.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/wire/delta_wire.h"

namespace kload::controller {
namespace {

class TotalsTest : public ::testing::Test {
 protected:
  void Request(const std::string& name, const std::string& status, uint64_t count) {
    CounterSink sink;
    sink.Add(static_cast<double>(count));
    Add("http_reqs", MetricType::kCounter,
        {{"method", "GET"}, {"name", name}, {"scenario", "s"}, {"status", status}}, sink);
  }

  void Add(const std::string& metric, MetricType type, Tags tags, Sink sink) {
    Delta delta;
    delta.series.push_back(
        {std::make_shared<const SeriesKey>(SeriesKey{{metric, type}, std::move(tags)}),
         std::move(sink)});
    ASSERT_TRUE(series_.Add(delta).ok());
  }

  // {name, status} -> requests; {"", ""}: of the metric whole.
  std::map<std::pair<std::string, std::string>, double> Requests(const ShownName& shown) {
    v1::GetRunResponse response;
    AddTotals(series_, shown, response);
    v1::Delta message;
    message.set_run_id("r");
    message.set_sequence(1);
    *message.mutable_definitions() = response.definitions();
    *message.mutable_series() = response.totals();
    const auto delta = wire::DeltaDecoder().Decode(message);
    std::map<std::pair<std::string, std::string>, double> requests;
    if (!delta.ok()) {
      ADD_FAILURE() << delta.status();
      return requests;
    }
    for (const SeriesDelta& each : delta->series) {
      if (each.key->metric.name != "http_reqs") continue;
      EXPECT_EQ(FindTag(each.key->tags, "scenario"), nullptr);
      const std::string* name = FindTag(each.key->tags, "name");
      const std::string* status = FindTag(each.key->tags, "status");
      requests[{name == nullptr ? "" : *name, status == nullptr ? "" : *status}] +=
          std::get<CounterSink>(each.increment).sum.value();
    }
    return requests;
  }

  static std::string AsIs(const std::string& name) { return name; }

  ClusterSeries series_;
};

TEST_F(TotalsTest, TheEndpointsAddUpToTheWhole) {
  Request("/a", "200", 5);
  Request("/a", "500", 2);
  Request("/b", "200", 1);
  const auto requests = Requests(AsIs);
  EXPECT_EQ(requests.at({"", ""}), 8);
  EXPECT_EQ(requests.at({"/a", "500"}), 2);
  EXPECT_EQ(requests.size(), 4U);
}

TEST_F(TotalsTest, SamplesWithoutANameAreInTheWholeAlone) {
  CounterSink sink;
  sink.Add(3);
  Add("http_reqs", MetricType::kCounter, {{"method", "GET"}}, sink);
  const auto requests = Requests(AsIs);
  EXPECT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests.at({"", ""}), 3);
}

TEST_F(TotalsTest, TooManyNamesAreOne) {
  for (size_t i = 0; i < kEndpointsMax + 50; ++i) Request("/" + std::to_string(i), "200", 1);
  const auto requests = Requests(AsIs);
  EXPECT_EQ(requests.size(), kEndpointsMax + 2);
  EXPECT_EQ(requests.at({kOtherEndpoints, "200"}), 50);
}

TEST_F(TotalsTest, NamesAreKeptAsTheyMayBeShown) {
  Request("/a?token=periwinkle", "200", 1);
  Request("/a?token=other", "200", 2);
  const auto requests =
      Requests([](const std::string& name) { return name.substr(0, name.find('?')); });
  EXPECT_EQ(requests.at({"/a", "200"}), 3);
  EXPECT_EQ(requests.size(), 2U);
}

}  // namespace
}  // namespace kload::controller
