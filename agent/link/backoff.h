// How long to wait before the next attempt to reach the controller.
#pragma once

#include <algorithm>

#include "common/base/clock.h"

namespace kload::agent {

// Doubles from 100 ms to 2 s; the jitter keeps a cluster's agents from coming back all at once.
class Backoff {
 public:
  static constexpr Nanos kFirst = std::chrono::milliseconds(100);
  static constexpr Nanos kLast = std::chrono::seconds(2);

  // `random` in [0, 1) places the wait within the upper half of the current step.
  Nanos Next(double random) {
    const Nanos step = step_;
    step_ = std::min(step_ * 2, kLast);
    return step / 2 + Nanos(static_cast<int64_t>(random * static_cast<double>(step.count() / 2)));
  }
  void Reset() { step_ = kFirst; }

 private:
  Nanos step_ = kFirst;
};

}  // namespace kload::agent
