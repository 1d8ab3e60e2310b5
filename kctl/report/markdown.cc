#include "kctl/report/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace kload::kctl {
namespace {

using Row = std::vector<std::string>;

// `columns`: headings; one that begins with ">" is of numbers. Cells are Markdown already.
std::string Table(const std::vector<std::string>& columns, const std::vector<Row>& rows) {
  std::string head = "|";
  std::string rule = "|";
  for (const std::string& column : columns) {
    const bool number = column.starts_with(">");
    head += fmt::format(" {} |", number ? column.substr(1) : column);
    rule += number ? " ---: |" : " --- |";
  }
  std::string text = head + "\n" + rule + "\n";
  for (const Row& row : rows) {
    text += "|";
    for (const std::string& cell : row) text += fmt::format(" {} |", cell);
    text += "\n";
  }
  return text;
}

std::string Section(const char* title, const std::string& content) {
  return content.empty() ? "" : fmt::format("\n### {}\n\n{}", title, content);
}

const char* Sign(Mood mood) {
  if (mood == Mood::kGood) return "✅";
  return mood == Mood::kBad ? "❌" : "⚠️";
}

std::string Head(const Result& result) {
  const Verdict verdict = VerdictOf(result);
  std::string text = fmt::format("## {} {}: {}\n\n", Sign(verdict.mood),
                                 EscapeMarkdown(result.script), EscapeMarkdown(verdict.text));
  text += fmt::format("Run {} · {} · {} · {} agent{}", EscapeMarkdown(result.run_id),
                      UtcText(result.started_unix), RunTimeText(result.duration), result.agents,
                      result.agents == 1 ? "" : "s");
  if (result.finished()) text += fmt::format(" · exit code {}", result.exit_code);
  text += "\n";
  if (!result.message.empty()) text += fmt::format("\n{}\n", EscapeMarkdown(result.message));
  return text;
}

std::string SoundnessText(const Result& result) {
  if (!result.summary) return "";
  const Soundness& soundness = result.summary->soundness;
  std::string text;
  if (soundness.label != SoundnessLabel::kNotJudged) {
    text = fmt::format("\n{} The result is **{}**.\n", Sign(MoodOf(soundness.label)),
                       SoundnessName(soundness.label));
    if (!soundness.findings.empty()) text += "\n";
    for (const Finding& finding : soundness.findings) {
      text += fmt::format("- {}\n", EscapeMarkdown(finding.reason));
    }
  }
  if (!result.summary->warnings.empty()) text += "\n";
  for (const std::string& warning : result.summary->warnings) {
    text += fmt::format("- ⚠️ {}\n", EscapeMarkdown(warning));
  }
  return text;
}

std::string FiguresText(const Result& result) {
  std::vector<Row> rows;
  for (const KeyFigure& figure : KeyFigures(result)) {
    rows.push_back({figure.label, figure.value, figure.detail});
  }
  return "\n" + Table({"", ">", ""}, rows);
}

std::string ThresholdsText(const Result& result) {
  std::vector<Row> rows;
  for (const ThresholdRow& row : ThresholdRows(result)) {
    rows.push_back({row.ok ? "✅" : "❌", CodeMarkdown(row.metric), CodeMarkdown(row.expression),
                    EscapeMarkdown(row.observed)});
  }
  return rows.empty() ? "" : Table({"", "metric", "threshold", ">observed"}, rows);
}

std::string TargetsText(const Report& report) {
  std::vector<Row> rows;
  for (const analysis::TargetRow& row : report.targets) {
    rows.push_back(
        {fmt::format("{} {}", Sign(MoodOf(row.verdict)), analysis::TargetVerdictName(row.verdict)),
         EscapeMarkdown(row.group), EscapeMarkdown(row.name), EscapeMarkdown(row.measured),
         EscapeMarkdown(row.target), EscapeMarkdown(row.critical)});
  }
  return rows.empty() ? "" : Table({"", "", "target", ">measured", ">wanted", ">critical"}, rows);
}

std::string FindingsText(const Report& report) {
  std::string text;
  for (const analysis::Symptom& finding : report.findings) {
    text += fmt::format("- **{}** ({})<br>{}", EscapeMarkdown(finding.title),
                        analysis::SeverityName(finding.severity), EscapeMarkdown(finding.evidence));
    if (!finding.next.empty()) text += fmt::format("<br>Next: {}", EscapeMarkdown(finding.next));
    text += "\n";
  }
  return text;
}

std::string EndpointsText(const Result& result) {
  std::vector<Row> rows;
  const double seconds = RateSeconds(result);
  for (const Endpoint& endpoint : result.endpoints) {
    if (rows.size() == kMarkdownEndpointsMax) break;
    Row row = {
        CodeMarkdown(EndpointName(endpoint)), CountText(endpoint.requests),
        seconds > 0 ? fmt::format("{:.1f}", static_cast<double>(endpoint.requests) / seconds) : ""};
    const bool timed = endpoint.duration.count() > 0;
    for (const double p : {0.5, 0.95, 0.99, 1.0}) {
      row.push_back(timed ? LatencyText(QuantileOf(endpoint, p)) : "");
    }
    row.push_back(endpoint.requests == 0 ? ""
                                         : ShareText(static_cast<double>(endpoint.failed) /
                                                     static_cast<double>(endpoint.requests)));
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return "";
  std::string text =
      Table({"endpoint", ">requests", ">per s", ">p50", ">p95", ">p99", ">max", ">failed"}, rows);
  if (rows.size() < result.endpoints.size()) {
    text += fmt::format("\n… and {} more\n", result.endpoints.size() - rows.size());
  }
  return text;
}

std::string ChecksText(const Result& result) {
  std::vector<Row> rows;
  for (const CheckRow& row : CheckRows(result)) {
    const uint64_t all = row.passes + row.fails;
    rows.push_back(
        {row.fails == 0 ? "✅" : "❌", EscapeMarkdown(row.name), CountText(row.passes),
         CountText(row.fails),
         all == 0 ? "" : ShareText(static_cast<double>(row.passes) / static_cast<double>(all))});
  }
  return rows.empty() ? "" : Table({"", "check", ">passed", ">failed", ">"}, rows);
}

std::string AgentsText(const Result& result) {
  std::vector<Row> rows;
  if (!result.summary) return "";
  for (const AgentSummary& agent : result.summary->agents) {
    std::string state = "fine";
    if (agent.lost) {
      state =
          fmt::format("lost at {}: {}", RunTimeText(agent.lost_at), EscapeMarkdown(agent.lost_why));
    }
    rows.push_back(
        {EscapeMarkdown(agent.name), CountText(agent.requests),
         fmt::format("{:.2f} of {:.3g}", agent.cpu_ratio_max, agent.cores),
         LatencyText(std::chrono::duration<double, std::milli>(agent.loop_lag_max).count()),
         CountText(agent.iterations_late), CountText(agent.iterations_dropped), state});
  }
  return rows.empty() ? ""
                      : Table({"agent", ">requests", ">CPU at most", ">loop lag", ">late",
                               ">dropped", "state"},
                              rows);
}

}  // namespace

std::string EscapeMarkdown(std::string_view text) {
  constexpr std::string_view kMarks = R"(\`*_[]<>|#~&)";
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      out += ' ';
      continue;
    }
    if (kMarks.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string CodeMarkdown(std::string_view text) {
  if (text.empty()) return "";
  std::string inner;
  size_t run = 0;
  size_t longest = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
    if (c == '|') inner += '\\';
    inner += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  const std::string fence(longest + 1, '`');
  const char* space = text.front() == '`' || text.back() == '`' ? " " : "";
  return fence + space + inner + space + fence;
}

std::string ReportMarkdown(const Report& report) {
  const Result& result = report.result;
  return Head(result) + SoundnessText(result) + FiguresText(result) +
         Section("Thresholds", ThresholdsText(result)) + Section("Targets", TargetsText(report)) +
         Section("Findings", FindingsText(report)) + Section("Endpoints", EndpointsText(result)) +
         Section("Checks", ChecksText(result)) + Section("Agents", AgentsText(result));
}

}  // namespace kload::kctl
