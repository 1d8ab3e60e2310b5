// Times and counts as a run says them.
//
// Thread: pure functions.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/duration.h"

namespace kload::controller {

// To the millisecond: 1m2.345s.
inline std::string Text(Nanos time) {
  return FormatDuration(std::chrono::floor<std::chrono::milliseconds>(time));
}

// 1 VU, 2 VUs.
inline std::string Count(int64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

}  // namespace kload::controller
