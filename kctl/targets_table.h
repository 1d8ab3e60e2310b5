// Rows of targets with their verdicts, for people.
//
// Thread: pure functions.
#pragma once

#include <string>
#include <vector>

#include "common/analysis/targets.h"

namespace kload::kctl {

// A block like the summary's: a line per row, with a mark, and a line that counts them.
std::string TargetsTable(const std::vector<analysis::TargetRow>& rows, bool color);

}  // namespace kload::kctl
