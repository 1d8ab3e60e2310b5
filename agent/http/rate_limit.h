// `rps`: which request may go when.
//
// Thread: one worker's.
#pragma once

#include <functional>
#include <optional>

#include "agent/fiber/fiber.h"
#include "agent/http/deadline.h"
#include "common/base/clock.h"

namespace kload::agent {

// The worker's slots, handed out in the order of asking. A slot that nobody asked for in time lets one later request go
// at once (a burst of 1), and is lost otherwise; one that was handed out is kept, however late its request gets to run.
class RateLimit {
 public:
  static constexpr Nanos kNever = Nanos::max();
  // The worker's first slot that is not before a steady time; nothing when there is none.
  using NextSlot = std::function<std::optional<Nanos>(Nanos)>;

  explicit RateLimit(NextSlot next_slot) : next_slot_(std::move(next_slot)) {}

  // The steady time at which a request that is ready at `now` may go: `now` at the earliest.
  Nanos Reserve(Nanos now);

 private:
  const NextSlot next_slot_;
  Nanos last_{-1};  // handed out; nothing before it is any more
};

// One client's wait for its slot.
class SlotWait {
 public:
  explicit SlotWait(DeadlineQueue& deadlines);

  // Suspends until steady time `due`, or until Cancel().
  void Until(Fiber& fiber, Nanos due);
  // Resumes the fiber soon, through the io_context; nothing when none waits.
  void Cancel();

 private:
  Deadline deadline_;
  Fiber* fiber_ = nullptr;  // who waits
  bool over_ = false;
};

}  // namespace kload::agent
