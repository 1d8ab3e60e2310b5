#include "controller/run/seconds.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <variant>

#include "common/metric/heat.h"

namespace kload::controller {
namespace {

constexpr Nanos kSecond = std::chrono::seconds(1);

int64_t SecondOf(Nanos at) {
  const Nanos whole = std::chrono::ceil<std::chrono::seconds>(at);
  return std::max<int64_t>(whole / kSecond, 1);
}

void AddCounter(const SeriesDelta& series, double& sum) {
  if (const auto* sink = std::get_if<CounterSink>(&series.increment)) sum += sink->sum.value();
}

uint64_t Whole(double count) { return static_cast<uint64_t>(std::llround(std::max(count, 0.0))); }

}  // namespace

Seconds::Open& Seconds::At(int64_t second) {
  if (second > closed_) return open_[second];
  return open_.empty() ? open_[closed_ + 1] : open_.begin()->second;
}

void Seconds::Add(const Delta& delta) {
  Open& open = At(SecondOf(delta.interval_end));
  for (const SeriesDelta& series : delta.series) Take(series, open);
}

void Seconds::Take(const SeriesDelta& series, Open& open) {
  const std::string& metric = series.key->metric.name;
  if (metric == "http_reqs") {
    AddCounter(series, open.requests);
  } else if (metric == "iterations") {
    AddCounter(series, open.iterations);
  } else if (metric == "dropped_iterations") {
    AddCounter(series, open.dropped);
  } else if (metric == "data_sent") {
    AddCounter(series, open.sent);
  } else if (metric == "data_received") {
    AddCounter(series, open.received);
  } else if (metric == "http_req_failed") {
    if (const auto* sink = std::get_if<RateSink>(&series.increment)) open.failed += sink->nonzero;
  } else if (metric == "http_req_duration") {
    if (const auto* sink = std::get_if<TrendSink>(&series.increment)) open.duration.Merge(*sink);
  }
}

void Seconds::SetVus(Nanos at, int64_t active) {
  const int64_t second = SecondOf(at);
  if (second > closed_) open_[second].vus = active;
  reported_ = std::max(reported_, second);
}

std::vector<SecondFigures> Seconds::TakeClosed() {
  std::vector<SecondFigures> figures;
  while (!open_.empty() && (open_.begin()->first <= reported_ || open_.size() > kOpenMax)) {
    const auto oldest = open_.begin();
    closed_ = oldest->first;
    figures.push_back(FiguresOf(oldest->first, oldest->second));
    open_.erase(oldest);
  }
  return figures;
}

std::vector<SecondFigures> Seconds::TakeAll() {
  if (!open_.empty()) reported_ = open_.rbegin()->first;
  return TakeClosed();
}

SecondFigures Seconds::FiguresOf(int64_t second, const Open& open) {
  constexpr ValueKind kKind = ValueKind::kTime;
  return {.at = second * kSecond,
          .vus = open.vus,
          .iterations = Whole(open.iterations),
          .iterations_dropped = Whole(open.dropped),
          .requests = Whole(open.requests),
          .requests_failed = open.failed,
          .p50 = open.duration.Quantile(0.5, kKind),
          .p95 = open.duration.Quantile(0.95, kKind),
          .p99 = open.duration.Quantile(0.99, kKind),
          .bytes_sent = open.sent,
          .bytes_received = open.received,
          .heat = HeatOf(open.duration)};
}

}  // namespace kload::controller
