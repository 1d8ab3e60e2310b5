// handleSummary(): the script makes the end-of-test summary, here where its files belong.
//
// Data path: RunSummary (controller) -> handleSummary(data) -> stdout, stderr, files.
// Thread:    the main thread.
#pragma once

#include <absl/status/status.h>

#include <map>
#include <string>

#include "common/base/clock.h"
#include "common/summary/summary.h"
#include "kctl/screen.h"
#include "kload/v1/plan.pb.h"

namespace kload::kctl {

// A script that exports handleSummary().
struct SummaryScript {
  v1::Bundle bundle;
  std::map<std::string, std::string> env;  // __ENV
  Nanos timeout = std::chrono::minutes(2);
  bool no_color = true;
  std::string user_agent = "kload";  // of requests that it sends
  bool insecure_skip_tls_verify = false;
};

// Calls it, prints what it gives for stdout (unless `prints` is false) and stderr, and writes its other files; one that
// cannot be written is logged. False when it failed, which is logged, or gave nothing: the usual summary
// is to be shown then.
bool HandleSummary(const SummaryScript& script, const RunSummary& summary,
                   const std::string& setup_json, bool prints, Screen& screen);

}  // namespace kload::kctl
