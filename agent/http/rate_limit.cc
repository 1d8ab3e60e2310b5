#include "agent/http/rate_limit.h"

#include <algorithm>

namespace kload::agent {

Nanos RateLimit::Reserve(Nanos now) {
  const Nanos after = last_ == kNever ? kNever : last_ + Nanos(1);
  const std::optional<Nanos> slot = next_slot_(after);
  if (!slot) return kNever;
  last_ = std::max(*slot, now);
  return last_;
}

SlotWait::SlotWait(DeadlineQueue& deadlines)
    : deadline_(deadlines, [this] {
        over_ = true;
        if (fiber_ != nullptr) fiber_->Resume();
      }) {}

void SlotWait::Until(Fiber& fiber, Nanos due) {
  fiber_ = &fiber;
  over_ = false;
  if (due != RateLimit::kNever) deadline_.Arm(due);
  while (!over_) fiber.Suspend();
  fiber_ = nullptr;
}

void SlotWait::Cancel() {
  if (fiber_ != nullptr) deadline_.Arm(Nanos::zero());
}

}  // namespace kload::agent
