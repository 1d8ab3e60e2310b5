// How many requests may go on beside the scripts of one worker; who finds no room waits for it in turn.
//
// Data path: VuHost::BeginFetch() -> SideSlots -> SideFetch.
// Thread:    the worker's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>

namespace kload::agent {

class SideSlots {
 public:
  // Each has a stack, which is two mappings before Linux 6.13: the kernel allows a process 65,530 (vm.max_map_count), and
  // an agent has a worker per core. Sixteen workers may fill theirs up.
  static constexpr size_t kMax = 1500;

  class Waiter {
   public:
    virtual ~Waiter() = default;
    // There is room; whoever needs more than there is waits again.
    virtual void OnRoom() = 0;
  };

  // Whether there was a slot; it is the caller's then, until Give().
  bool Take() {
    if (taken_ == kMax) return false;
    ++taken_;
    return true;
  }
  void Give() {
    --taken_;
    if (waiting_.empty()) return;
    Waiter* first = waiting_.front();
    waiting_.pop_front();
    first->OnRoom();
  }
  // OnRoom() follows, once.
  void Wait(Waiter& waiter) {
    if (std::find(waiting_.begin(), waiting_.end(), &waiter) == waiting_.end()) {
      waiting_.push_back(&waiter);
    }
  }
  void StopWaiting(Waiter& waiter) { std::erase(waiting_, &waiter); }

 private:
  size_t taken_ = 0;
  std::deque<Waiter*> waiting_;
};

}  // namespace kload::agent
