// A service's targets as data: a verdict per row from merged data.
//
// Data path: targets.yaml -> Targets; (Targets, Result) -> rows -> kctl's table, reports, exit code.
// Thread:    pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result/result.h"

namespace kload::analysis {

enum class TargetVerdict { kMet, kMissed, kCritical, kUnknown };
// met, missed target, critical, unknown.
std::string_view TargetVerdictName(TargetVerdict verdict);

struct LatencyTarget {
  std::string name = {};  // of the category
  std::vector<std::string>
      match;  // "GET */health": method and a glob of the path; without a method any
  double quantile = 0.95;
  double target_ms = 0;
  std::optional<double> critical_ms = {};
};

// What a row other than a latency is about.
struct FigureTarget {
  std::string group = {};  // Throughput, Reliability
  std::string name = {};   // as in the file
  // error_rate, timeout_rate, uptime, requests_per_second, concurrent_users, or a watched name.
  std::string measure = {};
  bool at_least = false;                   // else at most
  double target = 0;                       // shares as 0..1
  std::optional<double> target_high = {};  // of a range: at most
  std::optional<double> critical = {};
  bool share = false;  // shown as percent
  int line = 0;        // of the file
};

struct Targets {
  std::string file = {};
  std::vector<LatencyTarget> latencies = {};
  std::vector<FigureTarget> figures = {};
  std::string watch_url = {};
  std::vector<std::pair<std::string, std::string>> watch = {};  // name, expression
};

// `watched`: names that are watched without the file's doing. Errors: InvalidArgument with file:line:column, what is wrong there and what may stand there.
absl::StatusOr<Targets> ParseTargets(std::string_view text, const std::string& file,
                                     const std::vector<std::string>& watched = {});

struct TargetRow {
  std::string group = {};  // Response time, Throughput, Reliability
  std::string name = {};
  std::string measured = {};  // "87.2 ms", "0.12 %", "not measured"
  std::string target = {};    // "< 100 ms"
  std::string critical = {};  // "200 ms"; empty: none
  std::string detail = {};    // endpoints that belong to it, or why it is unknown
  TargetVerdict verdict = TargetVerdict::kUnknown;
};

std::vector<TargetRow> JudgeTargets(const Targets& targets, const Result& result);

// Share of seconds with requests in which at least half of them succeeded.
std::optional<double> Uptime(const Result& result);

}  // namespace kload::analysis
