// Numbers for a scenario's iterations that no two agents give twice, without asking anyone.
//
// Thread: plain value of one worker.
// Rule:   iteration i belongs to whoever owns VU i mod `vus`; an owner gives its own numbers in rising order. Where the
//         number of iterations is fixed, these are exactly 0 to that number.
#pragma once

#include <cstdint>

namespace kload {

class IterationNumbers {
 public:
  // The owner's VUs are `first`, `first` + `step`, ... of [0, `vus`), 0-based in the scenario; at least one. `step` > 0. An
  // owner that takes over from another begins with `first_round` (>= 0) numbers of each VU behind it.
  IterationNumbers(int64_t vus, int64_t first, int64_t step, int64_t first_round = 0)
      : vus_(vus),
        first_(first),
        step_(step),
        own_((vus - first + step - 1) / step),
        given_(first_round * own_) {}

  int64_t Next() {
    const int64_t count = given_++;
    return count / own_ * vus_ + first_ + step_ * (count % own_);
  }

 private:
  int64_t vus_;
  int64_t first_;
  int64_t step_;
  int64_t own_;  // VUs
  int64_t given_;
};

}  // namespace kload
