#include "agent/vu/timer_queue.h"

#include <algorithm>
#include <utility>

namespace kload::agent {

TimerQueue::Timer::Timer(TimerQueue& queue, std::function<void()> fire)
    : queue_(queue), fire_(std::move(fire)) {}

TimerQueue::Timer::~Timer() { Cancel(); }

void TimerQueue::Timer::Arm(Nanos due) {
  Cancel();
  due_ = due;
  queue_.Add(*this);
}

void TimerQueue::Timer::Cancel() {
  if (armed()) queue_.Remove(*this);
}

std::optional<Nanos> TimerQueue::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front()->due_;
}

TimerQueue::Fired TimerQueue::FireDue(Nanos now, size_t max) {
  Fired fired;
  while (fired.count < max && !heap_.empty() && heap_.front()->due_ <= now) {
    Timer& timer = *heap_.front();
    Remove(timer);
    ++fired.count;
    fired.worst_lateness = std::max(fired.worst_lateness, now - timer.due_);
    timer.fire_();
  }
  return fired;
}

bool TimerQueue::Before(const Timer* a, const Timer* b) {
  return a->due_ != b->due_ ? a->due_ < b->due_ : a->order_ < b->order_;
}

void TimerQueue::Add(Timer& timer) {
  timer.order_ = armed_count_++;
  heap_.push_back(&timer);
  timer.position_ = heap_.size() - 1;
  Up(timer.position_);
  if (heap_.front() == &timer && on_earlier_) on_earlier_();
}

void TimerQueue::Remove(Timer& timer) {
  const size_t position = std::exchange(timer.position_, Timer::kNowhere);
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  Place(position, last);
  Up(position);
  Down(last->position_);
}

void TimerQueue::Place(size_t position, Timer* timer) {
  heap_[position] = timer;
  timer->position_ = position;
}

void TimerQueue::Up(size_t position) {
  Timer* timer = heap_[position];
  while (position > 0) {
    const size_t parent = (position - 1) / 2;
    if (!Before(timer, heap_[parent])) break;
    Place(position, heap_[parent]);
    position = parent;
  }
  Place(position, timer);
}

void TimerQueue::Down(size_t position) {
  Timer* timer = heap_[position];
  while (true) {
    size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && Before(heap_[child + 1], heap_[child])) ++child;
    if (!Before(heap_[child], timer)) break;
    Place(position, heap_[child]);
    position = child;
  }
  Place(position, timer);
}

}  // namespace kload::agent
