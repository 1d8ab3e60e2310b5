// The numbers at the head of a report: from the merged totals where the result has them, else from the summary, else from
// the points.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "common/summary/format.h"
#include "kctl/report/report.h"

namespace kload::kctl {
namespace {

// Shorter intervals (the last one) say little about a rate.
constexpr double kPeakSeconds = 0.5;

std::optional<double> Value(const Result& result, std::string_view metric, const char* key) {
  if (!result.summary) return std::nullopt;
  for (const MetricSummary& each : result.summary->metrics) {
    if (each.name != metric) continue;
    const auto found = each.values.find(key);
    if (found != each.values.end()) return found->second;
  }
  return std::nullopt;
}

std::optional<double> CountOf(const Result& result, std::string_view metric) {
  const MetricTotal* total = result.Find(metric);
  if (total != nullptr) {
    if (const auto* counter = std::get_if<CounterSink>(&total->sink)) return counter->sum.value();
  }
  return Value(result, metric, "count");
}

double SumOf(const Result& result, uint64_t ResultPoint::*member) {
  double sum = 0;
  for (const ResultPoint& point : result.points) sum += static_cast<double>(point.*member);
  return sum;
}

std::string Whole(double count) {
  return CountText(static_cast<uint64_t>(std::llround(std::max(count, 0.0))));
}

// "82.4", "1,204".
std::string RateText(double rate) { return rate < 100 ? fmt::format("{:.3g}", rate) : Whole(rate); }

void AddRequests(const Result& result, std::vector<KeyFigure>& figures) {
  const double requests =
      CountOf(result, "http_reqs").value_or(SumOf(result, &ResultPoint::requests));
  if (requests <= 0) return;
  figures.push_back({"Requests", Whole(requests), ""});
  double peak = 0;
  for (const ResultPoint& point : result.points) {
    if (point.seconds() >= kPeakSeconds) peak = std::max(peak, point.requests_per_second());
  }
  const double seconds = RateSeconds(result);
  if (seconds > 0) {
    figures.push_back(
        {"Requests/s", RateText(requests / seconds), peak > 0 ? "peak " + RateText(peak) : ""});
  }
}

void AddLatency(const Result& result, std::vector<KeyFigure>& figures) {
  const TrendSink* trend = result.Trend("http_req_duration");
  struct Percentile {
    const char* label;
    double p;
    const char* key;
  };
  for (const auto& [label, p, key] :
       {Percentile{"p50", 0.5, "med"}, {"p95", 0.95, "p(95)"}, {"p99", 0.99, "p(99)"}}) {
    std::optional<double> ms = Value(result, "http_req_duration", key);
    if (trend != nullptr && trend->count() > 0) ms = trend->Quantile(p, ValueKind::kTime);
    if (ms) figures.push_back({label, LatencyText(*ms), ""});
  }
}

void AddFailed(const Result& result, std::vector<KeyFigure>& figures) {
  const MetricTotal* total = result.Find("http_req_failed");
  const RateSink* failed = total == nullptr ? nullptr : std::get_if<RateSink>(&total->sink);
  if (failed != nullptr && failed->total > 0) {
    figures.push_back({"Failed", ShareText(failed->rate()), CountText(failed->nonzero)});
  } else if (const auto rate = Value(result, "http_req_failed", "rate")) {
    figures.push_back({"Failed", ShareText(*rate), ""});
  }
}

}  // namespace

std::vector<KeyFigure> KeyFigures(const Result& result) {
  std::vector<KeyFigure> figures;
  AddRequests(result, figures);
  AddLatency(result, figures);
  AddFailed(result, figures);
  int64_t vus = 0;
  for (const ResultPoint& point : result.points) vus = std::max(vus, point.vus);
  if (vus > 0) figures.push_back({"VUs at most", CountText(static_cast<uint64_t>(vus)), ""});
  const double iterations =
      CountOf(result, "iterations").value_or(SumOf(result, &ResultPoint::iterations));
  const double dropped = CountOf(result, "dropped_iterations")
                             .value_or(SumOf(result, &ResultPoint::dropped_iterations));
  figures.push_back(
      {"Iterations", Whole(iterations), dropped > 0 ? Whole(dropped) + " dropped" : ""});
  const double received =
      CountOf(result, "data_received").value_or(SumOf(result, &ResultPoint::bytes_received));
  const double sent =
      CountOf(result, "data_sent").value_or(SumOf(result, &ResultPoint::bytes_sent));
  figures.push_back({"Received", FormatBytes(received), FormatBytes(sent) + " sent"});
  return figures;
}

}  // namespace kload::kctl
