#include "agent/http/deadline.h"

#include <algorithm>
#include <boost/asio/error.hpp>

namespace kload::agent {

Deadline::Deadline(DeadlineQueue& queue, std::function<void()> expired)
    : queue_(queue), expired_(std::move(expired)) {}

Deadline::~Deadline() { queue_.Remove(*this); }

void Deadline::Arm(Nanos at) {
  armed_ = at;
  if (at < queued_) queue_.Queue(*this);
}

DeadlineQueue::DeadlineQueue(boost::asio::io_context& io, const Clock& clock)
    : clock_(clock), timer_(io.get_executor()) {}

void DeadlineQueue::Queue(Deadline& deadline) {
  Remove(deadline);
  deadline.queued_ = deadline.armed_;
  queue_.emplace(deadline.queued_, &deadline);
  SetTimer();
}

void DeadlineQueue::Remove(Deadline& deadline) {
  if (deadline.queued_ == Deadline::kNever) return;
  queue_.erase({deadline.queued_, &deadline});
  deadline.queued_ = Deadline::kNever;
}

// Keeps an earlier timer: that it finds nothing due costs less than setting it anew.
void DeadlineQueue::SetTimer() {
  if (queue_.empty() || queue_.begin()->first >= timer_at_) return;
  timer_at_ = queue_.begin()->first;
  // A FakeClock or a far deadline must not overflow the timer's arithmetic.
  constexpr Nanos kLongest = std::chrono::hours(1);
  timer_.expires_after(std::clamp(timer_at_ - clock_.Now(), Nanos(0), kLongest));
  timer_.async_wait(
      [this, alive = std::weak_ptr<const bool>(alive_)](const boost::system::error_code& error) {
        if (error != boost::asio::error::operation_aborted && !alive.expired()) OnTimer();
      });
}

void DeadlineQueue::OnTimer() {
  const Nanos now = clock_.Now();
  timer_at_ = Deadline::kNever;
  while (!queue_.empty() && queue_.begin()->first <= now) {
    Deadline& deadline = *queue_.begin()->second;
    Remove(deadline);
    if (deadline.armed_ == Deadline::kNever) continue;
    if (deadline.armed_ > now) {
      deadline.queued_ = deadline.armed_;
      queue_.emplace(deadline.queued_, &deadline);
      continue;
    }
    deadline.armed_ = Deadline::kNever;
    deadline.expired_();
  }
  SetTimer();
}

}  // namespace kload::agent
