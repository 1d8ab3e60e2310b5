#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/summary/format.h"
#include "common/summary/layout.h"
#include "common/summary/table.h"

namespace kload {
namespace {

enum Section {
  kCustom,
  kHttp,
  kExecution,
  kNetwork,
  kBrowser,
  kWebVitals,
  kGrpc,
  kWebSocket,
  kSectionCount
};
constexpr std::array<const char*, kSectionCount> kSectionTitles = {
    "CUSTOM", "HTTP", "EXECUTION", "NETWORK", "BROWSER", "WEB_VITALS", "GRPC", "WEBSOCKET"};

// k6 sorts metrics into sections by prefix, custom ones included.
Section SectionOf(const std::string& name) {
  static constexpr std::pair<const char*, Section> kPrefixes[] = {
      {"http_req", kHttp},
      {"vus", kExecution},
      {"iterations", kExecution},
      {"iteration_duration", kExecution},
      {"dropped_iterations", kExecution},
      {"iteration_start_delay", kExecution},
      {"iteration_exceptions", kExecution},
      {"data_sent", kNetwork},
      {"data_received", kNetwork},
      {"browser_web_vital_", kWebVitals},
      {"browser_", kBrowser},
      {"grpc_", kGrpc},
      {"ws_", kWebSocket}};
  for (const auto& [prefix, section] : kPrefixes) {
    if (name.starts_with(prefix)) return section;
  }
  return kCustom;
}

bool IsHidden(const std::string& name, bool full) {
  for (const char* prefix : {"checks", "group_duration"}) {
    if (name.starts_with(prefix)) return true;
  }
  if (full) return false;
  for (const char* phase :
       {"blocked", "connecting", "receiving", "sending", "tls_handshaking", "waiting"}) {
    if (name.starts_with(std::string("http_req_") + phase)) return true;
  }
  return false;
}

std::string Observed(const ThresholdResult& threshold, const MetricSummary& metric,
                     const RunSummary& summary) {
  std::string value;
  if (metric.type == MetricType::kRate) {
    value = FormatRatio(threshold.observed);
  } else {
    value = FormatByKind(threshold.observed, metric.contains, summary.summary_time_unit);
    if (metric.type == MetricType::kCounter && threshold.method == "rate") value += "/s";
  }
  return threshold.method + "=" + value;
}

// A metric's parts come right behind it, whatever other names begin like its own.
struct Place {
  std::string_view metric;
  bool is_part;
  std::string_view name;
  friend auto operator<=>(const Place&, const Place&) = default;
};

Place PlaceOf(const MetricSummary& metric) {
  const bool is_part = !metric.parent.empty();
  return {is_part ? metric.parent : metric.name, is_part, metric.name};
}

std::string RenderThresholds(const RunSummary& summary, const Marks& marks) {
  std::vector<const MetricSummary*> judged;
  for (const MetricSummary& metric : summary.metrics) {
    if (!metric.thresholds.empty()) judged.push_back(&metric);
  }
  if (judged.empty()) return "";
  std::sort(judged.begin(), judged.end(),
            [](const auto* a, const auto* b) { return PlaceOf(*a) < PlaceOf(*b); });
  std::string text = "  █ THRESHOLDS \n\n";
  for (const MetricSummary* metric : judged) {
    const bool below_parent = !metric->parent.empty() &&
                              std::any_of(judged.begin(), judged.end(), [&](const auto* other) {
                                return other->name == metric->parent;
                              });
    const std::string indent(below_parent ? 6 : 4, ' ');
    text +=
        indent + (below_parent ? metric->name.substr(metric->parent.size()) : metric->name) + "\n";
    for (const ThresholdResult& threshold : metric->thresholds) {
      text += fmt::format("{}{} '{}' {}\n", indent, marks.Of(threshold.ok), threshold.expression,
                          Observed(threshold, *metric, summary));
    }
    text += "\n";
  }
  return text + "\n";
}

void CollectChecks(const GroupSummary& group, std::vector<const CheckSummary*>& into) {
  for (const CheckSummary& check : group.checks) into.push_back(&check);
  for (const GroupSummary& inner : group.groups) CollectChecks(inner, into);
}

std::string RenderChecks(const std::vector<const CheckSummary*>& checks, const RunSummary& summary,
                         const Marks& marks, const std::string& indent) {
  if (checks.empty()) return "";
  double passes = 0, fails = 0;
  for (const CheckSummary* check : checks) {
    passes += static_cast<double>(check->passes);
    fails += static_cast<double>(check->fails);
  }
  const double total = passes + fails;
  const double seconds = std::chrono::duration<double>(summary.duration).count();
  const auto share = [&](double part) {
    return std::map<std::string, double>{
        {"rate", total == 0 ? 0 : part / total}, {"passes", part}, {"fails", total - part}};
  };
  MetricSummary count, succeeded, failed;
  count.name = "checks_total";
  count.values = {{"count", total}, {"rate", seconds > 0 ? total / seconds : 0}};
  succeeded.name = "checks_succeeded";
  failed.name = "checks_failed";
  succeeded.type = failed.type = MetricType::kRate;
  succeeded.values = share(passes);
  failed.values = share(fails);

  std::string text;
  std::vector<Row> rows;
  for (const MetricSummary* metric : {&count, &succeeded, &failed}) {
    rows.push_back(MakeRow(*metric, summary, RateStyle::kOutOf));
  }
  for (const std::string& line : RenderRows(rows, {})) text += indent + line + "\n";
  text += "\n";
  for (const CheckSummary* check : checks) {
    text += fmt::format("{}{} {}\n", indent, marks.Of(check->fails == 0), check->name);
    if (check->fails > 0) {
      text += fmt::format("{}  ↳  {}% — {} {} / {} {}\n", indent, PassedPercent(*check),
                          marks.Of(true), check->passes, marks.Of(false), check->fails);
    }
  }
  return text + "\n";
}

// All sections are one block: their columns line up.
std::string RenderMetrics(const std::vector<MetricSummary>& metrics, const RunSummary& summary,
                          bool full, const std::string& indent) {
  std::vector<std::pair<Section, const MetricSummary*>> shown;
  for (const MetricSummary& metric : metrics) {
    if (!metric.values.empty() && !IsHidden(metric.name, full))
      shown.emplace_back(SectionOf(metric.name), &metric);
  }
  std::sort(shown.begin(), shown.end(), [](const auto& a, const auto& b) {
    return std::make_pair(a.first, PlaceOf(*a.second)) <
           std::make_pair(b.first, PlaceOf(*b.second));
  });
  std::vector<Row> rows;
  rows.reserve(shown.size());
  for (const auto& [section, metric] : shown)
    rows.push_back(MakeRow(*metric, summary, RateStyle::kOutOf));
  const std::vector<std::string> lines = RenderRows(rows, summary.trend_stats);
  std::string text;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i == 0 || shown[i].first != shown[i - 1].first) {
      if (i > 0) text += "\n";
      text += fmt::format("{}{}\n", indent, kSectionTitles[shown[i].first]);
    }
    text += indent + lines[i] + "\n";
  }
  return text;
}

