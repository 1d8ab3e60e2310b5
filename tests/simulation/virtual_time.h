// The time of a simulated world, what is to happen in it, and the clocks of its hosts.
//
// Thread: one.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "common/base/clock.h"

namespace kload::simulation {

// Happenings in the order of their time, those of one time in the order in which they were planned: equal plans give equal
// worlds.
class VirtualTime {
 public:
  Nanos now() const { return now_; }
  // Not before now.
  void At(Nanos when, std::function<void()> what) {
    happenings_.emplace(std::pair(std::max(when, now_), order_++), std::move(what));
  }
  void After(Nanos wait, std::function<void()> what) { At(now_ + wait, std::move(what)); }
  std::optional<Nanos> next() const {
    if (happenings_.empty()) return std::nullopt;
    return happenings_.begin()->first.first;
  }
  // Lets happen what is due by then.
  void AdvanceTo(Nanos when) {
    while (!happenings_.empty() && happenings_.begin()->first.first <= when) {
      now_ = happenings_.begin()->first.first;
      const std::function<void()> what = std::move(happenings_.begin()->second);
      happenings_.erase(happenings_.begin());
      what();
    }
    now_ = when;
  }

 private:
  Nanos now_{0};
  uint64_t order_ = 0;
  std::map<std::pair<Nanos, uint64_t>, std::function<void()>> happenings_;
};

// A host's clocks: its steady one began anywhere and runs a little too fast or too slow, its wall clock is wrong.
class HostClock final : public Clock {
 public:
  // `drift`: seconds that it gains per second.
  HostClock(const VirtualTime& time, Nanos offset, double drift, Nanos wall_skew)
      : time_(time), offset_(offset), drift_(drift), wall_skew_(wall_skew) {}
  Nanos Now() const override { return offset_ + time_.now() + Gained(time_.now()); }
  Nanos UnixNow() const override { return kEpoch + time_.now() + wall_skew_; }
  // The first true time at which Now() is `at` or later.
  Nanos TrueTime(Nanos at) const {
    Nanos guess = at - offset_;
    guess -= Gained(guess);
    while (offset_ + guess + Gained(guess) < at) guess += Nanos(1);
    return guess;
  }

 private:
  static constexpr Nanos kEpoch{1'780'000'000'000'000'000};
  Nanos Gained(Nanos at) const {
    return Nanos(static_cast<int64_t>(std::floor(static_cast<double>(at.count()) * drift_)));
  }

  const VirtualTime& time_;
  const Nanos offset_;
  const double drift_;
  const Nanos wall_skew_;
};

}  // namespace kload::simulation
