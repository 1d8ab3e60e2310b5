// SIGINT and SIGTERM of a program that serves: the first one ends it in order, a second one at once.
#pragma once

#include <csignal>
#include <functional>
#include <string>

namespace kload {

// What a program exits with when a second signal cuts its shutdown short; k6's number for an interrupt.
inline constexpr int kExitInterruptedTwice = 105;

// Thread: made and waited on by the main thread, before any other thread is started: the signals are held back in this
//         thread and in all that it starts, so that none is lost from then on, and only Wait() takes them.
class EndSignals {
 public:
  // `program` begins the lines for people.
  explicit EndSignals(std::string program);

  // Waits for a signal or End(), then returns when `shutdown` has run; it runs on a thread of its own, so that a second
  // signal can end the process meanwhile. Once.
  void Wait(const std::function<void()>& shutdown);
  // Makes Wait() go on to the shutdown as if a signal had come, but without a word. Any thread.
  void End();

 private:
  int Take();

  const std::string program_;
  sigset_t signals_{};
};

}  // namespace kload
