#include <functional>
#include <string_view>
#include <variant>

#include "common/base/check.h"
#include "common/wire/delta_wire.h"
#include "common/wire/metric_wire.h"

namespace kload::wire {
namespace {

void EncodeSum(const FixedSum& sum, v1::FixedSum& message) {
  message.set_high(sum.high());
  message.set_low(sum.low());
}

// Appends (gap, count) pairs and returns the first bucket's index, 0 without any.
int32_t EncodeBuckets(const BucketArray& buckets, google::protobuf::RepeatedField<uint64_t>* out) {
  bool any = false;
  int32_t first = 0;
  int32_t last = 0;
  buckets.ForEach([&](int32_t index, uint64_t count) {
    if (!any) first = last = index;
    any = true;
    out->Add(static_cast<uint64_t>(int64_t{index} - last));
    out->Add(count);
    last = index;
  });
  return first;
}

void EncodeTrend(const TrendSink& sink, v1::HistogramDelta& message) {
  const Histogram& histogram = sink.histogram;
  message.set_count(histogram.count());
  EncodeSum(sink.sum, *message.mutable_sum());
  message.set_min(sink.min);
  message.set_max(sink.max);
  message.set_zero_count(histogram.zero_count());
  message.set_positive_offset(EncodeBuckets(histogram.positive(), message.mutable_positive()));
  message.set_negative_offset(EncodeBuckets(histogram.negative(), message.mutable_negative()));
}

void EncodeSink(const Sink& sink, v1::SeriesDelta& message) {
  if (const auto* counter = std::get_if<CounterSink>(&sink)) {
    EncodeSum(counter->sum, *message.mutable_counter());
  } else if (const auto* gauge = std::get_if<GaugeSink>(&sink)) {
    v1::GaugeDelta& value = *message.mutable_gauge();
    value.set_last(gauge->last);
    value.set_min(gauge->min);
    value.set_max(gauge->max);
    value.set_last_at_ns(gauge->last_at.count());
  } else if (const auto* rate = std::get_if<RateSink>(&sink)) {
    message.mutable_rate()->set_total(rate->total);
    message.mutable_rate()->set_nonzero(rate->nonzero);
  } else if (const auto* trend = std::get_if<TrendSink>(&sink)) {
    EncodeTrend(*trend, *message.mutable_trend());
  }
}

void EncodeHealth(const AgentHealth& health, v1::AgentHealth& message) {
  message.set_cpu_ratio(health.cpu_ratio);
  message.set_loop_lag_max_ns(health.loop_lag_max.count());
  message.set_rss_bytes(health.rss_bytes);
  message.set_series(health.series);
  message.set_samples_overflowed(health.samples_overflowed);
  message.set_vus_scheduled(health.vus_scheduled);
  message.set_vus_active(health.vus_active);
  message.set_vus_initialized(health.vus_initialized);
  message.set_cores(health.cores);
  message.set_iterations_late(health.iterations_late);
  message.set_iterations_dropped(health.iterations_dropped);
  message.set_generator_errors(health.generator_errors);
  message.set_stalled_ns(health.stalled.count());
  message.set_cpu_throttled_ratio(health.cpu_throttled_ratio);
}

}  // namespace

size_t DeltaEncoder::ByContent::operator()(const SeriesKeyPtr& key) const {
  const std::hash<std::string_view> hash;
  size_t result = hash(key->metric.name);
  const auto mix = [&](std::string_view text) { result = result * 1'000'003 + hash(text); };
  for (const auto& [name, value] : key->tags) {
    mix(name);
    mix(value);
  }
  return result;
}

uint32_t DeltaEncoder::IdOf(const SeriesKeyPtr& key, v1::Delta& message) {
  Known& known = series_[key];
  if (known.id == 0) known.id = next_id_++;
  if (known.sent) return known.id;
  known.sent = true;
  v1::SeriesDefinition& definition = *message.add_definitions();
  definition.set_id(known.id);
  definition.set_metric(key->metric.name);
  definition.set_type(EncodeType(key->metric.type));
  definition.set_contains(EncodeKind(key->metric.contains));
  for (const auto& [name, value] : key->tags) {
    definition.add_tags(name);
    definition.add_tags(value);
  }
  return known.id;
}

v1::Delta DeltaEncoder::Encode(const Delta& delta) {
  if (delta.run_id != run_id_) {
    series_.clear();
    run_id_ = delta.run_id;
  }
  v1::Delta message;
  message.set_run_id(delta.run_id);
  message.set_sequence(delta.sequence);
  message.set_interval_start_ns(delta.interval_start.count());
  message.set_interval_end_ns(delta.interval_end.count());
  message.set_final(delta.final);
  for (const SeriesDelta& series : delta.series) {
    if (IsEmpty(series.increment)) continue;
    KLOAD_CHECK(static_cast<size_t>(series.key->metric.type) == series.increment.index(),
                "a series holds the sink of its metric's type");
    const uint32_t id = IdOf(series.key, message);
    v1::SeriesDelta& encoded = *message.add_series();
    encoded.set_id(id);
    EncodeSink(series.increment, encoded);
  }
  EncodeHealth(delta.health, *message.mutable_health());
  for (const ScenarioProgress& scenario : delta.scenarios) {
    v1::ScenarioProgress& encoded = *message.add_scenarios();
    encoded.set_name(scenario.name);
    encoded.set_vus_active(scenario.vus_active);
    encoded.set_iterations_complete(scenario.iterations_complete);
    encoded.set_iterations_interrupted(scenario.iterations_interrupted);
  }
  return message;
}

void DeltaEncoder::Reset() {
  for (auto& [key, known] : series_) known.sent = false;
}

}  // namespace kload::wire
