// Numbers as k6 prints them in its summaries.
#pragma once

#include <string>
#include <string_view>

#include "common/metric/metric.h"

namespace kload {

// `ms` with a unit of its own size, truncated to two decimals: 0s, 500ns, 567.79µs, 12.34s, 1m5s,
// 1h2m5s. With `unit` (s, ms, us): that unit, rounded to two decimals, 1234.57ms.
std::string FormatTime(double ms, std::string_view unit);
// `bytes` in powers of 1000: 9.5 B, 1.0 kB, 45 MB.
std::string FormatBytes(double bytes);
// A fraction of 1 as a percentage, truncated to two decimals: 99.87%.
std::string FormatRatio(double ratio);
// Up to six decimals, rounded, without trailing zeros: 49.987654.
std::string FormatNumber(double value);
// By the metric's kind.
std::string FormatByKind(double value, ValueKind kind, std::string_view time_unit);

// Columns that `text` takes in a terminal: UTF-8 code points.
size_t DisplayWidth(std::string_view text);
// `text` filled up with spaces on the right to `width` columns.
std::string PadRight(std::string text, size_t width);

}  // namespace kload
