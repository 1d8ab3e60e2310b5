#include "kctl/artillery_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "common/result/result_file.h"

namespace kload::kctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kNanosPerMilli = 1'000'000;

double ValueOr(const MetricSummary& metric, const std::string& key, double otherwise) {
  const auto found = metric.values.find(key);
  return found == metric.values.end() ? otherwise : found->second;
}

// A count as a whole number, as Artillery writes it.
Json Number(double value) {
  if (value == std::floor(value) && std::abs(value) < 9e15) return static_cast<int64_t>(value);
  return value;
}

// Milliseconds with one digit behind the point, as Artillery writes them.
double Rounded(double value) { return std::round(value * 10) / 10; }

// "metric{tag:value}" -> value; nullopt for another metric or tag.
std::optional<std::string_view> TagValue(const MetricSummary& metric, std::string_view tag) {
  std::string_view name = metric.name;
  const std::string prefix = fmt::format("{}{{{}:", metric.parent, tag);
  if (metric.parent.empty() || !name.starts_with(prefix) || !name.ends_with('}'))
    return std::nullopt;
  name.remove_prefix(prefix.size());
  name.remove_suffix(1);
  return name;
}

// A trend in Artillery's words.
Json TrendOf(const MetricSummary& metric) {
  constexpr std::array<std::pair<const char*, const char*>, 12> kNames = {{
      {"min", "min"},
      {"max", "max"},
      {"count", "count"},
      {"mean", "avg"},
      {"p50", "med"},
      {"median", "med"},
      {"p75", "p(75)"},
      {"p90", "p(90)"},
      {"p95", "p(95)"},
      {"p99", "p(99)"},
      {"p999", "p(99.9)"},
      {"p50", "p(50)"},
  }};
  Json out = Json::object();
  for (const auto& [ours, theirs] : kNames) {
    const auto found = metric.values.find(theirs);
    if (found == metric.values.end()) continue;
    out[ours] =
        std::string_view(ours) == "count" ? Number(found->second) : Json(Rounded(found->second));
  }
  return out;
}

class Aggregate {
 public:
  void Add(const MetricSummary& metric) {
    if (metric.parent.empty()) return AddWhole(metric);
    if (const auto name = TagValue(metric, "metric")) return AddOwn(metric, *name);
    if (metric.parent == "http_reqs") return AddCode(metric);
    const auto endpoint = TagValue(metric, "name");
    if (metric.parent == "http_req_duration" && endpoint) {
      summaries_[fmt::format("plugins.metrics-by-endpoint.response_time.{}", *endpoint)] =
          TrendOf(metric);
    }
  }

  Json Take() {
    Json out = Json::object();
    out["counters"] = std::move(counters_);
    out["rates"] = std::move(rates_);
    out["summaries"] = summaries_;
    out["histograms"] = std::move(summaries_);
    return out;
  }

 private:
  void Count(const std::string& name, double count) {
    const double before = counters_.contains(name) ? counters_[name].get<double>() : 0;
    counters_[name] = Number(before + count);
  }

  void AddWhole(const MetricSummary& metric) {
    constexpr std::array<std::pair<std::string_view, const char*>, 6> kCounters = {{
        {"vusers_created", "vusers.created"},
        {"vusers_completed", "vusers.completed"},
        {"vusers_failed", "vusers.failed"},
        {"dropped_iterations", "vusers.skipped"},
        {"http_reqs", "http.requests"},
        {"data_received", "http.downloaded_bytes"},
    }};
    for (const auto& [ours, theirs] : kCounters) {
      if (metric.name == ours) Count(theirs, ValueOr(metric, "count", 0));
    }
    if (metric.name == "http_reqs") {
      rates_["http.request_rate"] = Number(std::round(ValueOr(metric, "rate", 0)));
    }
    if (metric.name == "http_req_duration") summaries_["http.response_time"] = TrendOf(metric);
    if (metric.name == "vusers_session_length") {
      summaries_["vusers.session_length"] = TrendOf(metric);
    }
  }

  // What the test measures under a name of its own.
  void AddOwn(const MetricSummary& metric, std::string_view name) {
    const std::string key(name);
    if (metric.parent == "artillery_counter") Count(key, ValueOr(metric, "count", 0));
    if (metric.parent == "artillery_histogram") summaries_[key] = TrendOf(metric);
    if (metric.parent == "artillery_rate") {
      rates_[key] = Number(std::round(ValueOr(metric, "rate", 0)));
    }
  }

