#include "agent/record/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <map>
#include <new>
#include <random>

namespace {
// Allocations of this thread; what the tests of the hot path count.
thread_local size_t allocations = 0;
}  // namespace

// Not inlined: seeing one half of a pair, the compiler takes malloc and delete for a mismatch.
__attribute__((noinline)) void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
__attribute__((noinline)) void operator delete(void* memory) noexcept { std::free(memory); }
__attribute__((noinline)) void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace kload::agent {
namespace {

using testing::_;
using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;
using namespace std::chrono_literals;

const std::vector<std::string> kSystemTags = {
    "proto", "status", "method",   "url",         "name",       "group",
    "check", "error",  "scenario", "tls_version", "error_code", "expected_response"};

Recorder::Options DefaultOptions() {
  Recorder::Options options;
  options.system_tags = kSystemTags;
  return options;
}

http::Hop HopTo(std::string url, int status, Nanos waiting) {
  http::Hop hop;
  hop.method = "GET";
  hop.url = std::move(url);
  hop.status = status;
  hop.proto = "HTTP/1.1";
  hop.timings.blocked = 2ms;
  hop.timings.connecting = 1ms;
  hop.timings.sending = 1ms;
  hop.timings.waiting = waiting;
  hop.timings.receiving = 3ms;
  return hop;
}

// The metric's only series in the delta.
const SeriesDelta& Only(const std::vector<SeriesDelta>& delta, std::string_view metric) {
  const SeriesDelta* only = nullptr;
  for (const SeriesDelta& series : delta) {
    if (series.key->metric.name != metric) continue;
    EXPECT_EQ(only, nullptr) << "two series of " << metric;
    only = &series;
  }
  if (only == nullptr) {
    ADD_FAILURE() << "no series of " << metric;
    std::abort();
  }
  return *only;
}

double Sum(const SeriesDelta& series) {
  return std::get<CounterSink>(series.increment).sum.value();
}
const TrendSink& Trend(const SeriesDelta& series) { return std::get<TrendSink>(series.increment); }

class RecorderTest : public testing::Test {
 protected:
  MetricTable metrics_;
  Recorder recorder_{metrics_, DefaultOptions()};
  const Recorder::Scope* scope_ = recorder_.InternScope({{"group", ""}, {"scenario", "default"}});
};

TEST_F(RecorderTest, AHopAddsNineMetrics) {
  recorder_.AddHop(scope_, HopTo("http://h/a", 200, 10ms), {}, 1s);
  const std::vector<SeriesDelta> delta = recorder_.TakeDelta();
  EXPECT_THAT(delta, SizeIs(9));
  EXPECT_EQ(Sum(Only(delta, "http_reqs")), 1);
  EXPECT_EQ(std::get<RateSink>(Only(delta, "http_req_failed").increment).rate(), 0);
  const std::map<std::string, double> trends = {
      {"http_req_duration", 14}, {"http_req_blocked", 2},         {"http_req_connecting", 1},
      {"http_req_sending", 1},   {"http_req_tls_handshaking", 0}, {"http_req_waiting", 10},
      {"http_req_receiving", 3}};
  for (const auto& [name, millis] : trends) EXPECT_EQ(Trend(Only(delta, name)).max, millis) << name;
  EXPECT_THAT(delta[0].key->tags, ElementsAre(Pair("expected_response", "true"), Pair("group", ""),
                                              Pair("method", "GET"), Pair("name", "http://h/a"),
                                              Pair("proto", "HTTP/1.1"),
                                              Pair("scenario", "default"), Pair("status", "200")));
  for (const SeriesDelta& series : delta) EXPECT_EQ(series.key->tags, delta[0].key->tags);
}

TEST_F(RecorderTest, TheScriptsRuleSaysWhatIsExpected) {
  http::Hop hop = HopTo("http://h/a", 404, 10ms);
  hop.expectation = http::Expectation::kMet;
  recorder_.AddHop(scope_, hop, {}, 1s);
  const std::vector<SeriesDelta> met = recorder_.TakeDelta();
  EXPECT_EQ(std::get<RateSink>(Only(met, "http_req_failed").increment).rate(), 0);
  EXPECT_THAT(met[0].key->tags, testing::Contains(Pair("expected_response", "true")));
  // The same request without the rule: another series.
  recorder_.AddHop(scope_, HopTo("http://h/a", 404, 10ms), {}, 1s);
  const std::vector<SeriesDelta> failed = recorder_.TakeDelta();
  EXPECT_EQ(std::get<RateSink>(Only(failed, "http_req_failed").increment).rate(), 1);
  EXPECT_THAT(failed[0].key->tags, testing::Contains(Pair("expected_response", "false")));
}

TEST_F(RecorderTest, AHopThatNobodyJudgesHasNoFailedSample) {
  http::Hop hop = HopTo("http://h/a", 500, 10ms);
  hop.expectation = http::Expectation::kNotJudged;
  for (int i = 0; i < 2; ++i) {
    recorder_.AddHop(scope_, hop, {}, 1s);
    const std::vector<SeriesDelta> delta = recorder_.TakeDelta();
    EXPECT_THAT(delta, SizeIs(8));
    for (const SeriesDelta& series : delta) {
      EXPECT_NE(series.key->metric.name, "http_req_failed");
      EXPECT_THAT(series.key->tags, testing::Not(testing::Contains(Pair("expected_response", _))));
    }
  }
}

TEST_F(RecorderTest, AFailedHopIsASampleOfItsOwnSeries) {
  http::Hop failed = HopTo("http://h/a", 0, 0ms);
  failed.error = "request timeout";
  failed.error_code = 1050;
  recorder_.AddHop(scope_, HopTo("http://h/a", 200, 10ms), {}, 1s);
  recorder_.AddHop(scope_, failed, {}, 1s);
  recorder_.AddHop(scope_, HopTo("http://h/a", 500, 10ms), {}, 1s);
  uint64_t total = 0, nonzero = 0;
  for (const SeriesDelta& series : recorder_.TakeDelta()) {
    if (series.key->metric.name != "http_req_failed") continue;
    total += std::get<RateSink>(series.increment).total;
    nonzero += std::get<RateSink>(series.increment).nonzero;
  }
  EXPECT_EQ(total, 3u);
  EXPECT_EQ(nonzero, 2u);
  EXPECT_EQ(recorder_.series(), 27u);
}

TEST_F(RecorderTest, AnInterruptedHopIsCountedApart) {
  http::Hop hop = HopTo("http://h/a", 0, 0ms);
  hop.interrupted = true;
  recorder_.AddHop(scope_, hop, {}, 1s);
  const std::vector<SeriesDelta> delta = recorder_.TakeDelta();
  ASSERT_THAT(delta, SizeIs(1));
  EXPECT_EQ(Sum(Only(delta, "http_reqs_interrupted")), 1);
}

TEST_F(RecorderTest, DeltasAreIncrementsOfWhatChanged) {
  recorder_.Add(scope_, Builtin::kIterations, 1, {}, 1s);
  recorder_.Add(scope_, Builtin::kDataSent, 100, {}, 1s);
  EXPECT_THAT(recorder_.TakeDelta(), SizeIs(2));
  EXPECT_THAT(recorder_.TakeDelta(), SizeIs(0));
  recorder_.Add(scope_, Builtin::kDataSent, 30, {}, 2s);
  const std::vector<SeriesDelta> delta = recorder_.TakeDelta();
  ASSERT_THAT(delta, SizeIs(1));
  EXPECT_EQ(Sum(Only(delta, "data_sent")), 30);
}

TEST_F(RecorderTest, SeriesComeInTheOrderTheyAppeared) {
  recorder_.AddCheck(scope_, "zebra", true, {}, 1s);
  recorder_.AddCheck(scope_, "ant", true, {}, 1s);
  recorder_.TakeDelta();
  recorder_.AddCheck(scope_, "ant", false, {}, 2s);
  recorder_.AddCheck(scope_, "zebra", false, {}, 2s);
  const std::vector<SeriesDelta> delta = recorder_.TakeDelta();
  ASSERT_THAT(delta, SizeIs(2));
  EXPECT_EQ(*FindTag(delta[0].key->tags, "check"), "zebra");
  EXPECT_EQ(*FindTag(delta[1].key->tags, "check"), "ant");
}

TEST_F(RecorderTest, TheSameTagsAreOneSeriesHoweverTheyCame) {
  const Recorder::Scope* tagged = recorder_.InternScope({{"group", ""}, {"page", "home"}});
  const Recorder::Scope* plain = recorder_.InternScope({{"group", ""}});
  EXPECT_EQ(recorder_.InternScope({{"group", ""}}), plain);
  recorder_.Add(tagged, Builtin::kIterations, 1, {}, 1s);
  recorder_.Add(plain, Builtin::kIterations, 1, {{"page", "home"}}, 1s);
  EXPECT_EQ(recorder_.series(), 1u);
}

TEST_F(RecorderTest, DynamicUrlsUnderOneNameAreOneSeries) {
  for (int i = 0; i < 100; ++i) {
    recorder_.AddHop(scope_, HopTo("http://h/" + std::to_string(i), 200, 1ms), {{"name", "item"}},
                     1s);
  }
  EXPECT_EQ(recorder_.series(), 9u);
}

TEST_F(RecorderTest, CustomMetricsMayBeDeclaredLater) {
  const absl::StatusOr<MetricId> id =
      metrics_.Declare({"queue", MetricType::kGauge, ValueKind::kDefault});
  ASSERT_TRUE(id.ok());
  recorder_.Add(scope_, *id, 7, {}, -1s);
  recorder_.Add(scope_, *id, 5, {}, 2s);
  recorder_.Add(scope_, *id, std::numeric_limits<double>::quiet_NaN(), {}, 3s);
  const std::vector<SeriesDelta> delta = recorder_.TakeDelta();
  const auto& gauge = std::get<GaugeSink>(Only(delta, "queue").increment);
  EXPECT_EQ(gauge.last, 5);
  EXPECT_EQ(gauge.max, 7);
  EXPECT_EQ(gauge.last_at, 2s);
}

TEST_F(RecorderTest, AddsWithoutAllocatingInSteadyState) {
  const http::Hop hop =
      HopTo("http://h/a/long/path/that/does/not/fit/into/a/small/string", 200, 9ms);
  const Tags tags = {{"a tag that is long", "a value that is long enough"}, {"name", "x"}};
  size_t by_recorder = 0;
  // More kinds than are remembered, and checks that are remembered in one place.
  const auto add = [&] {
    for (const int status : {200, 201, 202, 404}) {
      http::Hop other = hop;
      other.status = status;
      const size_t copied = allocations;
      recorder_.AddHop(scope_, other, tags, 1s);
      recorder_.AddHop(scope_, other, {}, 1s);
      by_recorder += allocations - copied;
    }
    const size_t before = allocations;
    for (const char* name : {"status is what the long name of this check says",
                             "status is what the loud name of this check says"}) {
      recorder_.AddCheck(scope_, name, true, {}, 1s);
    }
    recorder_.Add(scope_, Builtin::kIterationDuration, 12.5, tags, 1s);
    by_recorder += allocations - before;
  };
  for (int i = 0; i < 10; ++i) add();
  recorder_.TakeDelta();
  by_recorder = 0;
  for (int i = 0; i < 100; ++i) add();
  EXPECT_EQ(by_recorder, 0u);
}

// A kind that is remembered is another one as soon as anything of what decides about series differs.
TEST_F(RecorderTest, HopsThatDifferInOneThingHaveSeriesOfTheirOwn) {
  const http::Hop plain = HopTo("http://h/", 200, 1ms);
  const auto with = [&](auto change) {
    http::Hop hop = plain;
    change(hop);
    return hop;
  };
  const std::vector<http::Hop> hops = {
      plain,
      with([](http::Hop& hop) { hop.status = 201; }),
      with([](http::Hop& hop) { hop.error_code = 1404; }),
      with([](http::Hop& hop) { hop.method = "PUT"; }),
      with([](http::Hop& hop) { hop.proto = "HTTP/1.0"; }),
      with([](http::Hop& hop) { hop.tls_version = "tls1.3"; }),
      with([](http::Hop& hop) { hop.remote_ip = "127.0.0.2"; }),
      with([](http::Hop& hop) { hop.error = "broken"; }),
      with([](http::Hop& hop) { hop.expectation = http::Expectation::kFailed; }),
  };
  MetricTable metrics;
  Recorder::Options options = DefaultOptions();
  options.system_tags.emplace_back("ip");
  Recorder recorder(metrics, options);
  const Recorder::Scope* scope = recorder.InternScope({{"group", ""}});
  const Recorder::Scope* other_scope = recorder.InternScope({{"group", "::other"}});
  const auto add_all = [&] {
    for (const http::Hop& hop : hops) {
      for (int twice = 0; twice < 2; ++twice) recorder.AddHop(scope, hop, {}, 1s);
    }
    for (int twice = 0; twice < 2; ++twice) recorder.AddHop(other_scope, plain, {}, 1s);
    for (const char* value : {"a", "b"}) {
      for (int twice = 0; twice < 2; ++twice) {
        recorder.AddHop(scope, plain, {{"tag", value}}, 1s);
      }
    }
  };
  add_all();
  const size_t kinds = hops.size() + 3;
  EXPECT_EQ(recorder.series(), kinds * 9);
  for (const SeriesDelta& series : recorder.TakeDelta()) {
    if (series.key->metric.name != "http_reqs") continue;
    EXPECT_EQ(Sum(series), 2);
  }
  add_all();
  EXPECT_EQ(recorder.series(), kinds * 9) << "a known one was made again";
}

TEST_F(RecorderTest, ChecksThatAreRememberedInOnePlaceAreToldApart) {
  const Recorder::Scope* other = recorder_.InternScope({{"group", "::other"}});
  for (int i = 0; i < 3; ++i) {
    // The letters that decide about the place are the same.
    for (const char* name : {"long name", "loud name"}) {
      recorder_.AddCheck(scope_, name, true, {}, 1s);
      recorder_.AddCheck(other, name, true, {}, 1s);
      recorder_.AddCheck(scope_, name, true, {{"tag", "x"}}, 1s);
    }
  }
  size_t checks = 0;
  for (const SeriesDelta& series : recorder_.TakeDelta()) {
    if (series.key->metric.name != "checks") continue;
    ++checks;
    EXPECT_EQ(std::get<RateSink>(series.increment).total, 3u);
  }
  EXPECT_EQ(checks, 6u);
}

TEST(RecorderBound, WhatDoesNotFitGoesToTheOverflowSeriesAndIsCounted) {
  MetricTable metrics;
  Recorder::Options options = DefaultOptions();
  options.series_max = 20;  // two hops' nine and two more
  Recorder recorder(metrics, options);
  const Recorder::Scope* scope = recorder.InternScope({{"group", ""}});
  for (int i = 0; i < 50; ++i) {
    recorder.AddHop(scope, HopTo("http://h/" + std::to_string(i), 200, 1ms), {}, 1s);
  }
  EXPECT_EQ(recorder.overflowed(), 48u * 9);
  EXPECT_EQ(recorder.series(), 3u * 9);
  double requests = 0, overflowed = 0;
  for (const SeriesDelta& series : recorder.TakeDelta()) {
    if (series.key->metric.name != "http_reqs") continue;
    requests += Sum(series);
    if (FindTag(series.key->tags, "kload_overflow") != nullptr) overflowed += Sum(series);
  }
  EXPECT_EQ(requests, 50);
  EXPECT_EQ(overflowed, 48);
  recorder.AddHop(scope, HopTo("http://h/0", 200, 1ms), {}, 1s);  // a known one still counts
  EXPECT_EQ(recorder.overflowed(), 48u * 9);
}

TEST(RecorderBound, ScopesBeyondTheBoundOverflow) {
  MetricTable metrics;
  Recorder::Options options = DefaultOptions();
  options.series_max = 3;
  Recorder recorder(metrics, options);
  for (int i = 0; i < 10; ++i) {
    const Recorder::Scope* scope = recorder.InternScope({{"user", std::to_string(i)}});
    recorder.Add(scope, Builtin::kIterations, 1, {}, 1s);
  }
  EXPECT_EQ(recorder.overflowed(), 7u);
  EXPECT_EQ(recorder.series(), 4u);
}

TEST(RecorderSampleLog, SeesRawSamplesWithTheUrl) {
  MetricTable metrics;
  Recorder::Options options = DefaultOptions();
  std::vector<std::tuple<std::string, double, Tags>> log;
  options.sample_log = [&](const MetricDef& def, double value, const Tags& tags, Nanos) {
    log.emplace_back(def.name, value, tags);
  };
  Recorder recorder(metrics, options);
  const Recorder::Scope* scope = recorder.InternScope({{"group", "::a"}});
  recorder.AddHop(scope, HopTo("http://h/a", 404, 10ms), {{"name", "a"}}, 1s);
  recorder.AddCheck(scope, "up", false, {}, 1s);
  ASSERT_THAT(log, SizeIs(10));
  EXPECT_EQ(std::get<0>(log[2]), "http_req_duration");
  EXPECT_EQ(std::get<1>(log[2]), 14);
  EXPECT_EQ(*FindTag(std::get<2>(log[2]), "url"), "http://h/a");
  EXPECT_THAT(std::get<2>(log[9]), ElementsAre(Pair("check", "up"), Pair("group", "::a")));
}

class RecorderProperty : public testing::TestWithParam<unsigned> {};

TEST_P(RecorderProperty, NoSampleIsLostOrCountedTwice) {
  std::mt19937_64 random(GetParam());
  MetricTable metrics;
  Recorder::Options options = DefaultOptions();
  options.series_max = 1 + random() % 200;
  Recorder recorder(metrics, options);
  double expected = 0, counted = 0;
  uint64_t hops = 0, durations = 0;
  for (int i = 0; i < 2000; ++i) {
    const Recorder::Scope* scope =
        recorder.InternScope({{"group", "::" + std::to_string(random() % 4)}});
    const double value = static_cast<double>(random() % 1000);
    recorder.Add(scope, Builtin::kDataSent, value, {{"k", std::to_string(random() % 9)}}, 1s);
    expected += value;
    recorder.AddHop(scope, HopTo("http://h/" + std::to_string(random() % 9), 200, 1ms), {}, 1s);
    ++hops;
    if (random() % 50 != 0 && i != 1999) continue;
    for (const SeriesDelta& series : recorder.TakeDelta()) {
      if (series.key->metric.name == "data_sent") counted += Sum(series);
      if (series.key->metric.name == "http_req_duration") durations += Trend(series).count();
    }
  }
  EXPECT_EQ(counted, expected);
  EXPECT_EQ(durations, hops);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RecorderProperty, testing::Range(1u, 11u));

}  // namespace
}  // namespace kload::agent
