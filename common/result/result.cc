#include "common/result/result.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/base/status.h"
#include "common/wire/delta_wire.h"
#include "common/wire/plan_wire.h"
#include "common/wire/summary_wire.h"

namespace kload {
namespace {

std::string TagOr(const Tags& tags, std::string_view name) {
  const std::string* value = FindTag(tags, name);
  return value == nullptr ? std::string() : *value;
}

using EndpointMap = std::map<std::pair<std::string, std::string>, Endpoint>;

void AddRequests(const Tags& tags, const CounterSink& sink, Endpoint& endpoint) {
  const auto count = static_cast<uint64_t>(std::llround(std::max(sink.sum.value(), 0.0)));
  endpoint.requests += count;
  if (const std::string* status = FindTag(tags, "status")) endpoint.statuses[*status] += count;
  const std::string* code = FindTag(tags, "error_code");
  if (code == nullptr || code->empty()) return;
  endpoint.error_codes[*code] += count;
  if (IsTimeoutCode(*code)) endpoint.timeouts += count;
}

void AddToEndpoint(const SeriesDelta& series, EndpointMap& endpoints) {
  const Tags& tags = series.key->tags;
  const std::string name = TagOr(tags, "name");
  const std::string method = TagOr(tags, "method");
  Endpoint& endpoint = endpoints[{name, method}];
  endpoint.name = name;
  endpoint.method = method;
  const std::string& metric = series.key->metric.name;
  if (const auto* counter = std::get_if<CounterSink>(&series.increment);
      counter != nullptr && metric == "http_reqs") {
    AddRequests(tags, *counter, endpoint);
  } else if (const auto* rate = std::get_if<RateSink>(&series.increment);
             rate != nullptr && metric == "http_req_failed") {
    endpoint.failed += rate->nonzero;
  } else if (const auto* trend = std::get_if<TrendSink>(&series.increment);
             trend != nullptr && metric == "http_req_duration") {
    endpoint.duration.Merge(*trend);
  }
}

absl::Status DecodeTotals(const v1::GetRunResponse& message, Result& result) {
  v1::Delta merged;
  merged.set_run_id(message.info().run_id());
  merged.set_sequence(1);
  *merged.mutable_definitions() = message.definitions();
  *merged.mutable_series() = message.totals();
  KLOAD_ASSIGN_OR_RETURN(const Delta delta, wire::DeltaDecoder().Decode(merged));
  EndpointMap endpoints;
  for (const SeriesDelta& series : delta.series) {
    if (series.key->tags.empty()) {
      result.metrics.push_back({series.key->metric, series.increment});
    } else {
      AddToEndpoint(series, endpoints);
    }
  }
  for (auto& [key, endpoint] : endpoints) result.endpoints.push_back(std::move(endpoint));
  return absl::OkStatus();
}

ResultPoint DecodePoint(const v1::SeriesPoint& point) {
  ResultPoint out{.at = Nanos(point.at_ns()),
                  .length = Nanos(point.length_ns()),
                  .vus = point.vus(),
                  .iterations = point.iterations(),
                  .dropped_iterations = point.dropped_iterations(),
                  .requests = point.requests(),
                  .failed = point.failed_requests(),
                  .p50 = point.p50_ms(),
                  .p95 = point.p95_ms(),
                  .p99 = point.p99_ms(),
                  .bytes_sent = point.bytes_sent(),
                  .bytes_received = point.bytes_received(),
                  .heat = {point.heat().begin(), point.heat().end()}};
  if (out.heat.size() > kHeatBuckets) out.heat.resize(kHeatBuckets);
  return out;
}

// JSON can say NaN.
bool IsFinite(const ResultPoint& point) {
  return std::isfinite(point.p50) && std::isfinite(point.p95) && std::isfinite(point.p99);
}

WatchedSeries DecodeWatched(const v1::WatchedSeries& message) {
  WatchedSeries out{message.name(), message.expression(), {}, message.problem()};
  for (const v1::WatchedPoint& point : message.points()) {
    if (std::isfinite(point.value())) out.points.push_back({Nanos(point.at_ns()), point.value()});
  }
  return out;
}

}  // namespace

const MetricTotal* Result::Find(std::string_view metric) const {
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [&](const MetricTotal& each) { return each.def.name == metric; });
  return found == metrics.end() ? nullptr : &*found;
}

const TrendSink* Result::Trend(std::string_view metric) const {
  const MetricTotal* found = Find(metric);
  return found == nullptr ? nullptr : std::get_if<TrendSink>(&found->sink);
}

const WatchedSeries* Result::Watched(std::string_view name) const {
  const auto found = std::find_if(watched.begin(), watched.end(),
                                  [&](const WatchedSeries& each) { return each.name == name; });
  return found == watched.end() ? nullptr : &*found;
}

std::string_view PathOf(std::string_view name) {
  const size_t scheme = name.find("://");
  if (scheme == std::string_view::npos) return name;
  const size_t slash = name.find('/', scheme + 3);
  return slash == std::string_view::npos ? "/" : name.substr(slash);
}

bool IsTimeoutCode(std::string_view error_code) {
  // k6's: 1050 the request, 1211 the dial; kload adds none.
  return error_code == "1050" || error_code == "1211";
}

absl::StatusOr<Result> DecodeResult(const v1::GetRunResponse& message) {
  const v1::RunInfo& info = message.info();
  Result result{.run_id = info.run_id(),
                .script = info.script(),
                .state = info.state(),
                .message = info.message(),
                .started_unix = Nanos(info.started_unix_ns()),
                .duration = Nanos(info.duration_ns()),
                .exit_code = info.exit_code(),
                .agents = info.agents()};
  if (message.plan().scenarios_size() > 0) {
    KLOAD_ASSIGN_OR_RETURN(result.plan, wire::DecodePlan(message.plan()));
    const std::vector<std::string>& tags = result.plan.options.system_tags;
    result.knows_error_codes = std::find(tags.begin(), tags.end(), "error_code") != tags.end();
  }
  result.plan.options.consolidated_options_json = message.options_json();
  if (message.has_summary()) {
    KLOAD_ASSIGN_OR_RETURN(result.summary, wire::DecodeSummary(message.summary()));
  }
  for (const v1::RunNote& note : message.notes()) result.notes.push_back(wire::DecodeNote(note));
  for (const v1::SeriesPoint& point : message.points()) {
    result.points.push_back(DecodePoint(point));
    if (!IsFinite(result.points.back())) {
      return absl::InvalidArgumentError("a second's latency is no number");
    }
  }
  for (const v1::WatchedSeries& each : message.watched()) {
    result.watched.push_back(DecodeWatched(each));
  }
  KLOAD_RETURN_IF_ERROR(DecodeTotals(message, result));
  return result;
}

}  // namespace kload
