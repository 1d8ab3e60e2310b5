// The target's own exact counters, and /api/metrics.
//
// Thread: any. prometheus-cpp's counters are atomics and its summaries have locks of their own.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "tests/target/pool.h"

namespace kload::target {

class Counters {
 public:
  Counters();

  // One answered request: `route` is a pattern or "other", `method` one that HTTP knows.
  void CountRequest(std::string_view method, std::string_view route, unsigned status);
  // From the request's last byte read to the answer's last byte written.
  void ObserveDuration(std::string_view route, Nanos duration);
  // Bytes of HTTP messages with their headers, as they went over the socket.
  void AddReceived(uint64_t bytes) { received_.Increment(static_cast<double>(bytes)); }
  void AddSent(uint64_t bytes) { sent_.Increment(static_cast<double>(bytes)); }
  // A look into the cache, where there is one.
  void CountCache(bool hit) { (hit ? cache_hits_ : cache_misses_).Increment(); }
  void CountMalformed() { malformed_.Increment(); }

  prometheus::Gauge& in_flight() { return in_flight_; }  // read, not yet decided
  prometheus::Gauge& open_connections() { return open_; }
  prometheus::Counter& connections() { return connections_; }

  // The Prometheus text format 0.0.4.
  std::string Exposition(const PoolState& pool);

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Summary>& durations_;
  prometheus::Counter& received_;
  prometheus::Counter& sent_;
  prometheus::Counter& malformed_;
  prometheus::Counter& connections_;
  prometheus::Gauge& open_;
  prometheus::Gauge& in_flight_;
  prometheus::Gauge& pool_size_;
  prometheus::Gauge& pool_in_use_;
  prometheus::Gauge& pool_waiting_;
  prometheus::Counter& pool_exhausted_;
  prometheus::Counter& pool_jobs_;
  prometheus::Counter& cache_hits_;
  prometheus::Counter& cache_misses_;
};

}  // namespace kload::target
