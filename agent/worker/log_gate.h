// Lets a bounded number of log lines a second through, and counts the others.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/clock.h"

namespace kload::agent {

// Thread: one. A value without a clock of its own.
class LogGate {
 public:
  explicit LogGate(uint64_t lines_per_second) : lines_per_second_(lines_per_second) {}

  // Whether a line may pass at steady time `now`.
  bool Pass(Nanos now) {
    if (now >= window_end_) {
      window_end_ = now + std::chrono::seconds(1);
      passed_ = 0;
    }
    if (passed_ < lines_per_second_) {
      ++passed_;
      return true;
    }
    ++dropped_;
    return false;
  }
  // Lines held back since the last call.
  uint64_t TakeDropped() {
    const uint64_t dropped = dropped_;
    dropped_ = 0;
    return dropped;
  }

 private:
  const uint64_t lines_per_second_;
  Nanos window_end_{0};
  uint64_t passed_ = 0;
  uint64_t dropped_ = 0;
};

// What is said in place of dropped lines.
std::string DroppedLinesText(uint64_t lines);

}  // namespace kload::agent
