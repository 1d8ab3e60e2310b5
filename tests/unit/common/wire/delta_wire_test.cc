#include "common/wire/delta_wire.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>
#include <random>

#include "common/base/status.h"

namespace kload::wire {
namespace {

SeriesKeyPtr Key(std::string metric, MetricType type, Tags tags = {},
                 ValueKind kind = ValueKind::kDefault) {
  return std::make_shared<const SeriesKey>(
      SeriesKey{MetricDef{std::move(metric), type, kind}, std::move(tags)});
}

std::vector<std::pair<int32_t, uint64_t>> Buckets(const BucketArray& buckets) {
  std::vector<std::pair<int32_t, uint64_t>> result;
  buckets.ForEach([&](int32_t index, uint64_t count) { result.emplace_back(index, count); });
  return result;
}

void ExpectSame(const Sink& a, const Sink& b) {
  ASSERT_EQ(a.index(), b.index());
  if (const auto* counter = std::get_if<CounterSink>(&a)) {
    EXPECT_EQ(counter->sum, std::get<CounterSink>(b).sum);
    EXPECT_EQ(counter->any, std::get<CounterSink>(b).any);
  } else if (const auto* gauge = std::get_if<GaugeSink>(&a)) {
    const auto& other = std::get<GaugeSink>(b);
    EXPECT_EQ(gauge->last, other.last);
    EXPECT_EQ(gauge->min, other.min);
    EXPECT_EQ(gauge->max, other.max);
    EXPECT_EQ(gauge->last_at, other.last_at);
  } else if (const auto* rate = std::get_if<RateSink>(&a)) {
    EXPECT_EQ(rate->total, std::get<RateSink>(b).total);
    EXPECT_EQ(rate->nonzero, std::get<RateSink>(b).nonzero);
  } else {
    const auto& one = std::get<TrendSink>(a);
    const auto& other = std::get<TrendSink>(b);
    EXPECT_EQ(one.sum, other.sum);
    EXPECT_EQ(one.min, other.min);
    EXPECT_EQ(one.max, other.max);
    EXPECT_EQ(one.count(), other.count());
    EXPECT_EQ(one.histogram.zero_count(), other.histogram.zero_count());
    EXPECT_EQ(Buckets(one.histogram.positive()), Buckets(other.histogram.positive()));
    EXPECT_EQ(Buckets(one.histogram.negative()), Buckets(other.histogram.negative()));
  }
}

void ExpectSame(const Delta& a, const Delta& b) {
  EXPECT_EQ(a.run_id, b.run_id);
  EXPECT_EQ(a.sequence, b.sequence);
  EXPECT_EQ(a.interval_start, b.interval_start);
  EXPECT_EQ(a.interval_end, b.interval_end);
  EXPECT_EQ(a.final, b.final);
  EXPECT_EQ(a.health.cpu_ratio, b.health.cpu_ratio);
  EXPECT_EQ(a.health.loop_lag_max, b.health.loop_lag_max);
  EXPECT_EQ(a.health.rss_bytes, b.health.rss_bytes);
  EXPECT_EQ(a.health.series, b.health.series);
  EXPECT_EQ(a.health.samples_overflowed, b.health.samples_overflowed);
  EXPECT_EQ(a.health.vus_scheduled, b.health.vus_scheduled);
  EXPECT_EQ(a.health.vus_active, b.health.vus_active);
  EXPECT_EQ(a.health.vus_initialized, b.health.vus_initialized);
  ASSERT_EQ(a.scenarios.size(), b.scenarios.size());
  for (size_t i = 0; i < a.scenarios.size(); ++i) {
    EXPECT_EQ(a.scenarios[i].name, b.scenarios[i].name);
    EXPECT_EQ(a.scenarios[i].vus_active, b.scenarios[i].vus_active);
    EXPECT_EQ(a.scenarios[i].iterations_complete, b.scenarios[i].iterations_complete);
    EXPECT_EQ(a.scenarios[i].iterations_interrupted, b.scenarios[i].iterations_interrupted);
  }
  ASSERT_EQ(a.series.size(), b.series.size());
  for (size_t i = 0; i < a.series.size(); ++i) {
    EXPECT_EQ(*a.series[i].key, *b.series[i].key);
    ExpectSame(a.series[i].increment, b.series[i].increment);
  }
}

// Random samples for a random choice of 40 series.
class DeltaMaker {
 public:
  explicit DeltaMaker(uint32_t seed) : random_(seed) {}

