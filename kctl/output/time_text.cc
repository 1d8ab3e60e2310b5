#include "kctl/output/time_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <iterator>

namespace kload::kctl {
namespace {

using std::chrono::floor;

}  // namespace

absl::StatusOr<TimeFormat> ParseTimeFormat(const std::string& text) {
  if (text == "unix") return TimeFormat::kUnix;
  if (text == "unix_milli") return TimeFormat::kUnixMilli;
  if (text == "unix_micro") return TimeFormat::kUnixMicro;
  if (text == "unix_nano") return TimeFormat::kUnixNano;
  if (text == "rfc3339") return TimeFormat::kRfc3339;
  if (text == "rfc3339_nano") return TimeFormat::kRfc3339Nano;
  return absl::InvalidArgumentError(fmt::format(
      "\"{}\" is none of unix, unix_milli, unix_micro, unix_nano, rfc3339, rfc3339_nano", text));
}

void TimeText::Append(Nanos unix_time, std::string& out) {
  const auto number = [&](int64_t value) { fmt::format_to(std::back_inserter(out), "{}", value); };
  switch (format_) {
    case TimeFormat::kUnix:
      return number(floor<std::chrono::seconds>(unix_time).count());
    case TimeFormat::kUnixMilli:
      return number(floor<std::chrono::milliseconds>(unix_time).count());
    case TimeFormat::kUnixMicro:
      return number(floor<std::chrono::microseconds>(unix_time).count());
    case TimeFormat::kUnixNano:
      return number(unix_time.count());
    case TimeFormat::kRfc3339:
      return AppendDate(unix_time, false, out);
    case TimeFormat::kRfc3339Nano:
      return AppendDate(unix_time, true, out);
  }
}

void TimeText::AppendDate(Nanos unix_time, bool fraction, std::string& out) {
  const int64_t second = floor<std::chrono::seconds>(unix_time).count();
  if (second != second_ || date_.empty()) {
    second_ = second;
    date_ = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(second)));
  }
  out += date_;
  const int64_t nanos = unix_time.count() - second * 1'000'000'000;
  if (fraction && nanos > 0) {
    fmt::format_to(std::back_inserter(out), ".{:09}", nanos);
    while (out.back() == '0') out.pop_back();
  }
  out += 'Z';
}

}  // namespace kload::kctl
