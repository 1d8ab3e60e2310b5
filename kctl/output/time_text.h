// A sample's time as text.
//
// Thread: one; remembers the second that it was asked for last, as samples come by the thousand in each.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace kload::kctl {

enum class TimeFormat { kUnix, kUnixMilli, kUnixMicro, kUnixNano, kRfc3339, kRfc3339Nano };

// unix, unix_milli, unix_micro, unix_nano, rfc3339, rfc3339_nano. Errors: InvalidArgument naming them.
absl::StatusOr<TimeFormat> ParseTimeFormat(const std::string& text);

class TimeText {
 public:
  explicit TimeText(TimeFormat format) : format_(format) {}
  // Appends `unix_time`: numbers rounded down, RFC 3339 in UTC, its fraction without trailing zeros.
  void Append(Nanos unix_time, std::string& out);

 private:
  void AppendDate(Nanos unix_time, bool fraction, std::string& out);

  const TimeFormat format_;
  int64_t second_ = -1;
  std::string date_;  // of second_, without a fraction
};

}  // namespace kload::kctl
