#include "kctl/run_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "common/analysis/findings.h"
#include "common/base/duration.h"
#include "common/base/status.h"
#include "common/result/result.h"
#include "common/summary/summary.h"
#include "common/wire/summary_wire.h"
#include "kctl/findings_text.h"
#include "kctl/table.h"
#include "kctl/watch_metrics.h"

namespace kload::kctl {
namespace {

using Json = nlohmann::ordered_json;
using Value = std::function<double(const v1::SeriesPoint&)>;

constexpr size_t kSparkColumns = 60;

double PerSecond(double count, const v1::SeriesPoint& point) {
  const double seconds = static_cast<double>(point.length_ns()) / 1e9;
  return seconds > 0 ? count / seconds : 0;
}

std::string Short(int64_t nanos) {
  const Nanos at = std::chrono::duration_cast<std::chrono::milliseconds>(Nanos(nanos));
  return FormatDuration(at);
}

std::string Head(const v1::RunInfo& info) {
  std::string text = fmt::format("run {} of {}: {}", info.run_id(), info.script(), info.state());
  const bool ended = info.state() == "finished" || info.state() == "aborted";
  if (ended) text += fmt::format(", exit code {}", info.exit_code());
  if (!info.message().empty()) text += fmt::format(" ({})", info.message());
  text += fmt::format("\nstarted {}, {}, {} agent{}\n", FormatUtc(info.started_unix_ns()),
                      Short(info.duration_ns()), info.agents(), info.agents() == 1 ? "" : "s");
  return text;
}

std::string SeriesText(const v1::GetRunResponse& run) {
  struct Line {
    const char* name;
    Value value;
  };
  const std::vector<Line> lines = {
      {"VUs", [](const auto& p) { return static_cast<double>(p.vus()); }},
      {"iterations/s",
       [](const auto& p) { return PerSecond(static_cast<double>(p.iterations()), p); }},
      {"requests/s", [](const auto& p) { return PerSecond(static_cast<double>(p.requests()), p); }},
      {"failed/s",
       [](const auto& p) { return PerSecond(static_cast<double>(p.failed_requests()), p); }},
      {"p95 ms", [](const auto& p) { return p.p95_ms(); }},
      {"dropped/s",
       [](const auto& p) { return PerSecond(static_cast<double>(p.dropped_iterations()), p); }}};
  std::vector<std::vector<std::string>> rows;
  for (const Line& line : lines) {
    std::vector<double> values;
    if (run.points_size() == 0) break;
    for (const v1::SeriesPoint& point : run.points()) values.push_back(line.value(point));
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    if (*most == 0) continue;
    rows.push_back({line.name, fmt::format("{:.6g}..{:.6g}", *least, *most),
                    Sparkline(values, kSparkColumns)});
  }
  const std::vector<std::vector<std::string>> watched = WatchedRows(run, kSparkColumns);
  rows.insert(rows.end(), watched.begin(), watched.end());
  const std::string text = (rows.empty() ? "" : AlignTable(rows)) + WatchedProblems(run);
  return text.empty() ? "" : "\n" + text;
}

std::string NotesText(const v1::GetRunResponse& run) {
  if (run.notes_size() == 0) return "";
  std::vector<std::vector<std::string>> rows;
  for (const v1::RunNote& note : run.notes()) {
    rows.push_back({Short(note.at_ns()), note.kind(), note.text()});
  }
  return "\n" + AlignTable(rows);
}

Json PointJson(const v1::SeriesPoint& point) {
  return {{"at_s", static_cast<double>(point.at_ns()) / 1e9},
          {"length_s", static_cast<double>(point.length_ns()) / 1e9},
          {"vus", point.vus()},
          {"iterations", point.iterations()},
          {"dropped_iterations", point.dropped_iterations()},
          {"requests", point.requests()},
          {"failed_requests", point.failed_requests()},
          {"p50_ms", point.p50_ms()},
          {"p95_ms", point.p95_ms()},
          {"p99_ms", point.p99_ms()},
          {"bytes_sent", point.bytes_sent()},
          {"bytes_received", point.bytes_received()}};
}

Json WatchedJson(const v1::WatchedSeries& series) {
  Json points = Json::array();
  for (const v1::WatchedPoint& point : series.points()) {
    points.push_back(
        {{"at_s", static_cast<double>(point.at_ns()) / 1e9}, {"value", point.value()}});
  }
  return {{"name", series.name()},
          {"expression", series.expression()},
          {"problem", series.problem()},
          {"points", std::move(points)}};
}

}  // namespace

std::string Sparkline(const std::vector<double>& values, size_t columns) {
  static constexpr const char* kBlocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty()) return "";
  const double most = *std::max_element(values.begin(), values.end());
  const size_t count = std::min(columns, values.size());
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    const auto first = values.begin() + static_cast<int64_t>(i * values.size() / count);
    const auto last = values.begin() + static_cast<int64_t>((i + 1) * values.size() / count);
    const double value = *std::max_element(first, last);
    // Anything at all is seen.
    const int height =
        most <= 0 || value <= 0 ? 0 : std::clamp(static_cast<int>(value / most * 8), 1, 8);
    text += kBlocks[height];
  }
  return text;
}

absl::StatusOr<std::string> RunHistoryText(const v1::GetRunResponse& run, bool color) {
  std::string text = Head(run.info()) + SeriesText(run) + NotesText(run);
  if (run.has_summary()) {
    KLOAD_ASSIGN_OR_RETURN(const RunSummary summary, wire::DecodeSummary(run.summary()));
    text += RenderSummary(summary, SummaryMode::kCompact, color);
    KLOAD_ASSIGN_OR_RETURN(const Result result, DecodeResult(run));
    text += FindingsText(analysis::FindSymptoms(result, {}), color);
  }
  return text;
}

absl::StatusOr<std::string> RunHistoryJson(const v1::GetRunResponse& run) {
  v1::ListRunsResponse one;
  *one.add_runs() = run.info();
  Json out = Json::parse(RunsJson(one)).at(0);
  out["options"] = Json::parse(run.options_json(), nullptr, false);
  if (out["options"].is_discarded()) out["options"] = nullptr;
  out["series"] = Json::array();
  for (const v1::SeriesPoint& point : run.points()) out["series"].push_back(PointJson(point));
  out["notes"] = Json::array();
  for (const v1::RunNote& note : run.notes()) {
    out["notes"].push_back({{"at_s", static_cast<double>(note.at_ns()) / 1e9},
                            {"time", FormatUtc(note.unix_ns())},
                            {"kind", note.kind()},
                            {"agent", note.agent()},
                            {"text", note.text()}});
  }
  out["watched"] = Json::array();
  for (const v1::WatchedSeries& series : run.watched()) {
    out["watched"].push_back(WatchedJson(series));
  }
  out["summary"] = nullptr;
  if (run.has_summary()) {
    KLOAD_ASSIGN_OR_RETURN(const RunSummary summary, wire::DecodeSummary(run.summary()));
    out["summary"] = Json::parse(SummaryExportJson(summary));
  }
  KLOAD_ASSIGN_OR_RETURN(const Result result, DecodeResult(run));
  out["findings"] = Json::parse(FindingsJson(analysis::FindSymptoms(result, {})));
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace kload::kctl
