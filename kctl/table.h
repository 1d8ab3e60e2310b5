// What `kctl get` prints: aligned columns for people, JSON for programs. Column names and JSON keys
// stay as they are; new ones are added at the end.
//
// Thread: pure functions.
#pragma once

#include <string>
#include <vector>

#include "kload/v1/control.pb.h"

namespace kload::kctl {

// Columns padded to their widest cell, three spaces apart, no blanks at a line's end. The first row
// is the heading.
std::string AlignTable(const std::vector<std::vector<std::string>>& rows);

std::string AgentsTable(const v1::ListAgentsResponse& agents);
std::string RunsTable(const v1::ListRunsResponse& runs);

// Arrays of objects, 2-space indent, a newline at the end. Times: *_s in seconds, started in RFC
// 3339 UTC.
std::string AgentsJson(const v1::ListAgentsResponse& agents);
std::string RunsJson(const v1::ListRunsResponse& runs);

// 2026-01-31T08:30:00Z; empty for 0.
std::string FormatUtc(int64_t unix_ns);

}  // namespace kload::kctl
