// What a run looks like while it runs: pure functions from plan and figures to lines of text.
//
// Data path: controller's Progress events -> Live -> lines -> Screen.
// Thread:    pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/plan/plan.h"

namespace kload::kctl {

enum class RunPhase { kWaiting, kPreparing, kSetup, kRunning, kTeardown, kFinished };

struct ScenarioLive {
  int64_t vus = 0;
  uint64_t iterations = 0;  // complete
};

// The figures of one moment, over all agents.
struct Live {
  RunPhase phase = RunPhase::kWaiting;
  Nanos run_time{0};
  int64_t vus = 0;
  uint64_t complete = 0;
  uint64_t interrupted = 0;
  double requests_per_second = 0;
  double p95_ms = 0;  // http_req_duration
  double failed_ratio = 0;
  std::string trouble = {};  // why the result cannot be trusted so far; empty: nothing is known
  bool stopped = false;      // the run was told to stop: what is not done by then is interrupted
  std::map<std::string, ScenarioLive> scenarios;
};

// Elapsed time in the width that `total` has: 04m12.3s of 10m, 4m12.3s of 5m, 12.3s of 30s.
std::string FormatSpent(Nanos spent, Nanos total);

// One line per scenario below a line for the run and one for its requests; no line is wider than
// `width` columns.
std::vector<std::string> RenderProgress(const TestPlan& plan, const Live& live, int width,
                                        bool color);
// The same in one line, for logs and files.
std::string PlainProgress(const TestPlan& plan, const Live& live);

struct HeaderFacts {
  std::string execution;  // local, cluster
  std::string script;
  std::string run_id;  // empty: not shown
  std::string output;  // "-" without any
  uint32_t agents = 1;
};
// Where the test runs, and its scenarios in words; what k6 prints before a run.
std::string RenderHeader(const HeaderFacts& facts, const TestPlan& plan);

}  // namespace kload::kctl