  Delta Next() {
    Delta delta;
    delta.run_id = "r1";
    delta.sequence = ++sequence_;
    delta.interval_start = std::chrono::seconds(sequence_ - 2);
    delta.interval_end = std::chrono::seconds(sequence_ - 1);
    delta.final = random_() % 8 == 0;
    delta.health = {.cpu_ratio = Number(1.5),
                    .loop_lag_max = Nanos(random_() % 1'000'000),
                    .rss_bytes = random_(),
                    .series = random_() % 100,
                    .samples_overflowed = random_() % 2,
                    .vus_scheduled = int64_t(random_() % 50),
                    .vus_active = int64_t(random_() % 50),
                    .vus_initialized = 50};
    delta.scenarios = {{"default", int64_t(random_() % 9), random_(), random_() % 3}};
    for (int i = 0; i < 40; ++i) {
      if (random_() % 2 == 0) delta.series.push_back(Series(i));
    }
    return delta;
  }

 private:
  double Number(double scale) { return scale * double(random_()) / double(random_.max()); }

  SeriesDelta Series(int i) {
    const auto type = static_cast<MetricType>(i % 4);
    const ValueKind kind = i % 8 >= 4 ? ValueKind::kTime : ValueKind::kDefault;
    SeriesDelta series{Key("metric_" + std::to_string(i / 8), type,
                           {{"a", std::to_string(i)}, {"name", "x"}}, kind),
                       MakeSink(type)};
    const int samples = 1 + random_() % 30;
    for (int n = 0; n < samples; ++n) Add(series.increment, kind);
    return series;
  }

  void Add(Sink& sink, ValueKind kind) {
    const double value = random_() % 5 == 0 ? 0 : std::exp(Number(60) - 30);
    if (auto* counter = std::get_if<CounterSink>(&sink)) counter->Add(value);
    if (auto* gauge = std::get_if<GaugeSink>(&sink)) gauge->Add(value, Nanos(random_()));
    if (auto* rate = std::get_if<RateSink>(&sink)) rate->Add(value);
    if (auto* trend = std::get_if<TrendSink>(&sink)) {
      trend->Add(random_() % 4 == 0 ? -value : value, kind);
    }
  }

  std::mt19937 random_;
  uint64_t sequence_ = 0;
};

TEST(DeltaWireProperty, DecodeUndoesEncode) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    DeltaMaker maker(seed);
    DeltaEncoder encoder;
    DeltaDecoder decoder;
    for (int i = 0; i < 20; ++i) {
      const Delta delta = maker.Next();
      // Through bytes, as on a stream.
      v1::Delta message;
      ASSERT_TRUE(message.ParseFromString(encoder.Encode(delta).SerializeAsString()));
      const absl::StatusOr<Delta> decoded = decoder.Decode(message);
      ASSERT_TRUE(decoded.ok()) << Message(decoded.status());
      ExpectSame(delta, *decoded);
    }
  }
}

TEST(DeltaWireProperty, UnacknowledgedDeltasSurviveAReconnect) {
  DeltaMaker maker(99);
  DeltaEncoder encoder;
  std::vector<Delta> kept;
  for (int i = 0; i < 5; ++i) {
    kept.push_back(maker.Next());
    encoder.Encode(kept.back());
  }
  encoder.Reset();
  DeltaDecoder fresh;
  for (size_t i = 2; i < kept.size(); ++i) {
    const absl::StatusOr<Delta> decoded = fresh.Decode(encoder.Encode(kept[i]));
    ASSERT_TRUE(decoded.ok()) << Message(decoded.status());
    ExpectSame(kept[i], *decoded);
  }
}

Delta OneSeries(SeriesKeyPtr key, Sink sink) {
  Delta delta;
  delta.run_id = "r1";
  delta.sequence = 1;
  delta.series.push_back({std::move(key), std::move(sink)});
  return delta;
}

Sink CounterOf(double value) {
  CounterSink sink;
  sink.Add(value);
  return sink;
}

TEST(DeltaEncoderTest, NamesASeriesOncePerStream) {
  DeltaEncoder encoder;
  const Delta delta = OneSeries(Key("http_reqs", MetricType::kCounter), CounterOf(1));
  EXPECT_EQ(encoder.Encode(delta).definitions_size(), 1);
  // Equal content is the same series, whoever holds it.
  const Delta same = OneSeries(Key("http_reqs", MetricType::kCounter), CounterOf(2));
  const v1::Delta second = encoder.Encode(same);
  EXPECT_EQ(second.definitions_size(), 0);
  EXPECT_EQ(second.series(0).id(), 1u);
  encoder.Reset();
  const v1::Delta third = encoder.Encode(delta);
  ASSERT_EQ(third.definitions_size(), 1);
  EXPECT_EQ(third.definitions(0).id(), 1u);
}

