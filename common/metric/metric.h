// Names and kinds of metrics, and k6's built-in ones.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kload {

enum class MetricType : uint8_t { kCounter, kGauge, kRate, kTrend };
enum class ValueKind : uint8_t {
  kDefault,
  kTime,
  kData
};  // k6's `contains`; time values are in ms

struct MetricDef {
  std::string name;
  MetricType type = MetricType::kCounter;
  ValueKind contains = ValueKind::kDefault;
  friend bool operator==(const MetricDef&, const MetricDef&) = default;
};

// "counter", "gauge", "rate", "trend" / "default", "time", "data".
std::string_view TypeName(MetricType type);
std::string_view ContainsName(ValueKind kind);

// Index into a MetricTable.
using MetricId = uint32_t;

// The metrics of a run. Built-in ones come first, at the ids of `Builtin`; scripts add theirs in
// init code. Thread: a plain value, owned by whoever holds it.
class MetricTable {
 public:
  MetricTable();
  // The id of the metric; declaring the same again gives the same id.
  // Errors: InvalidArgument for a name that does not match ^[a-zA-Z_][a-zA-Z0-9_]{1,128}$,
  // AlreadyExists when it was declared with another type or kind.
  absl::StatusOr<MetricId> Declare(const MetricDef& def);
  const MetricDef& Get(MetricId id) const { return defs_[id]; }
  // Null when there is none.
  const MetricDef* Find(std::string_view name) const;
  const std::vector<MetricDef>& all() const { return defs_; }

 private:
  std::vector<MetricDef> defs_;
};

// Ids of the built-in metrics, in a MetricTable's order.
struct Builtin {
  static constexpr MetricId
      kVus = 0,
      kVusMax = 1, kIterations = 2, kIterationDuration = 3, kDroppedIterations = 4, kChecks = 5,
      kGroupDuration = 6, kHttpReqs = 7, kHttpReqFailed = 8, kHttpReqDuration = 9,
      kHttpReqBlocked = 10, kHttpReqConnecting = 11, kHttpReqTlsHandshaking = 12,
      kHttpReqSending = 13, kHttpReqWaiting = 14, kHttpReqReceiving = 15, kDataSent = 16,
      kDataReceived = 17,
      // kload's own: requests cut off by the end of a graceful period. They were sent, but
      // k6 records no sample for them, so they are counted apart.
      kHttpReqsInterrupted = 18,
      // kload's own, of arrival-rate scenarios: how long after its due time an iteration began, and
      // http_req_duration with that added, which is what a user who came at the due time would have seen.
      kIterationStartDelay = 19, kHttpReqDurationIntended = 20,
      // kload's own: iterations that ended by an exception. k6 only logs them.
      kIterationExceptions = 21, kCount = 22;
};

}  // namespace kload
