#include "kctl/targets_table.h"

#include <fmt/format.h>

#include "kctl/table.h"

namespace kload::kctl {
namespace {

using analysis::TargetRow;
using analysis::TargetVerdict;

struct Look {
  const char* mark;
  int color;
};

Look LookOf(TargetVerdict verdict) {
  switch (verdict) {
    case TargetVerdict::kMet:
      return {"✓", 32};
    case TargetVerdict::kMissed:
      return {"!", 33};
    case TargetVerdict::kCritical:
      return {"✗", 31};
    case TargetVerdict::kUnknown:
      return {"?", 2};
  }
  return {"", 0};
}

}  // namespace

std::string TargetsTable(const std::vector<TargetRow>& rows, bool color) {
  std::vector<std::vector<std::string>> cells = {
      {"TARGETS", "MEASURED", "TARGET", "CRITICAL", "VERDICT", ""}};
  size_t counts[4] = {};
  for (const TargetRow& row : rows) {
    ++counts[static_cast<size_t>(row.verdict)];
    cells.push_back({fmt::format("{} {}", LookOf(row.verdict).mark, row.name), row.measured,
                     row.target, row.critical.empty() ? "-" : row.critical,
                     std::string(analysis::TargetVerdictName(row.verdict)), row.detail});
  }
  std::string table = AlignTable(cells);
  if (color) {
    // Lines are in the order of the rows, after the heading.
    std::string colored = table.substr(0, table.find('\n') + 1);
    size_t at = colored.size();
    for (const TargetRow& row : rows) {
      const size_t end = table.find('\n', at);
      colored +=
          fmt::format("\x1b[{}m{}\x1b[0m\n", LookOf(row.verdict).color, table.substr(at, end - at));
      at = end + 1;
    }
    table = colored;
  }
  return fmt::format("\n{}\n{} met, {} missed, {} critical, {} unknown\n", table,
                     counts[static_cast<size_t>(TargetVerdict::kMet)],
                     counts[static_cast<size_t>(TargetVerdict::kMissed)],
                     counts[static_cast<size_t>(TargetVerdict::kCritical)],
                     counts[static_cast<size_t>(TargetVerdict::kUnknown)]);
}

}  // namespace kload::kctl
