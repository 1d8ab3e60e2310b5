#include "common/summary/summary.h"

#include <fmt/format.h>

#include "common/summary/format.h"
#include "common/summary/layout.h"

namespace kload {

std::string Marks::Of(bool ok) const {
  const char* mark = ok ? "✓" : "✗";
  if (!color_) return mark;
  return fmt::format("\x1b[{}m{}\x1b[0m", ok ? 32 : 31, mark);
}

int PassedPercent(const CheckSummary& check) {
  const uint64_t total = check.passes + check.fails;
  return total == 0 ? 0 : static_cast<int>(check.passes * 100 / total);
}

namespace {

std::string Milliseconds(Nanos time) {
  return FormatTime(std::chrono::duration<double, std::milli>(time).count(), "");
}

std::string StateOf(const AgentSummary& agent) {
  if (agent.lost) {
    std::string state = fmt::format("lost at {}", Milliseconds(agent.lost_at));
    if (agent.lost_until > Nanos(0)) {
      state += fmt::format(", its part ran elsewhere from {} on", Milliseconds(agent.lost_until));
    }
    return state;
  }
  std::string state = fmt::format("cpu max {:.0f}%, timers late by at most {}",
                                  agent.cpu_ratio_max * 100, Milliseconds(agent.loop_lag_max));
  if (agent.joined_at > Nanos(0)) {
    state += fmt::format(", joined at {}", Milliseconds(agent.joined_at));
  }
  return state;
}

}  // namespace

std::string RenderCluster(const RunSummary& summary, bool color) {
  if (summary.agents.size() < 2 && summary.warnings.empty()) return "";
  std::string text = "  █ CLUSTER \n\n";
  size_t name_width = 0, requests_width = 0;
  for (const AgentSummary& agent : summary.agents) {
    name_width = std::max(name_width, DisplayWidth(agent.name));
    requests_width = std::max(requests_width, std::to_string(agent.requests).size());
  }
  for (const AgentSummary& agent : summary.agents) {
    const std::string state = StateOf(agent);
    text += fmt::format("    {} {} {:>{}} requests, {}\n", Marks(color).Of(!agent.lost),
                        PadRight(agent.name, name_width), agent.requests, requests_width, state);
  }
  if (!summary.warnings.empty()) text += "\n";
  for (const std::string& warning : summary.warnings) text += "    ! " + warning + "\n";
  return text + "\n";
}

std::string RenderSummary(const RunSummary& summary, SummaryMode mode, bool color) {
  switch (mode) {
    case SummaryMode::kDisabled:
      return "";
    case SummaryMode::kLegacy:
      return RenderLegacy(summary, color) + RenderCluster(summary, color);
    case SummaryMode::kCompact:
    case SummaryMode::kFull:
      break;
  }
  return RenderCurrent(summary, mode == SummaryMode::kFull, color) + RenderCluster(summary, color);
}

}  // namespace kload
