// The aligned block of dotted metric rows that both of k6's layouts are made of.
#pragma once

#include <string>
#include <vector>

#include "common/summary/summary.h"

namespace kload {

// How a rate's two counts are written.
enum class RateStyle {
  kOutOf,  // 19 out of 15000
  kMarks,  // ✓ 14981      ✗ 19
};

// One row before alignment. A trend fills `stats`, one per column of the block; the others `main`
// and `extras`.
struct Row {
  std::string name;    // as printed, `  { tag:value }` for a sub-metric
  std::string prefix;  // what stands before the name
  std::string main;
  std::vector<std::string> extras;
  std::vector<std::string> stats;
};

// The row of a metric; `trend_stats` are the columns.
Row MakeRow(const MetricSummary& metric, const RunSummary& summary, RateStyle style);
// Aligned lines without a line's end. Names are filled with dots: the longest gets three.
std::vector<std::string> RenderRows(const std::vector<Row>& rows,
                                    const std::vector<std::string>& trend_stats);

}  // namespace kload
