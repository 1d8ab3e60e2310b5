// Tells the sanitizers about switches between stacks, which they cannot see by themselves; nothing in other builds.
//
// Without it AddressSanitizer takes a fiber's frames for strays and ThreadSanitizer mixes up what happened
// before what. Boost.Context has notes of its own, but only in a build made for one sanitizer.
// Thread: one; every function is called right before or right after a switch, as its name says.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#elif defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace kload::agent {

#if defined(__SANITIZE_ADDRESS__)

class SwitchNotes {
 public:
  void SetStack(const void* bottom, size_t bytes) {
    bottom_ = bottom;
    bytes_ = bytes;
  }
  // The last frames have left their marks, and the memory will be another fiber's stack, or go back to the system, which may
  // give it to anybody.
  void LeaveStack() { __asan_unpoison_memory_region(bottom_, bytes_); }
  void BeforeEntering() { __sanitizer_start_switch_fiber(&outside_fake_, bottom_, bytes_); }
  void AfterReturning() { __sanitizer_finish_switch_fiber(outside_fake_, nullptr, nullptr); }
  void AfterEntering() {
    __sanitizer_finish_switch_fiber(inside_fake_, &outside_bottom_, &outside_bytes_);
  }
  void BeforeLeaving() {
    __sanitizer_start_switch_fiber(&inside_fake_, outside_bottom_, outside_bytes_);
  }
  // As BeforeLeaving(), for the last time.
  void BeforeEnding() { __sanitizer_start_switch_fiber(nullptr, outside_bottom_, outside_bytes_); }

 private:
  const void* bottom_ = nullptr;
  size_t bytes_ = 0;
  const void* outside_bottom_ = nullptr;
  size_t outside_bytes_ = 0;
  void* outside_fake_ = nullptr;
  void* inside_fake_ = nullptr;
};

#elif defined(__SANITIZE_THREAD__)

class SwitchNotes {
 public:
  SwitchNotes() : inside_(__tsan_create_fiber(0)) {}
  ~SwitchNotes() { __tsan_destroy_fiber(inside_); }
  SwitchNotes(const SwitchNotes&) = delete;
  SwitchNotes& operator=(const SwitchNotes&) = delete;

  void SetStack(const void*, size_t) {}
  void LeaveStack() {}
  void BeforeEntering() {
    outside_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(inside_, 0);
  }
  void AfterReturning() {}
  void AfterEntering() {}
  void BeforeLeaving() { __tsan_switch_to_fiber(outside_, 0); }
  void BeforeEnding() { BeforeLeaving(); }

 private:
  void* const inside_;
  void* outside_ = nullptr;
};

#else

class SwitchNotes {
 public:
  void SetStack(const void*, size_t) {}
  void LeaveStack() {}
  void BeforeEntering() {}
  void AfterReturning() {}
  void AfterEntering() {}
  void BeforeLeaving() {}
  void BeforeEnding() {}
};

#endif

}  // namespace kload::agent
