#include "common/result/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>

#include "common/base/status.h"
#include "common/result/result_file.h"
#include "common/wire/delta_wire.h"

namespace kload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

SeriesKeyPtr Key(const std::string& metric, MetricType type, ValueKind kind, Tags tags) {
  return std::make_shared<const SeriesKey>(SeriesKey{{metric, type, kind}, std::move(tags)});
}

CounterSink Count(double value) {
  CounterSink sink;
  sink.Add(value);
  return sink;
}

TrendSink Times(std::initializer_list<double> values) {
  TrendSink sink;
  for (const double value : values) sink.Add(value, ValueKind::kTime);
  return sink;
}

v1::GetRunResponse Made() {
  Delta all;
  const auto trend = MetricType::kTrend;
  const auto time = ValueKind::kTime;
  all.series.push_back({Key("http_req_duration", trend, time, {}), Times({10, 20, 30})});
  all.series.push_back({Key("http_req_duration", trend, time, {{"method", "GET"}, {"name", "/a"}}),
                        Times({10, 20})});
  all.series.push_back(
      {Key("http_req_duration", trend, time, {{"method", "POST"}, {"name", "/a"}}), Times({30})});
  const auto counter = MetricType::kCounter;
  const auto plain = ValueKind::kDefault;
  all.series.push_back(
      {Key("http_reqs", counter, plain, {{"method", "GET"}, {"name", "/a"}, {"status", "200"}}),
       Count(1)});
  all.series.push_back(
      {Key("http_reqs", counter, plain,
           {{"error_code", "1050"}, {"method", "GET"}, {"name", "/a"}, {"status", "0"}}),
       Count(1)});
  RateSink failed;
  failed.Add(1);
  failed.Add(0);
  all.series.push_back(
      {Key("http_req_failed", MetricType::kRate, plain, {{"method", "GET"}, {"name", "/a"}}),
       failed});
  const v1::Delta encoded = wire::DeltaEncoder().Encode(all);
  v1::GetRunResponse run;
  *run.mutable_definitions() = encoded.definitions();
  *run.mutable_totals() = encoded.series();
  run.mutable_info()->set_run_id("20260131-083000-1");
  run.mutable_info()->set_state("finished");
  v1::SeriesPoint* point = run.add_points();
  point->set_at_ns(1'000'000'000);
  point->set_length_ns(1'000'000'000);
  point->set_requests(2);
  point->set_failed_requests(1);
  point->add_heat(0);
  point->add_heat(2);
  v1::WatchedSeries* watched = run.add_watched();
  watched->set_name("pool");
  watched->add_points()->set_value(7);
  return run;
}

TEST(Result, EndpointsAreToldApartByMethodAndName) {
  const auto result = DecodeResult(Made());
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->endpoints.size(), 2U);
  const Endpoint& get = result->endpoints[0];
  EXPECT_EQ(get.method, "GET");
  EXPECT_EQ(get.requests, 2U);
  EXPECT_EQ(get.failed, 1U);
  EXPECT_EQ(get.timeouts, 1U);
  EXPECT_THAT(get.statuses, ElementsAre(Pair("0", 1U), Pair("200", 1U)));
  EXPECT_EQ(get.duration.count(), 2U);
  ASSERT_NE(result->Trend("http_req_duration"), nullptr);
  EXPECT_EQ(result->Trend("http_req_duration")->count(), 3U);
  EXPECT_EQ(result->Trend("nobody"), nullptr);
  EXPECT_EQ(result->points[0].failed_ratio(), 0.5);
  EXPECT_EQ(result->Watched("pool")->points[0].value, 7);
}

TEST(Result, AFileHoldsEverything) {
  const v1::GetRunResponse run = Made();
  const auto back = ParseResultFile(ResultFileText(run), "r.json");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->SerializeAsString(), run.SerializeAsString());
}

TEST(Result, AFileMayLieInsideAnotherOne) {
  const auto back =
      ParseResultFile("{\"aggregate\":{},\"kload\":" + ResultFileText(Made()) + "}", "r.json");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->info().run_id(), "20260131-083000-1");
}

TEST(Result, OtherFilesAreRefusedByName) {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"nothing", "r.json: is not JSON"},
           {"[1]", "is not a JSON object"},
           {"{\"metrics\":{}}", "is not a result of kload"},
           {"{\"kload_result\":2,\"run\":{}}", "another version"},
           {"{\"kload_result\":1,\"run\":{\"points\":3}}", "is damaged"},
           {"{\"a\\\"[\":" + std::string(100'000, '['), "is nested too deeply"}}) {
    const auto run = ParseResultFile(text, "r.json");
    ASSERT_FALSE(run.ok()) << text;
    EXPECT_THAT(Message(run.status()), HasSubstr(message));
    EXPECT_THAT(Message(run.status()), HasSubstr("--export"));
  }
}

TEST(Result, WhatIsNoNumberIsRefused) {
  v1::GetRunResponse run = Made();
  run.mutable_points(0)->set_p95_ms(std::numeric_limits<double>::quiet_NaN());
  EXPECT_FALSE(DecodeResult(run).ok());
}

TEST(Result, DamagedTotalsAreRefused) {
  v1::GetRunResponse run = Made();
  run.mutable_totals(0)->set_id(99);
  EXPECT_FALSE(DecodeResult(run).ok());
}

}  // namespace
}  // namespace kload