// A part of the run with its title; empty when it has nothing to show. `depth` counts from 0.
std::string RenderPart(const std::string& title, const std::vector<const CheckSummary*>& checks,
                       const std::vector<MetricSummary>& metrics, const RunSummary& summary,
                       const Marks& marks, size_t depth, bool has_inner = false) {
  const std::string indent(4 + 2 * depth, ' ');
  const std::string body = RenderChecks(checks, summary, marks, indent) +
                           RenderMetrics(metrics, summary, /*full=*/true, indent);
  if (body.empty() && !has_inner) return "";
  return fmt::format("{}{} {} \n\n{}\n\n", std::string(2 + 2 * depth, ' '), depth == 0 ? "█" : "↳",
                     title, body);
}

std::string RenderGroups(const GroupSummary& parent, const RunSummary& summary, const Marks& marks,
                         size_t depth) {
  std::string text;
  for (const GroupSummary& group : parent.groups) {
    if (group.path == "::setup" || group.path == "::teardown") continue;
    std::vector<const CheckSummary*> checks;
    for (const CheckSummary& check : group.checks) checks.push_back(&check);
    text += RenderPart("GROUP: " + group.name, checks, group.metrics, summary, marks, depth,
                       !group.groups.empty());
    text += RenderGroups(group, summary, marks, depth + 1);
  }
  return text;
}

std::string RenderScenarios(const RunSummary& summary, const Marks& marks) {
  std::string text;
  for (const GroupSummary& scenario : summary.scenarios) {
    if (scenario.name == "default") continue;
    std::vector<const CheckSummary*> checks;
    CollectChecks(scenario, checks);
    text += RenderPart("SCENARIO: " + scenario.name, checks, scenario.metrics, summary, marks, 0);
  }
  return text;
}

}  // namespace

std::string RenderCurrent(const RunSummary& summary, bool full, bool color) {
  const Marks marks(color);
  const std::string indent(4, ' ');
  std::vector<const CheckSummary*> checks;
  CollectChecks(summary.root_group, checks);
  std::string text = "\n" + RenderThresholds(summary, marks) + "  █ TOTAL RESULTS \n\n" +
                     RenderChecks(checks, summary, marks, indent) +
                     RenderMetrics(summary.metrics, summary, full, indent) + "\n\n";
  if (!full) return text;
  return text + RenderGroups(summary.root_group, summary, marks, 0) +
         RenderScenarios(summary, marks);
}

}  // namespace kload
