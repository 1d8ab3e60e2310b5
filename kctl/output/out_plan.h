// What `--out` and K6_OUT ask for.
//
// Data path: flags, environment -> OutPlan -> OutputSet (files), StartRunRequest (what the controller pushes).
// Thread:    pure functions.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <vector>

#include "kctl/output/time_text.h"
#include "kload/v1/control.pb.h"

namespace kload::kctl {

struct FileOut {
  enum class Kind { kJson, kCsv };
  Kind kind = Kind::kJson;
  std::string path;  // "-": stdout
};

struct OutPlan {
  std::vector<FileOut> files = {};
  TimeFormat csv_time = TimeFormat::kUnix;
  Nanos csv_interval = std::chrono::seconds(1);
  std::vector<v1::PrometheusWrite> prometheus = {};
  // For the banner: `json (out.json)`.
  std::vector<std::string> descriptions = {};
};

using Environment = std::map<std::string, std::string>;

// `outs`: NAME or NAME=ARGUMENT each; none: those of K6_OUT, comma separated. Settings come from K6_CSV_* and
// K6_PROMETHEUS_RW_*.
// Errors: InvalidArgument naming the output or the variable; for an output that only k6 has, also those that there are.
absl::StatusOr<OutPlan> PlanOuts(const std::vector<std::string>& outs,
                                 const Environment& environment);

}  // namespace kload::kctl
