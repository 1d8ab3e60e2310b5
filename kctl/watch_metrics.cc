#include "kctl/watch_metrics.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "kctl/option_text.h"
#include "kctl/run_history.h"
#include "kctl/table.h"

namespace kload::kctl {
namespace {

constexpr size_t kSparkColumns = 60;

// At the first "=": names have none.
absl::StatusOr<NamedExpression> SplitWatch(const std::string& text) {
  const size_t equals = text.find('=');
  const size_t brace = text.find('{');
  if (equals != std::string::npos && equals > 0 && equals + 1 < text.size() && equals < brace) {
    return NamedExpression(text.substr(0, equals), text.substr(equals + 1));
  }
  return absl::InvalidArgumentError(fmt::format(
      "--watch: \"{}\" is not NAME=EXPRESSION such as 'jobs=rate(jobs_total[10s])'", text));
}

}  // namespace

absl::StatusOr<v1::TargetWatch> WatchFromFlags(const RunFlags& flags,
                                               const std::vector<NamedExpression>& extra) {
  v1::TargetWatch watch;
  std::vector<NamedExpression> metrics;
  for (const std::string& text : flags.watches) {
    KLOAD_ASSIGN_OR_RETURN(NamedExpression each, SplitWatch(text));
    metrics.push_back(std::move(each));
  }
  metrics.insert(metrics.end(), extra.begin(), extra.end());
  if (flags.watch_metrics.empty()) {
    if (flags.watches.empty() && flags.watch_interval.empty()) return watch;
    return absl::InvalidArgumentError(
        fmt::format("{}: say where the target's metrics are, --watch-metrics "
                    "http://target:3001/metrics",
                    flags.watches.empty() ? "--watch-interval" : "--watch"));
  }
  if (metrics.empty()) {
    return absl::InvalidArgumentError(
        "--watch-metrics: what is to be watched there? Give --watch NAME=EXPRESSION, such as "
        "--watch 'jobs=rate(jobs_total[10s])', or a targets file with a section watch:");
  }
  watch.set_url(flags.watch_metrics);
  if (!flags.watch_interval.empty()) {
    KLOAD_RETURN_IF_ERROR(CheckDuration("--watch-interval", flags.watch_interval));
    KLOAD_ASSIGN_OR_RETURN(const Nanos interval,
                           ParseDuration(flags.watch_interval, BareNumber::kRefused));
    if (interval <= Nanos(0)) {
      return absl::InvalidArgumentError(
          fmt::format("--watch-interval: {} is no time between two looks", flags.watch_interval));
    }
    watch.set_interval_ns(interval.count());
  }
  for (auto& [name, expression] : metrics) {
    v1::WatchedMetric& metric = *watch.add_metrics();
    metric.set_name(name);
    metric.set_expression(expression);
  }
  return watch;
}

std::vector<std::vector<std::string>> WatchedRows(const v1::GetRunResponse& run, size_t columns) {
  std::vector<std::vector<std::string>> rows;
  for (const v1::WatchedSeries& series : run.watched()) {
    if (series.points_size() == 0) continue;
    std::vector<double> values;
    for (const v1::WatchedPoint& point : series.points()) values.push_back(point.value());
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    rows.push_back(
        {series.name(), fmt::format("{:.6g}..{:.6g}", *least, *most), Sparkline(values, columns)});
  }
  return rows;
}

std::string WatchedProblems(const v1::GetRunResponse& run) {
  std::string text;
  for (const v1::WatchedSeries& series : run.watched()) {
    if (series.problem().empty()) continue;
    text += fmt::format("{}{}: {}\n", series.name(),
                        series.points_size() == 0 ? " has no values" : "", series.problem());
  }
  return text;
}

std::string WatchedText(const v1::GetRunResponse& run) {
  if (run.watched_size() == 0) return "";
  const std::vector<std::vector<std::string>> rows = WatchedRows(run, kSparkColumns);
  const std::string lines = (rows.empty() ? "" : AlignTable(rows)) + WatchedProblems(run);
  std::string text = "  █ TARGET \n\n";
  for (size_t begin = 0; begin < lines.size();) {
    const size_t end = lines.find('\n', begin) + 1;
    text += "    " + lines.substr(begin, end - begin);
    begin = end;
  }
  return text + "\n";
}

}  // namespace kload::kctl
