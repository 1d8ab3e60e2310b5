// The timers of one worker: sleeps, cut-offs, ticks. One heap, so that thousands of VUs need one
// timer of the operating system.
//
// The heap is 4-ary and holds the due times itself, and where in it a timer stands is kept beside it: a look into the timers, which
// lie in the memory of VUs that sleep, would miss the caches at each step.
// Thread: one worker's; a value without a clock of its own: the worker's loop calls FireDue(now).
// Cost:   arming and cancelling are O(log n) and allocate nothing in steady state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "common/base/clock.h"

namespace kload::agent {

class TimerQueue {
 public:
  // One thing that is due at a time. Not armed at first; leaves the queue when it is destroyed. The
  // queue outlives it.
  class Timer {
   public:
    Timer(TimerQueue& queue, std::function<void()> fire);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    // Due at steady time `due`; replaces an earlier due time.
    void Arm(Nanos due);
    void Cancel();
    bool armed() const { return queue_.positions_[slot_] != kNowhere; }
    Nanos due() const { return due_; }

   private:
    friend class TimerQueue;
    TimerQueue& queue_;
    const std::function<void()> fire_;
    const uint32_t slot_;  // of the queue's positions_
    Nanos due_{0};
  };

  struct Fired {
    size_t count = 0;
    Nanos worst_lateness{0};
  };

  // Who has something to do around the timers that fire in a row.
  class Row {
   public:
    // `more`: another one is due as well, and fires next unless this one cancels it.
    virtual void BeforeTimer(bool more) = 0;
    virtual void AfterTimer() = 0;
    // After the last one.
    virtual void AfterRow() = 0;

   protected:
    ~Row() = default;
  };

  // Called whenever the earliest due time becomes earlier than it was.
  void OnEarlier(std::function<void()> on_earlier) { on_earlier_ = std::move(on_earlier); }
  // Steady time of the earliest timer; empty when none is armed.
  std::optional<Nanos> next() const;
  // Fires at most `max` timers that are due at `now`, by due time, those of one time in the order
  // they were armed. A timer is disarmed before it fires and may arm or destroy any other, or
  // itself.
  Fired FireDue(Nanos now, size_t max, Row* row = nullptr);

 private:
  static constexpr size_t kNowhere = SIZE_MAX;
  static constexpr size_t kChildren = 4;
  struct Entry {
    Nanos due;
    uint64_t order;  // of arming
    Timer* timer;
    uint32_t slot;

    bool operator<(const Entry& other) const {
      return due != other.due ? due < other.due : order < other.order;
    }
  };

  uint32_t TakeSlot();
  void Add(Timer& timer);
  void Remove(Timer& timer);
  void Place(size_t position, const Entry& entry);
  void Up(size_t position, const Entry& entry);
  void Down(size_t position, const Entry& entry);

  std::vector<Entry> heap_;
  std::vector<size_t> positions_;  // in the heap, by slot; kNowhere: not armed
  std::vector<uint32_t> free_slots_;
  uint64_t armed_count_ = 0;
  std::function<void()> on_earlier_;
};

}  // namespace kload::agent
