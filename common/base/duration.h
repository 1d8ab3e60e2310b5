// k6's duration grammar, both ways.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace kload {

// What a text without a unit means: k6 reads a bare number as milliseconds in a script and refuses it in a flag.
enum class BareNumber { kMilliseconds, kRefused };

// Parses a sum of <decimal><unit> with units ns, us, µs, ms, s, m, h and an optional leading <integer>d,
// such as "1m30s", "1.5s", "1d12h", "-5s".
// Errors: InvalidArgument naming the text and an example, also for the empty string and for overflow of 64-bit ns.
absl::StatusOr<Nanos> ParseDuration(std::string_view text, BareNumber bare);

// Go's notation: "5m0s", "1h0m0s", "1.5s", "250ms", "0s".
std::string FormatDuration(Nanos duration);

}  // namespace kload
