#include "common/base/end_signals.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <utility>

#include "common/base/log.h"

namespace kload {
namespace {

// Sent by ourselves: End(), and a shutdown that is done.
constexpr int kOurs = SIGUSR1;

}  // namespace

EndSignals::EndSignals(std::string program) : program_(std::move(program)) {
  sigemptyset(&signals_);
  for (const int signal : {SIGINT, SIGTERM, kOurs}) sigaddset(&signals_, signal);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

void EndSignals::Wait(const std::function<void()>& shutdown) {
  if (Take() != kOurs) spdlog::info("stopping: a second signal skips the rest");
  std::atomic<bool> done = false;  // read by this thread when a signal says that something happened
  std::thread ending([&] {
    shutdown();
    done = true;
    End();
  });
  while (Take() == kOurs && !done) {
  }
  if (!done) {
    fmt::print(stderr, "{}: interrupted twice, exiting at once\n", program_);
    _exit(kExitInterruptedTwice);
  }
  ending.join();
}

void EndSignals::End() { ::kill(::getpid(), kOurs); }

int EndSignals::Take() {
  int signal = 0;
  sigwait(&signals_, &signal);
  return signal;
}

}  // namespace kload
