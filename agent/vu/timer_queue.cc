#include "agent/vu/timer_queue.h"

#include <algorithm>
#include <utility>

namespace kload::agent {

TimerQueue::Timer::Timer(TimerQueue& queue, std::function<void()> fire)
    : queue_(queue), fire_(std::move(fire)), slot_(queue.TakeSlot()) {}

TimerQueue::Timer::~Timer() {
  Cancel();
  queue_.free_slots_.push_back(slot_);
}

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
  return heap_.front().due;
}

TimerQueue::Fired TimerQueue::FireDue(Nanos now, size_t max, Row* row) {
  Fired fired;
  while (fired.count < max && !heap_.empty() && heap_.front().due <= now) {
    Timer& timer = *heap_.front().timer;
    Remove(timer);
    ++fired.count;
    fired.worst_lateness = std::max(fired.worst_lateness, now - timer.due_);
    if (row != nullptr) row->BeforeTimer(fired.count < max && next() && *next() <= now);
    timer.fire_();
    if (row != nullptr) row->AfterTimer();
  }
  if (row != nullptr && fired.count > 0) row->AfterRow();
  return fired;
}

uint32_t TimerQueue::TakeSlot() {
  if (free_slots_.empty()) {
    positions_.push_back(kNowhere);
    return static_cast<uint32_t>(positions_.size() - 1);
  }
  const uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void TimerQueue::Add(Timer& timer) {
  const Entry entry{timer.due_, armed_count_++, &timer, timer.slot_};
  heap_.push_back(entry);
  Up(heap_.size() - 1, entry);
  if (positions_[timer.slot_] == 0 && on_earlier_) on_earlier_();
}

void TimerQueue::Remove(Timer& timer) {
  const size_t position = std::exchange(positions_[timer.slot_], kNowhere);
  const Entry last = heap_.back();
  heap_.pop_back();
  if (last.timer == &timer) return;
  const bool rises = position > 0 && last < heap_[(position - 1) / kChildren];
  rises ? Up(position, last) : Down(position, last);
}

void TimerQueue::Place(size_t position, const Entry& entry) {
  heap_[position] = entry;
  positions_[entry.slot] = position;
}

void TimerQueue::Up(size_t position, const Entry& entry) {
  while (position > 0) {
    const size_t parent = (position - 1) / kChildren;
    if (!(entry < heap_[parent])) break;
    Place(position, heap_[parent]);
    position = parent;
  }
  Place(position, entry);
}

void TimerQueue::Down(size_t position, const Entry& entry) {
  while (true) {
    const size_t first = kChildren * position + 1;
    if (first >= heap_.size()) break;
    const size_t end = std::min(first + kChildren, heap_.size());
    size_t child = first;
    for (size_t other = first + 1; other < end; ++other) {
      if (heap_[other] < heap_[child]) child = other;
    }
    if (!(heap_[child] < entry)) break;
    Place(position, heap_[child]);
    position = child;
  }
  Place(position, entry);
}

}  // namespace kload::agent
