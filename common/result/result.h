// A run's result with all that it was measured by: what is compared, judged and drawn after the run.
//
// Data path: GetRunResponse (a controller's, or a file's) -> Result -> common/analysis -> reports of kctl.
// Thread:    a plain value.
// Units:     run time in Nanos, durations of requests in ms.
#pragma once

#include <absl/status/statusor.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/metric/heat.h"
#include "common/metric/metric.h"
#include "common/metric/sink.h"
#include "common/plan/plan.h"
#include "common/summary/summary.h"
#include "kload/v1/control.pb.h"

namespace kload {

// Requests that share method and name (the tag `name`, by default the URL).
struct Endpoint {
  std::string method = {};
  std::string name = {};
  TrendSink duration = {};  // http_req_duration
  uint64_t requests = 0;
  uint64_t failed = 0;                            // by http_req_failed
  uint64_t timeouts = 0;                          // by their error code
  std::map<std::string, uint64_t> statuses = {};  // requests by the tag `status`
  std::map<std::string, uint64_t> error_codes =
      {};  // requests that had one, by the tag `error_code`
};

struct MetricTotal {
  MetricDef def = {};
  Sink sink = {};
};

// One interval of the run over the whole cluster; see kload.v1.SeriesPoint.
struct ResultPoint {
  Nanos at{0};  // run time of its end
  Nanos length{0};
  int64_t vus = 0;
  uint64_t iterations = 0;
  uint64_t dropped_iterations = 0;
  uint64_t requests = 0;
  uint64_t failed = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
  std::vector<uint64_t> heat = {};  // samples by coarse bucket; see HeatUpperEdge

  double seconds() const { return std::chrono::duration<double>(length).count(); }
  double requests_per_second() const { return seconds() > 0 ? double(requests) / seconds() : 0; }
  double failed_ratio() const { return requests == 0 ? 0 : double(failed) / double(requests); }
};

struct WatchedPoint {
  Nanos at{0};
  double value = 0;
};

// One metric of the target beside the load.
struct WatchedSeries {
  std::string name = {};
  std::string expression = {};
  std::vector<WatchedPoint> points = {};  // by time
  std::string problem = {};
};

struct Result {
  std::string run_id = {};
  std::string script = {};
  std::string state = {};  // finished, running ...
  std::string message = {};
  Nanos started_unix{0};
  Nanos duration{0};
  int exit_code = 0;
  uint32_t agents = 0;
  TestPlan plan = {};
  std::optional<RunSummary> summary = {};  // of a run that has ended
  std::vector<RunNote> notes = {};
  std::vector<ResultPoint> points = {};
  std::vector<MetricTotal> metrics = {};  // every metric whole, in the order first seen
  std::vector<Endpoint> endpoints = {};   // by name, then method
  std::vector<WatchedSeries> watched = {};
  // Whether requests carry the tag error_code: without it timeouts are not known.
  bool knows_error_codes = false;

  // Null when it was not measured.
  const MetricTotal* Find(std::string_view metric) const;
  const TrendSink* Trend(std::string_view metric) const;
  const WatchedSeries* Watched(std::string_view name) const;
  bool finished() const { return state == "finished"; }
};

// Of a URL what comes after the host ("/" when nothing does); other names as they are.
std::string_view PathOf(std::string_view name);

// Whether the code (the tag error_code) is that of a request or connection that took too long.
bool IsTimeoutCode(std::string_view error_code);

// Errors: InvalidArgument naming what this version cannot read.
absl::StatusOr<Result> DecodeResult(const v1::GetRunResponse& message);

}  // namespace kload
