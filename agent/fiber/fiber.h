// A stackful fiber on a worker's thread: what lets http.get() and sleep() look synchronous to a script.
//
// Thread: created, resumed and destroyed on one thread. Never destroyed while suspended: its unwinding would run through
//         the C frames of the script engine (checked).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace kload::agent {

class Fiber {
 public:
  using Body = std::function<void(Fiber&)>;
  static constexpr size_t kStackBytes =
      256 * 1024;  // reserved by mmap with a guard page; about 8 KB of it are touched

  // `body` must not throw; it begins at the first Resume().
  explicit Fiber(Body body, size_t stack_bytes = kStackBytes);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // From outside: runs the fiber until it suspends or ends. Not while it is running, not after done().
  void Resume();
  // From inside: returns to who resumed it; comes back at the next Resume().
  void Suspend();
  bool done() const;
  bool running() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kload::agent
