#include "common/summary/format.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>

namespace kload {
namespace {

std::string TrimZeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

// Two decimals, truncated in floating point as k6 does it: 567.8 becomes 567.79, its nearest double
// times 100 being 56779.99.
std::string Hundredths(double value, const char* suffix) {
  return TrimZeros(fmt::format("{:.2f}", std::trunc(100 * value) / 100)) + suffix;
}

std::string LongTime(int64_t seconds) {
  if (seconds < 3600) return fmt::format("{}m{}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{}m{}s", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace

std::string FormatTime(double ms, std::string_view unit) {
  if (unit == "s") return fmt::format("{:.2f}s", ms / 1e3);
  if (unit == "ms") return fmt::format("{:.2f}ms", ms);
  if (unit == "us") return fmt::format("{:.2f}µs", ms * 1e3);
  if (ms < 0) return "-" + FormatTime(-ms, unit);
  if (ms == 0) return "0s";
  if (ms < 0.001) return Hundredths(ms * 1e6, "ns");
  if (ms < 1) return Hundredths(ms * 1000, "µs");
  if (ms < 1000) return Hundredths(ms, "ms");
  if (ms < 60'000) return Hundredths(ms / 1000, "s");
  return LongTime(static_cast<int64_t>(std::min(ms / 1000, 9e15)));
}

std::string FormatBytes(double bytes) {
  static constexpr std::array<const char*, 7> kUnits = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 0) return "-" + FormatBytes(-bytes);
  if (bytes < 10) return FormatNumber(bytes) + " B";
  size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  const double rounded = std::floor(bytes * 10 + 0.5) / 10;
  return rounded < 10 ? fmt::format("{:.1f} {}", rounded, kUnits[unit])
                      : fmt::format("{:.0f} {}", rounded, kUnits[unit]);
}

std::string FormatRatio(double ratio) {
  return fmt::format("{:.2f}%", std::trunc(ratio * 100 * 100) / 100);
}

std::string FormatNumber(double value) { return TrimZeros(fmt::format("{:.6f}", value)); }

std::string FormatByKind(double value, ValueKind kind, std::string_view time_unit) {
  switch (kind) {
    case ValueKind::kTime:
      return FormatTime(value, time_unit);
    case ValueKind::kData:
      return FormatBytes(value);
    case ValueKind::kDefault:
      break;
  }
  return FormatNumber(value);
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (const char c : text) width += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return width;
}

std::string PadRight(std::string text, size_t width) {
  const size_t have = DisplayWidth(text);
  if (have < width) text.append(width - have, ' ');
  return text;
}

}  // namespace kload
