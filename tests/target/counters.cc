#include "tests/target/counters.h"

#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include <chrono>

namespace kload::target {
namespace {

prometheus::Counter& MakeCounter(prometheus::Registry& registry, const char* name,
                                 const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Gauge& MakeGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

// Quantile and its allowed error in rank; over the last minute.
prometheus::Summary::Quantiles Quantiles() {
  return {{0.5, 0.01}, {0.9, 0.005}, {0.95, 0.002}, {0.99, 0.001}};
}

}  // namespace

Counters::Counters()
    : registry_(std::make_shared<prometheus::Registry>()),
      requests_(prometheus::BuildCounter()
                    .Name("http_requests_total")
                    .Help("Answered requests, without those of /api/metrics.")
                    .Register(*registry_)),
      durations_(prometheus::BuildSummary()
                     .Name("http_request_duration_seconds")
                     .Help("From a request read to its answer written, over the last minute.")
                     .Register(*registry_)),
      received_(MakeCounter(*registry_, "http_received_bytes_total",
                            "Bytes of requests with their headers.")),
      sent_(
          MakeCounter(*registry_, "http_sent_bytes_total", "Bytes of answers with their headers.")),
      malformed_(MakeCounter(*registry_, "http_malformed_requests_total",
                             "Connections ended because of bytes that are not HTTP.")),
      connections_(MakeCounter(*registry_, "http_connections_total", "Connections accepted.")),
      open_(MakeGauge(*registry_, "http_open_connections", "Connections open now.")),
      in_flight_(MakeGauge(*registry_, "http_requests_in_flight",
                           "Requests read whose answer is not decided yet.")),
      pool_size_(MakeGauge(*registry_, "db_pool_connections", "Database connections.")),
      pool_in_use_(
          MakeGauge(*registry_, "db_pool_connections_in_use", "Database connections in use.")),
      pool_waiting_(
          MakeGauge(*registry_, "db_pool_waiting", "Requests waiting for a database connection.")),
      pool_exhausted_(MakeCounter(*registry_, "db_pool_exhausted_total",
                                  "Requests that got no database connection in time.")),
      pool_jobs_(MakeCounter(*registry_, "db_pool_jobs_total",
                             "Queries that a database connection has run.")),
      cache_hits_(MakeCounter(*registry_, "cache_hits_total",
                              "Requests answered from the cache of answers.")),
      cache_misses_(MakeCounter(*registry_, "cache_misses_total",
                                "Requests that the cache of answers had no fresh one for.")) {}

void Counters::CountRequest(std::string_view method, std::string_view route, unsigned status) {
  requests_
      .Add({{"method", std::string(method)},
            {"route", std::string(route)},
            {"status", fmt::to_string(status)}})
      .Increment();
}

void Counters::ObserveDuration(std::string_view route, Nanos duration) {
  durations_.Add({{"route", std::string(route)}}, Quantiles())
      .Observe(std::chrono::duration<double>(duration).count());
}

std::string Counters::Exposition(const PoolState& pool) {
  pool_size_.Set(static_cast<double>(pool.connections));
  pool_in_use_.Set(static_cast<double>(pool.in_use));
  pool_waiting_.Set(static_cast<double>(pool.waiting));
  pool_exhausted_.Increment(static_cast<double>(pool.exhausted) - pool_exhausted_.Value());
  pool_jobs_.Increment(static_cast<double>(pool.jobs) - pool_jobs_.Value());
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace kload::target
