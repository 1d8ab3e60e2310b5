// What the target does badly on purpose: latency, errors, stalls.
//
// Thread: any; constant after the start. Everything random is a function of (seed, request number).
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace kload::target {

struct Latency {
  Nanos median{0};   // of every answer when sigma is 0
  double sigma = 0;  // of the logarithm: log-normal when > 0
};

struct Stall {
  Nanos at{0};        // after the start of the server
  Nanos duration{0};  // 0: no stall
  Nanos every{0};     // repeat with this period; 0: once
};

struct Faults {
  Latency latency;
  Stall stall;
  std::string stall_route;  // route pattern; empty: all
  double error_rate = 0;    // 0..1
  uint64_t seed = 1;
};

// "50ms" or "lognormal:20ms,0.5" (median, sigma).
absl::StatusOr<Latency> ParseLatency(std::string_view text);
// "at=5s,for=2s[,every=30s]"; `every` must be longer than `for`.
absl::StatusOr<Stall> ParseStall(std::string_view text);

// The latency of request number `request`; log-normal ones are cut at a minute.
Nanos LatencyOf(const Faults& faults, uint64_t request);
// Whether request number `request` is answered with 500.
bool FailsOf(const Faults& faults, uint64_t request);
// How much longer a request to `route` has to wait at `since_start`; 0 outside a stall.
Nanos StallLeft(const Faults& faults, std::string_view route, Nanos since_start);

}  // namespace kload::target
