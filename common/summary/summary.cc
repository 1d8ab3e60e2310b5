#include "common/summary/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/summary/format.h"
#include "common/summary/layout.h"

namespace kload {

std::string_view SoundnessName(SoundnessLabel label) {
  switch (label) {
    case SoundnessLabel::kNotJudged:
      return "";
    case SoundnessLabel::kTrustworthy:
      return "trustworthy";
    case SoundnessLabel::kDegraded:
      return "degraded";
    case SoundnessLabel::kInvalid:
      return "invalid";
  }
  return "";
}

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

std::string WindowOf(const Finding& finding) {
  if (finding.to <= finding.from) return "";
  return fmt::format(" ({} to {})", Milliseconds(finding.from), Milliseconds(finding.to));
}

// Whether the result can be believed, in a line or more.
std::string RenderSoundness(const RunSummary& summary, const Marks& marks) {
  switch (summary.soundness.label) {
    case SoundnessLabel::kNotJudged:
      return "";
    case SoundnessLabel::kTrustworthy: {
      double busiest = 0;
      Nanos latest{0};
      for (const AgentSummary& agent : summary.agents) {
        if (agent.cores > 0) busiest = std::max(busiest, agent.cpu_ratio_max / agent.cores);
        latest = std::max(latest, agent.loop_lag_max);
      }
      return fmt::format(
          "    {} trustworthy: the generators kept up (CPU at most {:.0f}%, timers "
          "at most {} late)\n",
          marks.Of(true), busiest * 100, Milliseconds(latest));
    }
    case SoundnessLabel::kDegraded:
    case SoundnessLabel::kInvalid:
      break;
  }
  const bool invalid = summary.soundness.label == SoundnessLabel::kInvalid;
  std::string text =
      fmt::format("    {} {}\n", marks.Of(false),
                  invalid ? "invalid: this result must not be used to judge the target"
                          : "degraded: some load or precision is missing");
  for (const Finding& finding : summary.soundness.findings) {
    text += fmt::format("      ↳ {}{}\n", finding.reason, WindowOf(finding));
  }
  return text;
}

}  // namespace

std::string RenderCluster(const RunSummary& summary, bool color) {
  const std::string soundness = RenderSoundness(summary, Marks(color));
  if (summary.agents.size() < 2 && summary.warnings.empty() && soundness.empty()) return "";
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
  if (!soundness.empty()) text += "\n" + soundness;
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
