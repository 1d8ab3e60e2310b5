#include "common/plan/arrival.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/base/check.h"

namespace kload {
namespace {

// Beyond this many no counter could be trusted, and no machine could start them.
constexpr int64_t kIterationsMax = std::numeric_limits<int64_t>::max() / 4;

}  // namespace

ArrivalTimes::ArrivalTimes(const Scenario& scenario) {
  KLOAD_CHECK(IsArrivalRate(scenario), "only arrival rates have times of arrival");
  if (scenario.executor == ExecutorKind::kConstantArrivalRate) {
    end_ = RegularDuration(scenario);
    steady_.push_back({Nanos(0), 0, std::max(scenario.time_unit / scenario.rate, Nanos(1))});
    CountSteady();
    return;
  }
  unit_ = Area{2} * scenario.time_unit.count();
  Nanos begin{0};
  int64_t from = scenario.rate;
  Area done = 0;
  for (const Stage& stage : scenario.stages) {
    if (stage.duration > Nanos::zero()) {
      ramps_.push_back({begin, stage.duration, from, stage.target, done});
      done += Area{stage.duration.count()} * (from + stage.target);
      begin += stage.duration;
    }
    from = stage.target;
  }
  end_ = begin;
  count_ = static_cast<int64_t>(std::min<Area>(done / unit_, kIterationsMax));
}

std::optional<Nanos> ArrivalTimes::At(int64_t number) const {
  if (number < 0 || number >= count_) return std::nullopt;
  if (!steady_.empty()) {
    const auto after =
        std::partition_point(steady_.begin(), steady_.end(),
                             [number](const Steady& steady) { return steady.first <= number; });
    const Steady& steady = *std::prev(after);
    return steady.begin + steady.period * (number - steady.first);
  }
  const Area need = Area{number + 1} * unit_;
  // The first ramp with enough area behind it; a later one begins with at least `need` done.
  const auto after = std::partition_point(ramps_.begin(), ramps_.end(),
                                          [need](const Ramp& ramp) { return ramp.done < need; });
  const Ramp& ramp = *std::prev(after);
  return std::min(ramp.begin + WithinRamp(ramp, need - ramp.done), end_ - Nanos(1));
}

void ArrivalTimes::CountSteady() {
  const Steady& last = steady_.back();
  const int64_t left = std::max<int64_t>((end_ - last.begin).count(), 0);
  count_ = last.first + (left + last.period.count() - 1) / last.period.count();
}

void ArrivalTimes::ChangeRate(Nanos from, int64_t rate, Nanos time_unit) {
  KLOAD_CHECK(!steady_.empty() && rate > 0, "only a constant rate can be changed, to another one");
  if (from >= end_) return;
  const int64_t first = FirstFrom(from);
  // One that begins at the same iteration or later was never used.
  while (!steady_.empty() && steady_.back().first >= first && steady_.back().begin >= from) {
    steady_.pop_back();
  }
  steady_.push_back({from, first, std::max(time_unit / rate, Nanos(1))});
  CountSteady();
}

int64_t ArrivalTimes::FirstFrom(Nanos from) const {
  int64_t low = 0;
  int64_t high = count_;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (*At(middle) < from) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// The x at which from x + (to - from) x^2 / (2 duration) is `need`: solved in the form that does not subtract nearly
// equal numbers, so that it holds for flat ramps as well.
Nanos ArrivalTimes::WithinRamp(const Ramp& ramp, Area need) const {
  const auto wanted = static_cast<long double>(need);  // twice the area
  const auto from = static_cast<long double>(ramp.from);
  const auto slope = static_cast<long double>(ramp.to - ramp.from) /
                     static_cast<long double>(ramp.duration.count());
  const long double root = std::sqrt(std::max(from * from + wanted * slope, 0.0L));
  const long double x = wanted / (from + root);
  return std::clamp(Nanos(static_cast<int64_t>(x)), Nanos::zero(), ramp.duration);
}

ArrivalShare::ArrivalShare(int64_t vus, int64_t first, int64_t step)
    : vus_(vus), first_(first), step_(step), vu_(first) {
  KLOAD_CHECK(first >= 0 && step > 0, "an owner's VUs rise from 0 on");
}

void ArrivalShare::Advance() {
  vu_ += step_;
  if (vu_ < vus_) return;
  vu_ = first_;
  base_ += vus_;
}

void ArrivalShare::SkipTo(int64_t number) {
  base_ = number / vus_ * vus_;
  const int64_t within = number - base_;
  vu_ = within <= first_ ? first_ : first_ + (within - first_ + step_ - 1) / step_ * step_;
  if (vu_ < vus_) return;
  vu_ = first_;
  base_ += vus_;
}

}  // namespace kload
