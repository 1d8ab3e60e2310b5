#include "common/wire/metric_wire.h"

#include <fmt/format.h>

namespace kload::wire {

v1::MetricType EncodeType(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return v1::METRIC_TYPE_COUNTER;
    case MetricType::kGauge:
      return v1::METRIC_TYPE_GAUGE;
    case MetricType::kRate:
      return v1::METRIC_TYPE_RATE;
    case MetricType::kTrend:
      return v1::METRIC_TYPE_TREND;
  }
  return v1::METRIC_TYPE_UNSPECIFIED;
}

v1::ValueKind EncodeKind(ValueKind kind) {
  switch (kind) {
    case ValueKind::kTime:
      return v1::VALUE_KIND_TIME;
    case ValueKind::kData:
      return v1::VALUE_KIND_DATA;
    case ValueKind::kDefault:
      break;
  }
  return v1::VALUE_KIND_DEFAULT;
}

absl::StatusOr<MetricType> DecodeType(v1::MetricType message) {
  switch (message) {
    case v1::METRIC_TYPE_COUNTER:
      return MetricType::kCounter;
    case v1::METRIC_TYPE_GAUGE:
      return MetricType::kGauge;
    case v1::METRIC_TYPE_RATE:
      return MetricType::kRate;
    case v1::METRIC_TYPE_TREND:
      return MetricType::kTrend;
    default:
      return absl::InvalidArgumentError(
          fmt::format("unknown metric type {}", static_cast<int>(message)));
  }
}

absl::StatusOr<ValueKind> DecodeKind(v1::ValueKind message) {
  switch (message) {
    case v1::VALUE_KIND_DEFAULT:
      return ValueKind::kDefault;
    case v1::VALUE_KIND_TIME:
      return ValueKind::kTime;
    case v1::VALUE_KIND_DATA:
      return ValueKind::kData;
    default:
      return absl::InvalidArgumentError(
          fmt::format("unknown value kind {}", static_cast<int>(message)));
  }
}

}  // namespace kload::wire
