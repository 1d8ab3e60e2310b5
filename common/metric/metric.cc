#include "common/metric/metric.h"

#include <absl/status/status.h>
#include <fmt/format.h>

#include <algorithm>

#include "common/base/check.h"

namespace kload {
namespace {

constexpr size_t kNameLengthMin = 2;
constexpr size_t kNameLengthMax = 129;

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool IsName(std::string_view name) {
  if (name.size() < kNameLengthMin || name.size() > kNameLengthMax) return false;
  return IsNameStart(name.front()) && std::all_of(name.begin(), name.end(), [](char c) {
           return IsNameStart(c) || (c >= '0' && c <= '9');
         });
}

// In the order of `Builtin`.
std::vector<MetricDef> BuiltinMetrics() {
  using enum MetricType;
  using enum ValueKind;
  return {
      {"vus", kGauge, kDefault},
      {"vus_max", kGauge, kDefault},
      {"iterations", kCounter, kDefault},
      {"iteration_duration", kTrend, kTime},
      {"dropped_iterations", kCounter, kDefault},
      {"checks", kRate, kDefault},
      {"group_duration", kTrend, kTime},
      {"http_reqs", kCounter, kDefault},
      {"http_req_failed", kRate, kDefault},
      {"http_req_duration", kTrend, kTime},
      {"http_req_blocked", kTrend, kTime},
      {"http_req_connecting", kTrend, kTime},
      {"http_req_tls_handshaking", kTrend, kTime},
      {"http_req_sending", kTrend, kTime},
      {"http_req_waiting", kTrend, kTime},
      {"http_req_receiving", kTrend, kTime},
      {"data_sent", kCounter, kData},
      {"data_received", kCounter, kData},
      {"http_reqs_interrupted", kCounter, kDefault},
      {"iteration_start_delay", kTrend, kTime},
      {"http_req_duration_intended", kTrend, kTime},
      {"iteration_exceptions", kCounter, kDefault},
  };
}

}  // namespace

std::string_view TypeName(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kRate:
      return "rate";
    case MetricType::kTrend:
      return "trend";
  }
  return "unknown";
}

std::string_view ContainsName(ValueKind kind) {
  switch (kind) {
    case ValueKind::kDefault:
      return "default";
    case ValueKind::kTime:
      return "time";
    case ValueKind::kData:
      return "data";
  }
  return "unknown";
}

MetricTable::MetricTable() : defs_(BuiltinMetrics()) {
  KLOAD_CHECK(defs_.size() == Builtin::kCount, "the ids of the built-in metrics match their list");
}

absl::StatusOr<MetricId> MetricTable::Declare(const MetricDef& def) {
  if (!IsName(def.name)) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is not a metric name: 2 to 129 letters, digits and underscores, "
                    "not beginning with a digit",
                    def.name));
  }
  if (const MetricDef* known = Find(def.name)) {
    if (*known == def) return static_cast<MetricId>(known - defs_.data());
    return absl::AlreadyExistsError(fmt::format(
        "metric \"{}\" is a {} of {} values already and cannot become a {} of {} values", def.name,
        TypeName(known->type), ContainsName(known->contains), TypeName(def.type),
        ContainsName(def.contains)));
  }
  defs_.push_back(def);
  return static_cast<MetricId>(defs_.size() - 1);
}

const MetricDef* MetricTable::Find(std::string_view name) const {
  const auto def = std::find_if(defs_.begin(), defs_.end(),
                                [&](const MetricDef& candidate) { return candidate.name == name; });
  return def == defs_.end() ? nullptr : &*def;
}

}  // namespace kload
