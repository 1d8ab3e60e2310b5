#include "agent/vu/arrivals.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/vu/vu.h"

namespace kload::agent {

Arrivals::Arrivals(VuShared& shared, const Scenario& scenario, ArrivalShare share, Nanos from,
                   IterationNumbers numbers, MakeVu make)
    : shared_(shared),
      scenario_(scenario),
      times_(scenario),
      share_(share),
      from_(from),
      numbers_(numbers),
      make_(std::move(make)),
      timer_(shared.timers, [this] { Tick(); }) {
  SkipToFirst();
}

void Arrivals::SkipToFirst() {
  const Nanos since = from_ - scenario_.start_time;
  if (since > Nanos::zero() && !share_.empty()) share_.SkipTo(times_.FirstFrom(since));
}

void Arrivals::Add(Vu& vu, bool spare) {
  if (first_ == nullptr) first_ = &vu;
  if (spare) spares_.push_back(&vu);
}

void Arrivals::Start() {
  if (!share_.empty()) ArmNext();
}

void Arrivals::OnIdle(Vu& vu) {
  if (making_ == &vu) making_ = nullptr;
  idle_.push_back(&vu);
}

void Arrivals::Tick() {
  const Nanos now = shared_.RunNow();
  while (const std::optional<Nanos> at = times_.At(share_.number())) {
    const Nanos due = scenario_.start_time + *at;
    if (due > now) break;
    begun_ = true;
    if (!IsCeded(due)) {
      const int64_t number_in_agent = numbers_.Next();
      if (Vu* vu = TakeIdle(due)) {
        if (now - due > kLateAfter) ++shared_.iterations_late;
        vu->Give({share_.number(), number_in_agent, due});
      } else {
        Drop();
      }
    }
    share_.Advance();
  }
  ArmNext();
}

bool Arrivals::IsCeded(Nanos due) const {
  if (ceded_.empty()) return false;
  const int64_t vu = scenario_.first_vu + share_.number() % scenario_.max_vus;
  return std::any_of(ceded_.begin(), ceded_.end(), [&](const Ceded& ceded) {
    return due >= ceded.from && Owns(ceded.slice, vu);
  });
}

// The VU that has been idle longest; null when there is none that goes on.
Vu* Arrivals::TakeIdle(Nanos due) {
  while (!idle_.empty()) {
    Vu* vu = idle_.front();
    idle_.pop_front();
    if (vu->Takes(due)) return vu;
  }
  return nullptr;
}

void Arrivals::Cede(Slice slice, Nanos from) {
  ceded_.push_back({slice, from});
  std::erase_if(spares_, [slice](const Vu* vu) { return Owns(slice, vu->index()); });
}

void Arrivals::ChangeRate(Nanos from, int64_t rate) {
  times_.ChangeRate(from - scenario_.start_time, rate, scenario_.time_unit);
  // What is due from `from_` on has another number by now.
  if (!begun_) SkipToFirst();
  if (shared_.start && !share_.empty()) ArmNext();
}

void Arrivals::ArmNext() {
  const std::optional<Nanos> at = times_.At(share_.number());
  if (!at) return;
  // Not before now: of what is overdue, VUs that are about to say that they are idle come first.
  timer_.Arm(std::max(*shared_.start + scenario_.start_time + *at, shared_.clock.Now()));
}

void Arrivals::Drop() {
  first_->Record(Builtin::kDroppedIterations, 1);
  ++shared_.iterations_dropped;
  if (!spares_.empty()) return MakeSpare();
  if (std::exchange(warned_, true) || making_ != nullptr) return;
  shared_.log(
      {k6::LogLevel::kWarning,
       fmt::format("scenario {}: iterations are dropped, as all VUs are busy (maxVUs is {} in "
                   "the cluster); raise maxVUs, or ask for a lower rate",
                   scenario_.name, scenario_.max_vus),
       "kload", scenario_.name, shared_.clock.UnixNow()});
}

void Arrivals::MakeSpare() {
  if (making_ != nullptr) return;
  making_ = spares_.front();
  spares_.pop_front();
  make_(*making_);
}

}  // namespace kload::agent
