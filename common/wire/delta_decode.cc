#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "common/base/status.h"
#include "common/wire/delta_wire.h"
#include "common/wire/metric_wire.h"

namespace kload::wire {
namespace {

// Buckets of the smallest and of the largest positive double: see common/metric/FORMAT.md.
constexpr int64_t kBucketMin = -1074 * 512;
constexpr int64_t kBucketMax = 1024 * 512;

template <typename... Args>
absl::Status Refuse(fmt::format_string<Args...> format, Args&&... args) {
  return absl::InvalidArgumentError(fmt::format(format, std::forward<Args>(args)...));
}

bool Finite(double a, double b, double c = 0) {
  return std::isfinite(a) && std::isfinite(b) && std::isfinite(c);
}

FixedSum DecodeSum(const v1::FixedSum& message) {
  return FixedSum::FromHalves(message.high(), message.low());
}

// Adds the buckets and their count to `total`.
absl::Status DecodeBuckets(const google::protobuf::RepeatedField<uint64_t>& pairs, int32_t offset,
                           bool negative, Histogram& histogram, uint64_t& total) {
  if (pairs.size() % 2 != 0) return Refuse("a bucket without a count");
  int64_t index = offset;
  for (int i = 0; i < pairs.size(); i += 2) {
    const uint64_t gap = pairs[i];
    const uint64_t count = pairs[i + 1];
    if (i == 0 ? gap != 0 : gap == 0) return Refuse("bucket indices do not rise from the offset");
    if (gap > static_cast<uint64_t>(kBucketMax - kBucketMin)) {
      return Refuse("bucket gap {} is too wide", gap);
    }
    index += static_cast<int64_t>(gap);
    if (index < kBucketMin || index > kBucketMax) {
      return Refuse("bucket {} is beyond that of any finite number", index);
    }
    if (count == 0) return Refuse("bucket {} has no count", index);
    if (__builtin_add_overflow(total, count, &total)) return Refuse("bucket counts overflow");
    histogram.AddBucket(static_cast<int32_t>(index), count, negative);
  }
  return absl::OkStatus();
}

absl::StatusOr<Sink> DecodeTrend(const v1::HistogramDelta& message) {
  if (!Finite(message.min(), message.max())) return Refuse("trend: min or max is not finite");
  if (message.min() > message.max()) return Refuse("trend: min is above max");
  TrendSink sink;
  uint64_t total = message.zero_count();
  if (total > 0) sink.histogram.AddZero(total);
  KLOAD_RETURN_IF_ERROR(Annotate(
      DecodeBuckets(message.positive(), message.positive_offset(), false, sink.histogram, total),
      "trend: positive"));
  KLOAD_RETURN_IF_ERROR(Annotate(
      DecodeBuckets(message.negative(), message.negative_offset(), true, sink.histogram, total),
      "trend: negative"));
  if (total != message.count()) {
    return Refuse("trend: count is {}, its buckets hold {}", message.count(), total);
  }
  if (total == 0) return Refuse("trend: no sample");
  sink.sum = DecodeSum(message.sum());
  sink.min = message.min();
  sink.max = message.max();
  return sink;
}

absl::StatusOr<Sink> DecodeGauge(const v1::GaugeDelta& message) {
  if (!Finite(message.last(), message.min(), message.max())) {
    return Refuse("gauge: a value is not finite");
  }
  if (message.min() > message.last() || message.last() > message.max()) {
    return Refuse("gauge: last is outside of min and max");
  }
  if (message.last_at_ns() < 0) return Refuse("gauge: last_at_ns is negative");
  return GaugeSink{message.last(), message.min(), message.max(), Nanos(message.last_at_ns())};
}

absl::StatusOr<Sink> DecodeRate(const v1::RateDelta& message) {
  if (message.total() == 0) return Refuse("rate: no sample");
  if (message.nonzero() > message.total()) {
    return Refuse("rate: {} of {} are non-zero", message.nonzero(), message.total());
  }
  return RateSink{message.total(), message.nonzero()};
}

// The type of the value that is set; nothing for none.
std::optional<MetricType> TypeOf(const v1::SeriesDelta& message) {
  switch (message.value_case()) {
    case v1::SeriesDelta::kCounter:
      return MetricType::kCounter;
    case v1::SeriesDelta::kGauge:
      return MetricType::kGauge;
    case v1::SeriesDelta::kRate:
      return MetricType::kRate;
    case v1::SeriesDelta::kTrend:
      return MetricType::kTrend;
    case v1::SeriesDelta::VALUE_NOT_SET:
      break;
  }
  return std::nullopt;
}

absl::StatusOr<Sink> DecodeSink(const v1::SeriesDelta& message, MetricType type) {
  const std::optional<MetricType> sent = TypeOf(message);
  if (!sent) return Refuse("no value");
  if (*sent != type) {
    return Refuse("a {} where the series is a {}", TypeName(*sent), TypeName(type));
  }
  switch (type) {
    case MetricType::kCounter:
      return CounterSink{DecodeSum(message.counter()), true};
    case MetricType::kGauge:
      return DecodeGauge(message.gauge());
    case MetricType::kRate:
      return DecodeRate(message.rate());
    case MetricType::kTrend:
      return DecodeTrend(message.trend());
  }
  return absl::InternalError("unknown metric type");
}

absl::StatusOr<AgentHealth> DecodeHealth(const v1::AgentHealth& message) {
  if (!std::isfinite(message.cpu_ratio()) || message.cpu_ratio() < 0) {
    return Refuse("health.cpu_ratio is {}", message.cpu_ratio());
  }
  if (!std::isfinite(message.cores()) || message.cores() < 0) {
    return Refuse("health.cores is {}", message.cores());
  }
  const double throttled = message.cpu_throttled_ratio();
  if (!std::isfinite(throttled) || throttled < 0) {
    return Refuse("health.cpu_throttled_ratio is {}", throttled);
  }
  if (message.stalled_ns() < 0) return Refuse("health.stalled_ns is negative");
  if (message.loop_lag_max_ns() < 0) return Refuse("health.loop_lag_max_ns is negative");
  if (message.vus_scheduled() < 0 || message.vus_active() < 0 || message.vus_initialized() < 0) {
    return Refuse("health: a number of VUs is negative");
  }
  return AgentHealth{.cpu_ratio = message.cpu_ratio(),
                     .loop_lag_max = Nanos(message.loop_lag_max_ns()),
                     .rss_bytes = message.rss_bytes(),
                     .series = message.series(),
                     .samples_overflowed = message.samples_overflowed(),
                     .vus_scheduled = message.vus_scheduled(),
                     .vus_active = message.vus_active(),
                     .vus_initialized = message.vus_initialized(),
                     .cores = message.cores(),
                     .iterations_late = message.iterations_late(),
                     .iterations_dropped = message.iterations_dropped(),
                     .generator_errors = message.generator_errors(),
                     .stalled = Nanos(message.stalled_ns()),
                     .cpu_throttled_ratio = message.cpu_throttled_ratio()};
}

absl::StatusOr<SeriesKeyPtr> DecodeKey(const v1::SeriesDefinition& message) {
  auto key = std::make_shared<SeriesKey>();
  if (message.metric().empty()) return Refuse("no metric");
  key->metric.name = message.metric();
  KLOAD_ASSIGN_OR_RETURN(key->metric.type, DecodeType(message.type()));
  KLOAD_ASSIGN_OR_RETURN(key->metric.contains, DecodeKind(message.contains()));
  if (message.tags_size() % 2 != 0) return Refuse("a tag without a value");
  for (int i = 0; i < message.tags_size(); i += 2) {
    if (i > 0 && message.tags(i) <= message.tags(i - 2)) {
      return Refuse("tags are not sorted: \"{}\" after \"{}\"", message.tags(i),
                    message.tags(i - 2));
    }
    key->tags.emplace_back(message.tags(i), message.tags(i + 1));
  }
  return SeriesKeyPtr(std::move(key));
}

absl::Status DecodeScenarios(const v1::Delta& message, Delta& delta) {
  for (const v1::ScenarioProgress& scenario : message.scenarios()) {
    if (scenario.vus_active() < 0) {
      return Refuse("scenario {}: vus_active is negative", scenario.name());
    }
    delta.scenarios.push_back({scenario.name(), scenario.vus_active(),
                               scenario.iterations_complete(), scenario.iterations_interrupted()});
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DeltaDecoder::Define(const v1::SeriesDefinition& message) {
  if (message.id() == 0) return Refuse("series 0: ids begin at 1");
  absl::StatusOr<SeriesKeyPtr> key = DecodeKey(message);
  if (!key.ok()) return Annotate(key.status(), fmt::format("series {}", message.id()));
  const auto known = series_.find(message.id());
  if (known != series_.end()) {
    if (*known->second == **key) return absl::OkStatus();
    return Refuse("series {} was {}, now it is defined as {}", message.id(),
                  known->second->metric.name, message.metric());
  }
  if (series_.size() >= kSeriesMax) {
    return absl::ResourceExhaustedError(fmt::format("more than {} series", kSeriesMax));
  }
  series_.emplace(message.id(), *std::move(key));
  return absl::OkStatus();
}

absl::StatusOr<Delta> DeltaDecoder::Decode(const v1::Delta& message) {
  if (message.run_id().empty()) return Refuse("delta without a run_id");
  if (message.sequence() == 0) return Refuse("delta 0: sequences begin at 1");
  if (message.interval_end_ns() < message.interval_start_ns()) {
    return Refuse("delta {}: its interval ends before it starts", message.sequence());
  }
  if (message.run_id() != run_id_) {
    series_.clear();
    run_id_ = message.run_id();
  }
  for (const v1::SeriesDefinition& definition : message.definitions()) {
    KLOAD_RETURN_IF_ERROR(Define(definition));
  }
  Delta delta;
  delta.run_id = message.run_id();
  delta.sequence = message.sequence();
  delta.interval_start = Nanos(message.interval_start_ns());
  delta.interval_end = Nanos(message.interval_end_ns());
  delta.final = message.final();
  delta.series.reserve(message.series_size());
  for (const v1::SeriesDelta& series : message.series()) {
    const auto known = series_.find(series.id());
    if (known == series_.end()) return Refuse("series {} is not defined", series.id());
    absl::StatusOr<Sink> sink = DecodeSink(series, known->second->metric.type);
    if (!sink.ok()) {
      return Annotate(sink.status(),
                      fmt::format("series {} ({})", series.id(), known->second->metric.name));
    }
    delta.series.push_back({known->second, *std::move(sink)});
  }
  KLOAD_ASSIGN_OR_RETURN(delta.health, DecodeHealth(message.health()));
  KLOAD_RETURN_IF_ERROR(DecodeScenarios(message, delta));
  return delta;
}

}  // namespace kload::wire
