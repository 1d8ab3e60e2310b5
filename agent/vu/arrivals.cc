#include "agent/vu/arrivals.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/vu/vu.h"

namespace kload::agent {

Arrivals::Arrivals(VuShared& shared, const Scenario& scenario, ArrivalShare share,
                   IterationNumbers numbers, MakeVu make)
    : shared_(shared),
      scenario_(scenario),
      times_(scenario),
      share_(share),
      numbers_(numbers),
      make_(std::move(make)),
      timer_(shared.timers, [this] { Tick(); }) {}

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
    const int64_t number_in_agent = numbers_.Next();
    if (idle_.empty()) {
      Drop();
    } else {
      Vu& vu = *idle_.front();
      idle_.pop_front();
      vu.Give({share_.number(), number_in_agent, due});
    }
    share_.Advance();
  }
  ArmNext();
}

void Arrivals::ArmNext() {
  const std::optional<Nanos> at = times_.At(share_.number());
  if (!at) return;
  // Not before now: of what is overdue, VUs that are about to say that they are idle come first.
  timer_.Arm(std::max(*shared_.start + scenario_.start_time + *at, shared_.clock.Now()));
}

void Arrivals::Drop() {
  first_->Record(Builtin::kDroppedIterations, 1);
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
