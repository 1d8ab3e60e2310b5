// Serves a TimerQueue from an Asio loop, by one timer of the operating system.
//
// Thread: the loop's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "agent/vu/timer_queue.h"
#include "common/base/clock.h"

namespace kload::agent {

class TimerLoop {
 public:
  // Timers served in one turn of the loop, so that sockets have their turn as well.
  static constexpr size_t kTimersPerTurn = 256;

  // All outlive it. `after_turn` is called when timers were fired; may be empty. `row` may be null.
  TimerLoop(boost::asio::io_context& io, const Clock& clock, TimerQueue& timers,
            std::function<void(const TimerQueue::Fired&)> after_turn = {},
            TimerQueue::Row* row = nullptr);

  // Nothing is fired any more, and the loop does not wait for it.
  void End();

 private:
  void Arm();
  void OnWake();

  const Clock& clock_;
  TimerQueue& timers_;
  const std::function<void(const TimerQueue::Fired&)> after_turn_;
  TimerQueue::Row* const row_;
  boost::asio::steady_timer wake_;
  bool ended_ = false;
};

}  // namespace kload::agent
