#include <fmt/format.h>

#include <algorithm>

#include "common/summary/layout.h"
#include "common/summary/table.h"

namespace kload {
namespace {

constexpr int kIndent = 5;

bool HasChecks(const GroupSummary& group) {
  return !group.checks.empty() || std::any_of(group.groups.begin(), group.groups.end(), HasChecks);
}

std::string RenderGroup(const GroupSummary& group, size_t depth, const Marks& marks) {
  const std::string indent(kIndent + 2 * depth, ' ');
  std::string text;
  for (const CheckSummary& check : group.checks) {
    text += fmt::format("{}{} {}\n", indent, marks.Of(check.fails == 0), check.name);
    if (check.fails > 0) {
      text += fmt::format("{} ↳  {}% — {} {} / {} {}\n", indent, PassedPercent(check),
                          marks.Of(true), check.passes, marks.Of(false), check.fails);
    }
  }
  if (!group.checks.empty()) text += "\n";
  for (const GroupSummary& inner : group.groups) {
    if (!HasChecks(inner)) continue;
    text += fmt::format("{}█ {}\n\n", indent, inner.name) + RenderGroup(inner, depth + 1, marks);
  }
  return text;
}

// Thresholds show as a mark in column 4; other rows begin at column 6.
std::string Prefix(const MetricSummary& metric, const Marks& marks) {
  if (metric.thresholds.empty()) return std::string(kIndent, ' ');
  const bool ok = std::all_of(metric.thresholds.begin(), metric.thresholds.end(),
                              [](const ThresholdResult& threshold) { return threshold.ok; });
  return "   " + marks.Of(ok) + " ";
}

}  // namespace

std::string RenderLegacy(const RunSummary& summary, bool color) {
  const Marks marks(color);
  std::vector<const MetricSummary*> shown;
  for (const MetricSummary& metric : summary.metrics) {
    if (!metric.values.empty()) shown.push_back(&metric);
  }
  std::sort(shown.begin(), shown.end(),
            [](const auto* a, const auto* b) { return a->name < b->name; });
  std::vector<Row> rows;
  for (const MetricSummary* metric : shown) {
    rows.push_back(MakeRow(*metric, summary, RateStyle::kMarks));
    rows.back().prefix = Prefix(*metric, marks);
  }
  std::string text = "\n" + RenderGroup(summary.root_group, 0, marks);
  for (const std::string& line : RenderRows(rows, summary.trend_stats)) text += line + "\n";
  return text + "\n";
}

}  // namespace kload