  // http_reqs{name:/a,status:200}
  void AddCode(const MetricSummary& metric) {
    const auto value = TagValue(metric, "name");
    constexpr std::string_view kStatus = ",status:";
    const size_t at = value ? value->rfind(kStatus) : std::string_view::npos;
    if (at == std::string_view::npos) return;
    const std::string_view status = value->substr(at + kStatus.size());
    const double count = ValueOr(metric, "count", 0);
    if (status == "0") return;  // no response
    Count("http.responses", count);
    Count(fmt::format("http.codes.{}", status), count);
    Count(fmt::format("plugins.metrics-by-endpoint.{}.codes.{}", value->substr(0, at), status),
          count);
  }

  Json counters_ = Json::object();
  Json rates_ = Json::object();
  Json summaries_ = Json::object();
};

// Unix time of the load's begin, in nanoseconds, by a note that has both times.
int64_t LoadBegin(const RunSummary& summary) {
  for (const RunNote& note : summary.notes) {
    if (note.unix_time > Nanos(0)) return (note.unix_time - note.at).count();
  }
  return summary.started_unix.count();
}

// The times of the first and the last thing that was measured.
void SetTimes(Json& out, int64_t first_ns, int64_t last_ns, int64_t period_ns) {
  const int64_t first = first_ns / kNanosPerMilli;
  const int64_t last = last_ns / kNanosPerMilli;
  for (const char* key : {"firstCounterAt", "firstHistogramAt", "firstMetricAt"}) out[key] = first;
  for (const char* key : {"lastCounterAt", "lastHistogramAt", "lastMetricAt"}) out[key] = last;
  out["period"] = period_ns / kNanosPerMilli;
}

Json PeriodOf(const v1::SeriesPoint& point, int64_t begin) {
  Json counters = {{"http.requests", point.requests()},
                   {"http.downloaded_bytes", point.bytes_received()}};
  if (point.dropped_iterations() > 0) counters["vusers.skipped"] = point.dropped_iterations();
  Json trend = {{"p50", Rounded(point.p50_ms())},
                {"median", Rounded(point.p50_ms())},
                {"p95", Rounded(point.p95_ms())},
                {"p99", Rounded(point.p99_ms())}};
  Json summaries = Json::object();
  if (point.requests() > 0) summaries["http.response_time"] = std::move(trend);
  constexpr double kNanosPerSecond = 1e9;
  const double seconds = std::max(static_cast<double>(point.length_ns()) / kNanosPerSecond, 1e-3);
  Json out = Json::object();
  out["counters"] = std::move(counters);
  out["rates"] = {
      {"http.request_rate", Number(std::round(static_cast<double>(point.requests()) / seconds))}};
  out["summaries"] = summaries;
  out["histograms"] = std::move(summaries);
  const int64_t end = begin + point.at_ns();
  SetTimes(out, end - point.length_ns(), end, end - point.length_ns());
  return out;
}

}  // namespace

std::string ArtilleryReportJson(const RunSummary& summary, const v1::GetRunResponse& history) {
  Aggregate aggregate;
  for (const MetricSummary& metric : summary.metrics) aggregate.Add(metric);
  const int64_t begin = LoadBegin(summary);
  Json intermediate = Json::array();
  for (const v1::SeriesPoint& point : history.points()) {
    intermediate.push_back(PeriodOf(point, begin));
  }
  Json out = Json::object();
  out["aggregate"] = aggregate.Take();
  if (history.points_size() > 0) {
    const v1::SeriesPoint& first = history.points(0);
    const v1::SeriesPoint& last = history.points(history.points_size() - 1);
    SetTimes(out["aggregate"], begin + first.at_ns() - first.length_ns(), begin + last.at_ns(),
             begin + last.at_ns() - last.length_ns());
  } else {
    const int64_t started = summary.started_unix.count();
    SetTimes(out["aggregate"], started, started + summary.duration.count(), started);
  }
  out["intermediate"] = std::move(intermediate);
  // The whole result, for `kctl report FILE` and `kctl compare FILE`.
  out["kload"] = Json::parse(ResultFileText(history));
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace kload::kctl