TEST(DeltaEncoderTest, AnotherRunGetsNewIds) {
  DeltaEncoder encoder;
  DeltaDecoder decoder;
  Delta delta = OneSeries(Key("http_reqs", MetricType::kCounter), CounterOf(1));
  ASSERT_TRUE(decoder.Decode(encoder.Encode(delta)).ok());
  delta.run_id = "r2";
  const v1::Delta message = encoder.Encode(delta);
  ASSERT_EQ(message.definitions_size(), 1);
  EXPECT_EQ(message.definitions(0).id(), 2u);
  EXPECT_TRUE(decoder.Decode(message).ok());
}

TEST(DeltaEncoderTest, LeavesOutSeriesWithoutSamples) {
  DeltaEncoder encoder;
  const v1::Delta message =
      encoder.Encode(OneSeries(Key("vus", MetricType::kGauge), MakeSink(MetricType::kGauge)));
  EXPECT_EQ(message.series_size(), 0);
  EXPECT_EQ(message.definitions_size(), 0);
}

TEST(DeltaEncoderTest, CounterThatGrewByZeroIsKept) {
  DeltaEncoder encoder;
  DeltaDecoder decoder;
  const auto decoded =
      decoder.Decode(encoder.Encode(OneSeries(Key("c1", MetricType::kCounter), CounterOf(0))));
  ASSERT_TRUE(decoded.ok());
  ASSERT_EQ(decoded->series.size(), 1u);
  EXPECT_TRUE(std::get<CounterSink>(decoded->series[0].increment).any);
}

// A valid message with one series of each type, to be broken by tests: 1 counter, 2 gauge, 3 rate,
// 4 trend.
v1::Delta Valid() {
  Delta delta = OneSeries(Key("c1", MetricType::kCounter, {{"a", "1"}, {"b", "2"}}), CounterOf(1));
  GaugeSink gauge;
  gauge.Add(5, Nanos(1));
  RateSink rate;
  rate.Add(1);
  TrendSink trend;
  for (double value : {-3.0, 0.0, 1.0, 2.0, 1000.0}) trend.Add(value, ValueKind::kDefault);
  delta.series.push_back({Key("g1", MetricType::kGauge), gauge});
  delta.series.push_back({Key("r1", MetricType::kRate), rate});
  delta.series.push_back({Key("t1", MetricType::kTrend), trend});
  return DeltaEncoder().Encode(delta);
}

struct BadDelta {
  std::string name;
  std::string error;  // part of the message
  void (*spoil)(v1::Delta&);
};
// How the test is listed.
void PrintTo(const BadDelta& each, std::ostream* out) { *out << each.name; }

class DeltaDecoderRefuses : public testing::TestWithParam<BadDelta> {};

TEST_P(DeltaDecoderRefuses, Spoiled) {
  v1::Delta message = Valid();
  ASSERT_TRUE(DeltaDecoder().Decode(message).ok());
  GetParam().spoil(message);
  const absl::StatusOr<Delta> decoded = DeltaDecoder().Decode(message);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(Message(decoded.status()).find(GetParam().error), std::string::npos)
      << Message(decoded.status());
}

v1::GaugeDelta& Gauge(v1::Delta& d) { return *d.mutable_series(1)->mutable_gauge(); }
v1::RateDelta& Rate(v1::Delta& d) { return *d.mutable_series(2)->mutable_rate(); }
v1::HistogramDelta& Trend(v1::Delta& d) { return *d.mutable_series(3)->mutable_trend(); }
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

