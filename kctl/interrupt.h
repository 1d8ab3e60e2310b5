// Ctrl-C and SIGTERM: the first is counted for the follower to act on, the second ends the process
// at once.
#pragma once

namespace kload::kctl {

// Installs the handlers. Call once, in the main thread, before others are started.
void CatchInterrupts();

// How many signals have come. Any thread.
int InterruptsSeen();

}  // namespace kload::kctl
