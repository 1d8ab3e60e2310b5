#include "agent/vu/timer_loop.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace kload::agent {

TimerLoop::TimerLoop(boost::asio::io_context& io, const Clock& clock, TimerQueue& timers,
                     std::function<void(const TimerQueue::Fired&)> after_turn, TimerQueue::Row* row)
    : clock_(clock), timers_(timers), after_turn_(std::move(after_turn)), row_(row), wake_(io) {
  timers_.OnEarlier([this] { Arm(); });
}

void TimerLoop::End() {
  ended_ = true;
  wake_.cancel();
}

void TimerLoop::Arm() {
  const std::optional<Nanos> next = timers_.next();
  if (!next || ended_) return;
  // The queue counts in the clock's time, the loop in the machine's: only the distance is handed
  // over.
  const Nanos distance = std::max(*next - clock_.Now(), Nanos::zero());
  wake_.expires_after(std::chrono::duration_cast<boost::asio::steady_timer::duration>(distance));
  wake_.async_wait([this](const boost::system::error_code& error) {
    if (!error) OnWake();
  });
}

void TimerLoop::OnWake() {
  const TimerQueue::Fired fired = timers_.FireDue(clock_.Now(), kTimersPerTurn, row_);
  if (after_turn_) after_turn_(fired);
  Arm();
}

}  // namespace kload::agent