INSTANTIATE_TEST_SUITE_P(
    All, DeltaDecoderRefuses,
    testing::Values(
        BadDelta{"NoRun", "run_id", [](v1::Delta& d) { d.clear_run_id(); }},
        BadDelta{"SequenceZero", "begin at 1", [](v1::Delta& d) { d.set_sequence(0); }},
        BadDelta{"Interval", "before it starts", [](v1::Delta& d) { d.set_interval_end_ns(-1); }},
        BadDelta{"UnknownId", "series 77 is not defined",
                 [](v1::Delta& d) { d.mutable_series(0)->set_id(77); }},
        BadDelta{"WrongType", "series 3 (r1): a counter where the series is a rate",
                 [](v1::Delta& d) { d.mutable_series(2)->mutable_counter()->set_low(1); }},
        BadDelta{"NoValue", "no value", [](v1::Delta& d) { d.mutable_series(0)->clear_counter(); }},
        BadDelta{"IdZero", "begin at 1", [](v1::Delta& d) { d.mutable_definitions(0)->set_id(0); }},
        BadDelta{"Redefined", "series 1 was c1, now it is defined as g1",
                 [](v1::Delta& d) { d.mutable_definitions(1)->set_id(1); }},
        BadDelta{"NoMetric", "series 1: no metric",
                 [](v1::Delta& d) { d.mutable_definitions(0)->clear_metric(); }},
        BadDelta{"UnknownMetricType", "unknown metric type",
                 [](v1::Delta& d) { d.mutable_definitions(0)->clear_type(); }},
        BadDelta{"OddTags", "a tag without a value",
                 [](v1::Delta& d) { d.mutable_definitions(0)->add_tags("z"); }},
        BadDelta{"UnsortedTags", "not sorted",
                 [](v1::Delta& d) { d.mutable_definitions(0)->set_tags(2, "a"); }},
        BadDelta{"GaugeNan", "not finite", [](v1::Delta& d) { Gauge(d).set_last(kNan); }},
        BadDelta{"GaugeRange", "outside", [](v1::Delta& d) { Gauge(d).set_max(4); }},
        BadDelta{"GaugeTime", "negative", [](v1::Delta& d) { Gauge(d).set_last_at_ns(-1); }},
        BadDelta{"RateEmpty", "no sample", [](v1::Delta& d) { Rate(d).set_total(0); }},
        BadDelta{"RateNonzero", "2 of 1", [](v1::Delta& d) { Rate(d).set_nonzero(2); }},
        BadDelta{"TrendInfinite", "not finite", [](v1::Delta& d) { Trend(d).set_max(kInf); }},
        BadDelta{"TrendRange", "min is above max", [](v1::Delta& d) { Trend(d).set_min(2000); }},
        BadDelta{"TrendCount", "its buckets hold 5", [](v1::Delta& d) { Trend(d).set_count(6); }},
        BadDelta{"TrendEmpty", "no sample",
                 [](v1::Delta& d) {
                   Trend(d).Clear();
                   Trend(d).set_count(0);
                 }},
        BadDelta{"BucketNoCount", "has no count",
                 [](v1::Delta& d) { Trend(d).set_positive(1, 0); }},
        BadDelta{"BucketOdd", "without a count", [](v1::Delta& d) { Trend(d).add_positive(1); }},
        BadDelta{"BucketSame", "do not rise", [](v1::Delta& d) { Trend(d).set_positive(2, 0); }},
        BadDelta{"BucketFirstGap", "do not rise",
                 [](v1::Delta& d) { Trend(d).set_positive(0, 1); }},
        BadDelta{"BucketTooHigh", "beyond that of any finite number",
                 [](v1::Delta& d) { Trend(d).set_positive_offset(600'000); }},
        BadDelta{"BucketTooLow", "beyond that of any finite number",
                 [](v1::Delta& d) { Trend(d).set_negative_offset(-600'000); }},
        BadDelta{"BucketGap", "too wide",
                 [](v1::Delta& d) { Trend(d).set_positive(2, uint64_t{1} << 63); }},
        BadDelta{"BucketOverflow", "overflow",
                 [](v1::Delta& d) { Trend(d).set_positive(1, ~uint64_t{0}); }},
        BadDelta{"Cpu", "cpu_ratio", [](v1::Delta& d) { d.mutable_health()->set_cpu_ratio(kNan); }},
        BadDelta{"Lag", "loop_lag",
                 [](v1::Delta& d) { d.mutable_health()->set_loop_lag_max_ns(-1); }},
        BadDelta{"Vus", "VUs is negative",
                 [](v1::Delta& d) { d.mutable_health()->set_vus_active(-1); }},
        BadDelta{"ScenarioVus", "vus_active is negative",
                 [](v1::Delta& d) { d.add_scenarios()->set_vus_active(-1); }}),
    [](const testing::TestParamInfo<BadDelta>& info) { return info.param.name; });

}  // namespace
}  // namespace kload::wire
