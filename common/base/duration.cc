#include "common/base/duration.h"

#include <absl/status/status.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <utility>

namespace kload {
namespace {

constexpr uint64_t kNanosMax = std::numeric_limits<int64_t>::max();
constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kDay = 86'400 * kSecond;

// Longer names first where one begins another (ms before m).
constexpr std::array<std::pair<std::string_view, uint64_t>, 8> kUnits = {{
    {"ns", 1},
    {"us", 1'000},
    {"\xC2\xB5s", 1'000},  // µs with the micro sign
    {"\xCE\xBCs", 1'000},  // μs with the Greek letter
    {"ms", 1'000'000},
    {"s", kSecond},
    {"m", 60 * kSecond},
    {"h", 3600 * kSecond},
}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// a * b + c, or nothing when it exceeds the largest duration.
std::optional<uint64_t> MultiplyAdd(uint64_t a, uint64_t b, uint64_t c) {
  uint64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  if (__builtin_add_overflow(result, c, &result)) return std::nullopt;
  if (result > kNanosMax) return std::nullopt;
  return result;
}

absl::Status NotADuration(std::string_view text, BareNumber bare) {
  const std::string_view hint = bare == BareNumber::kMilliseconds
                                    ? "30s, 1m30s, 500ms or a number of milliseconds"
                                    : "30s, 1m30s or 500ms (with a unit)";
  return absl::InvalidArgumentError(fmt::format("\"{}\" is not a duration such as {}", text, hint));
}

absl::Status TooLong(std::string_view text) {
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is too long for a duration; the longest is about 2562047h", text));
}

// A decimal without sign or exponent: digits before and after the point.
struct Decimal {
  std::string_view whole;
  std::string_view fraction;
};

// Takes a decimal off the front of `rest`; nothing when there is none.
std::optional<Decimal> TakeDecimal(std::string_view& rest) {
  size_t end = 0;
  while (end < rest.size() && IsDigit(rest[end])) ++end;
  Decimal decimal{rest.substr(0, end), {}};
  if (end < rest.size() && rest[end] == '.') {
    const size_t begin = ++end;
    while (end < rest.size() && IsDigit(rest[end])) ++end;
    decimal.fraction = rest.substr(begin, end - begin);
  }
  if (decimal.whole.empty() && decimal.fraction.empty()) return std::nullopt;
  rest.remove_prefix(end);
  return decimal;
}

// The decimal times `unit` nanoseconds, what is less than a nanosecond cut off; nothing on
// overflow.
std::optional<uint64_t> Scale(const Decimal& decimal, uint64_t unit) {
  uint64_t whole = 0;
  for (const char c : decimal.whole) {
    const std::optional<uint64_t> next = MultiplyAdd(whole, 10, static_cast<uint64_t>(c - '0'));
    if (!next) return std::nullopt;
    whole = *next;
  }
  // unit <= 3.6e12 and at most 15 digits count, so that everything below stays in 128 bits.
  __extension__ unsigned __int128 part = 0;
  uint64_t scale = 1;
  for (size_t i = 0; i < decimal.fraction.size() && i < 15; ++i) {
    part = part * 10 + static_cast<unsigned>(decimal.fraction[i] - '0');
    scale *= 10;
  }
  return MultiplyAdd(whole, unit, static_cast<uint64_t>(part * unit / scale));
}

// The unit at the front of `rest`, taken off; 0 when there is none.
uint64_t TakeUnit(std::string_view& rest) {
  for (const auto& [name, nanos] : kUnits) {
    if (rest.substr(0, name.size()) != name) continue;
    rest.remove_prefix(name.size());
    return nanos;
  }
  return 0;
}

std::string TrimFraction(uint64_t nanos, uint64_t unit) {
  std::string digits = fmt::format("{}", nanos / unit);
  uint64_t rest = nanos % unit;
  if (rest == 0) return digits;
  digits += '.';
  while (rest != 0) {
    unit /= 10;
    digits += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return digits;
}

}  // namespace

absl::StatusOr<Nanos> ParseDuration(std::string_view text, BareNumber bare) {
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative || (!rest.empty() && rest.front() == '+')) rest.remove_prefix(1);
  if (rest.empty()) return NotADuration(text, bare);

  uint64_t total = 0;
  for (bool first = true; !rest.empty(); first = false) {
    const std::optional<Decimal> decimal = TakeDecimal(rest);
    if (!decimal) return NotADuration(text, bare);
    uint64_t unit = TakeUnit(rest);
    if (unit == 0 && first && rest.empty()) {
      const bool is_zero = decimal->whole.find_first_not_of('0') == std::string_view::npos &&
                           decimal->fraction.find_first_not_of('0') == std::string_view::npos;
      if (bare == BareNumber::kRefused && !is_zero) return NotADuration(text, bare);
      unit = 1'000'000;
    }
    if (unit == 0 && first && rest.front() == 'd' && text.find('.') >= text.find('d')) {
      rest.remove_prefix(1);
      unit = kDay;
    }
    if (unit == 0) return NotADuration(text, bare);
    const std::optional<uint64_t> part = Scale(*decimal, unit);
    const std::optional<uint64_t> sum = part ? MultiplyAdd(total, 1, *part) : std::nullopt;
    if (!sum) return TooLong(text);
    total = *sum;
  }
  return Nanos(negative ? -static_cast<int64_t>(total) : static_cast<int64_t>(total));
}

std::string FormatDuration(Nanos duration) {
  const int64_t count = duration.count();
  if (count == 0) return "0s";
  const std::string sign = count < 0 ? "-" : "";
  const uint64_t nanos =
      count < 0 ? 0 - static_cast<uint64_t>(count) : static_cast<uint64_t>(count);
  if (nanos < 1'000) return fmt::format("{}{}ns", sign, nanos);
  if (nanos < 1'000'000) return sign + TrimFraction(nanos, 1'000) + "\xC2\xB5s";
  if (nanos < kSecond) return sign + TrimFraction(nanos, 1'000'000) + "ms";
  const uint64_t minutes = nanos / (60 * kSecond);
  const std::string seconds = TrimFraction(nanos % (60 * kSecond), kSecond) + "s";
  if (minutes == 0) return sign + seconds;
  if (minutes < 60) return fmt::format("{}{}m{}", sign, minutes, seconds);
  return fmt::format("{}{}h{}m{}", sign, minutes / 60, minutes % 60, seconds);
}

}  // namespace kload
