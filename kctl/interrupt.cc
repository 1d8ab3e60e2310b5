#include "kctl/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

#include "kctl/exit_code.h"

namespace kload::kctl {
namespace {

// A signal handler can reach nothing but a static; lock-free, so that it may be touched there.
std::atomic<int> interrupts{0};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void OnInterrupt(int) {
  if (interrupts.fetch_add(1) == 0) return;
  constexpr std::string_view kNote = "\nkctl: interrupted twice, exiting at once\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kNote.data(), kNote.size());
  _exit(kExitInterrupted);
}

}  // namespace

void CatchInterrupts() {
  struct sigaction action {};
  action.sa_handler = OnInterrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int InterruptsSeen() { return interrupts.load(); }

}  // namespace kload::kctl
