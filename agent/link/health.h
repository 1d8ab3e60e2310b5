// What this process costs its machine.
#pragma once

#include <cstdint>

#include "common/base/clock.h"

namespace kload::agent {

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
  // Share of the time since the last call, 0 to 1; 0 where there is no quota. `now` is steady time.
  double Measure(Nanos now);

 private:
  Nanos last_now_{0};
  Nanos last_throttled_{0};
};

// Resident memory of the process; 0 when the system does not tell.
uint64_t ResidentBytes();

}  // namespace kload::agent
