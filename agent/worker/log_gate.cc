#include "agent/worker/log_gate.h"

#include <fmt/format.h>

namespace kload::agent {

std::string DroppedLinesText(uint64_t lines) {
  return fmt::format("{} log lines were dropped: the script logs faster than they can be passed on",
                     lines);
}

}  // namespace kload::agent
