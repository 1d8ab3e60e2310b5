// What the page of a report draws, as JSON: columns of numbers, and texts where the page shows texts.
//
// Data path: Report -> this -> the page's script (page/report.js).
// Thread:    pure functions.
// Units:     run time in seconds, durations of requests in ms, rates per second. What was not measured is null.
#pragma once

#include <nlohmann/json.hpp>

#include "kctl/report/report.h"

namespace kload::kctl {

nlohmann::ordered_json ReportData(const Report& report);

// The heat map has at most so many columns: neighbouring points of long runs are put together.
inline constexpr size_t kHeatColumns = 240;

}  // namespace kload::kctl
