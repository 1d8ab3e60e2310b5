// Deadlines of all clients of a worker behind one timer.
//
// Thread: one worker's.
//
// A request sets its deadline and drops it again, 100,000 times a second, and nearly none ever
// passes. So a deadline that moves later, or is dropped, only changes a field; its place in the
// queue is corrected when its old time comes. A client touches the queue about once per time-out,
// not once per request.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "common/base/clock.h"

namespace kload::agent {

class DeadlineQueue;

// Belongs to one owner, which outlives it; the queue outlives both.
class Deadline {
 public:
  // `expired` runs on the io_context when the armed time has passed, once per Arm().
  Deadline(DeadlineQueue& queue, std::function<void()> expired);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void Arm(Nanos at);
  void Disarm() { armed_ = kNever; }

 private:
  friend class DeadlineQueue;
  static constexpr Nanos kNever = Nanos::max();

  DeadlineQueue& queue_;
  const std::function<void()> expired_;
  Nanos armed_ = kNever;
  Nanos queued_ = kNever;  // its place in the queue, never later than armed_; kNever: not in it
};

class DeadlineQueue {
 public:
  DeadlineQueue(boost::asio::io_context& io, const Clock& clock);

 private:
  friend class Deadline;
  using Timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>,
                                        boost::asio::io_context::executor_type>;

  void Queue(Deadline& deadline);
  void Remove(Deadline& deadline);
  void SetTimer();
  void OnTimer();

  const Clock& clock_;
  std::set<std::pair<Nanos, Deadline*>> queue_;
  Nanos timer_at_ = Deadline::kNever;
  // Ends with the queue: a timer that has fired can not be called back, and its handler may run
  // later.
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  Timer timer_;  // last: its handlers see the rest
};

}  // namespace kload::agent
