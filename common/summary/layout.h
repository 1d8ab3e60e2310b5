// The pieces of the end-of-test text that both layouts share; summary.h's RenderSummary() chooses
// between them.
#pragma once

#include <string>
#include <string_view>

#include "common/summary/summary.h"

namespace kload {

// Marks in colour where `color` is set: ✓ green, ✗ red.
class Marks {
 public:
  explicit Marks(bool color) : color_(color) {}
  std::string Of(bool ok) const;

 private:
  bool color_;
};

// Whole percent of checks that passed, floored; 0 without any.
int PassedPercent(const CheckSummary& check);

// k6's layout since 1.0: THRESHOLDS, TOTAL RESULTS with checks, then metrics by section. `full`
// also shows the phases of a request, and what groups and scenarios measured, where the summary has it.
std::string RenderCurrent(const RunSummary& summary, bool full, bool color);
// The layout before that: checks by group, then every metric in one alphabetical list.
std::string RenderLegacy(const RunSummary& summary, bool color);
// kload's own end: agents and warnings. Empty for one agent without a warning.
std::string RenderCluster(const RunSummary& summary, bool color);

}  // namespace kload
