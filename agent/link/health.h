// What this process costs its machine, and what its machine lets it have.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/clock.h"

namespace kload::agent {

struct ProcessHealth {
  double cpu_ratio = 0;    // CPU seconds per second
  uint64_t rss_bytes = 0;  // resident memory
  double cores = 0;        // that it may use
  Nanos stalled{0};        // the longest time in which it did not run, see StallWatch
  double throttled_ratio =
      0;  // share of the time in which its control group's quota kept it from running
};

// Thread: one.
class CpuMeter {
 public:
  // CPU seconds per second of all of the process' threads since the last call; 1 is one core. `now` is steady time.
  double Measure(Nanos now);

 private:
  Nanos last_now_{0};
  Nanos last_cpu_{0};
};

// CPUs that the process may use: those it may run on, less where its control group has a quota.
double UsableCores();

// How much of the time the control group's quota kept the process from running.
// Thread: one.
class ThrottleMeter {
 public:
  ThrottleMeter();
  // Share of the time since the last call, 0 to 1; 0 where there is no quota. `now` is steady time.
  double Measure(Nanos now);

 private:
  const std::string stat_;  // of the control group; empty: there is none
  Nanos last_now_{0};
  Nanos last_throttled_{0};
};

// Resident memory of the process; 0 when the system does not tell.
uint64_t ResidentBytes();

// All of it, but for stalls.
// Thread: one.
class ProcessMeter {
 public:
  // `now` is steady time.
  ProcessHealth Measure(Nanos now);

 private:
  CpuMeter cpu_;
  ThrottleMeter throttle_;
  const double cores_ = UsableCores();
};

}  // namespace kload::agent
