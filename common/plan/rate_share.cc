#include "common/plan/rate_share.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "common/base/check.h"

namespace kload {
namespace {

__extension__ typedef __int128 Int128;

constexpr int64_t kSecond = 1'000'000'000;

Nanos TimeOf(int64_t slot, int64_t rps) {
  return Nanos(static_cast<int64_t>(Int128{slot} * kSecond / rps));
}

// The first slot whose time is not before `from`.
int64_t SlotFrom(Nanos from, int64_t rps) {
  if (from <= Nanos::zero()) return 0;
  const Int128 exact = Int128{from.count()} * rps;
  int64_t slot = static_cast<int64_t>(exact / kSecond);
  while (TimeOf(slot, rps) < from) ++slot;  // times are cut to nanoseconds: at most twice
  return slot;
}

}  // namespace

std::optional<VuClass> Within(VuClass vus, Slice slice) {
  const int64_t stride = std::lcm(vus.stride, int64_t{slice.count});
  for (int64_t residue = vus.residue; residue < stride; residue += vus.stride) {
    if (residue % slice.count == slice.index) return VuClass{residue, stride};
  }
  return std::nullopt;
}

RateShare::RateShare(const TestPlan& plan, Slice slice, uint32_t worker, uint32_t workers)
    : RateShare(plan,
                {slice.index + int64_t{slice.count} * worker, int64_t{slice.count} * workers}) {}

RateShare::RateShare(const TestPlan& plan, VuClass vus)
    : rps_(plan.options.network.rps), own_(vus) {
  KLOAD_CHECK(rps_ > 0 && vus.residue >= 0 && vus.residue < vus.stride, "a part of a rate");
  for (const Scenario& scenario : plan.scenarios) {
    Part part{scenario.first_vu, ReservedSteps(scenario)};
    for (Step& step : part.steps) step.at += scenario.start_time;
    if (IsControlled(scenario)) {
      for (Step& step : part.steps) step.vus = std::min(step.vus, scenario.vus);
    }
    parts_.push_back(std::move(part));
  }
}

void RateShare::SetVus(size_t scenario, Nanos from, int64_t vus) {
  std::vector<Step>& steps = parts_[scenario].steps;
  if (steps.empty()) return;
  const Step end = steps.back();  // of the scenario, to no VUs
  const Nanos at = std::max(from, steps.front().at);
  if (at >= end.at) return;
  std::erase_if(steps, [at](const Step& step) { return step.at >= at; });
  steps.push_back({at, vus});
  steps.push_back(end);
}

// Numbers of VUs run from scenario to scenario, and begin again after the last.
RateShare::Own RateShare::OwnAt(Nanos at, int64_t slot) const {
  Own own;
  for (const Part& part : parts_) own.vus += VusAt(part.steps, at);
  if (own.vus == 0) return own;
  const int64_t number = slot % own.vus;
  // The earliest of each scenario's own VUs after `number`, in this round or the next.
  int64_t begin = 0;
  int64_t best = std::numeric_limits<int64_t>::max();
  for (const Part& part : parts_) {
    const int64_t vus = VusAt(part.steps, at);
    for (const int64_t round : {int64_t{0}, own.vus}) {
      const int64_t skip = std::max<int64_t>(number - begin - round, 0);
      const int64_t vu = part.first_vu + skip;
      const int64_t next = skip + ((own_.residue - vu) % own_.stride + own_.stride) % own_.stride;
      if (next < vus) best = std::min(best, begin + round + next - number);
    }
    begin += vus;
  }
  own.any = best != std::numeric_limits<int64_t>::max();
  own.distance = own.any ? best : 0;
  return own;
}

Nanos RateShare::NextChange(Nanos after) const {
  Nanos next = Nanos::max();
  for (const Part& part : parts_) {
    const auto step = std::upper_bound(part.steps.begin(), part.steps.end(), after,
                                       [](Nanos time, const Step& each) { return time < each.at; });
    if (step != part.steps.end()) next = std::min(next, step->at);
  }
  return next;
}

std::optional<Nanos> RateShare::NextSlot(Nanos from) const {
  int64_t slot = SlotFrom(from, rps_);
  while (true) {
    const Nanos at = TimeOf(slot, rps_);
    const Nanos change = NextChange(at);
    if (const Own own = OwnAt(at, slot); own.any) {
      const Nanos mine = TimeOf(slot + own.distance, rps_);
      if (mine < change) return mine;
    }
    if (change == Nanos::max()) return std::nullopt;
    slot = SlotFrom(change, rps_);
  }
}

Nanos NextSlotOfAll(int64_t rps, Nanos from) { return TimeOf(SlotFrom(from, rps), rps); }

}  // namespace kload
