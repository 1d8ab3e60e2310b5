// Notices that the whole process did not run for a while: SIGSTOP, a suspended machine, a starved one.
//
// Thread: one; a plain value, time is an argument (steady time).
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/clock.h"

namespace kload::agent {

class StallWatch {
 public:
  // To be called every `interval`. How much longer than that it was since the last call; 0 when it came in time.
  Nanos Tick(Nanos now, Nanos interval) {
    const std::optional<Nanos> before = std::exchange(last_, now);
    const Nanos late = before ? std::max(now - *before - interval, Nanos::zero()) : Nanos::zero();
    worst_ = std::max(worst_, late);
    return late;
  }
  // The longest stall since the last call.
  Nanos TakeWorst() { return std::exchange(worst_, Nanos::zero()); }

 private:
  std::optional<Nanos> last_;
  Nanos worst_{0};
};

}  // namespace kload::agent
