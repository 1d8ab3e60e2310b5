#include "common/summary/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/summary/format.h"

namespace kload {
namespace {

double Value(const MetricSummary& metric, const std::string& key) {
  const auto found = metric.values.find(key);
  return found == metric.values.end() ? 0 : found->second;
}

// http_req_duration{name:login} is printed as `  { name:login }` below its parent.
std::string DisplayName(const MetricSummary& metric) {
  const size_t brace = metric.name.find('{');
  if (metric.parent.empty() || brace == std::string::npos) return metric.name;
  return fmt::format("  {{ {} }}", metric.name.substr(brace + 1, metric.name.size() - brace - 2));
}

struct Widths {
  size_t name = 0, main = 0, first_extra = 0;
  std::vector<size_t> stats;
};

Widths Measure(const std::vector<Row>& rows, size_t columns) {
  Widths widths;
  widths.stats.resize(columns);
  for (const Row& row : rows) {
    widths.name = std::max(widths.name, DisplayWidth(row.name));
    widths.main = std::max(widths.main, DisplayWidth(row.main));
    if (!row.extras.empty()) {
      widths.first_extra = std::max(widths.first_extra, DisplayWidth(row.extras[0]));
    }
    for (size_t i = 0; i < row.stats.size(); ++i) {
      widths.stats[i] = std::max(widths.stats[i], DisplayWidth(row.stats[i]));
    }
  }
  return widths;
}

std::string RenderValues(const Row& row, const Widths& widths,
                         const std::vector<std::string>& trend_stats) {
  std::string text;
  if (!row.stats.empty()) {
    for (size_t i = 0; i < row.stats.size(); ++i) {
      if (i > 0) text += ' ';
      text += fmt::format("{}={}", trend_stats[i], PadRight(row.stats[i], widths.stats[i]));
    }
    return text;
  }
  text = row.extras.empty() ? row.main : PadRight(row.main, widths.main);
  for (size_t i = 0; i < row.extras.size(); ++i) {
    const bool padded = i == 0 && row.extras.size() > 1;
    text += ' ' + PadRight(row.extras[i], padded ? widths.first_extra : 0);
  }
  return text;
}

}  // namespace

Row MakeRow(const MetricSummary& metric, const RunSummary& summary, RateStyle style) {
  Row row;
  row.name = DisplayName(metric);
  const auto format = [&](double value) {
    return FormatByKind(value, metric.contains, summary.summary_time_unit);
  };
  switch (metric.type) {
    case MetricType::kCounter:
      row.main = format(Value(metric, "count"));
      row.extras = {format(Value(metric, "rate")) + "/s"};
      break;
    case MetricType::kGauge:
      row.main = format(Value(metric, "value"));
      row.extras = {"min=" + format(Value(metric, "min")), "max=" + format(Value(metric, "max"))};
      break;
    case MetricType::kRate: {
      const double passes = Value(metric, "passes");
      const double fails = Value(metric, "fails");
      row.main = FormatRatio(Value(metric, "rate"));
      if (style == RateStyle::kOutOf) {
        row.extras = {fmt::format("{:.0f} out of {:.0f}", passes, passes + fails)};
      } else {
        row.extras = {fmt::format("✓ {:.0f}", passes), fmt::format("✗ {:.0f}", fails)};
      }
      break;
    }
    case MetricType::kTrend:
      for (const std::string& stat : summary.trend_stats) {
        const double value = Value(metric, stat);
        row.stats.push_back(stat == "count" ? FormatNumber(value) : format(value));
      }
      break;
  }
  return row;
}

std::vector<std::string> RenderRows(const std::vector<Row>& rows,
                                    const std::vector<std::string>& trend_stats) {
  const Widths widths = Measure(rows, trend_stats.size());
  std::vector<std::string> lines;
  for (const Row& row : rows) {
    const size_t dots = widths.name - DisplayWidth(row.name) + 3;
    lines.push_back(fmt::format("{}{}{}: {}", row.prefix, row.name, std::string(dots, '.'),
                                RenderValues(row, widths, trend_stats)));
  }
  return lines;
}

}  // namespace kload
