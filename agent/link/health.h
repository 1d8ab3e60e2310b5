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

// Resident memory of the process; 0 when the system does not tell.
uint64_t ResidentBytes();

}  // namespace kload::agent
