// Follows one run to its end: live view, Ctrl-C, a controller that is gone for a moment, summary,
// exit code.
//
// Thread: the main thread; returns when the run is over or the user leaves.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/summary/summary.h"
#include "kctl/client.h"
#include "kctl/handle_summary.h"
#include "kctl/live_view.h"
#include "kctl/output/output_set.h"
#include "kctl/screen.h"

namespace kload::kctl {

struct FollowOptions {
  ViewOptions view;
  bool stops_run = true;  // Ctrl-C stops the run; else it only ends the watching
  bool json = false;      // print the summary as JSON instead of text
  SummaryMode summary_mode = SummaryMode::kCompact;
  std::string summary_export;                   // file; empty: none
  std::string report;                           // file of Artillery's JSON report; empty: none
  std::optional<SummaryScript> handle_summary;  // the script makes the summary itself
  Nanos retry_pause = std::chrono::seconds(1);  // between attempts to reach a lost controller
  std::function<int()> interrupts;              // signals that have come so far
  OutputSet* outputs = nullptr;                 // borrowed; null: no raw samples are wanted
};

// Returns kctl's exit code; everything it stands for has been reported.
int Follow(Client& client, const std::string& run_id, const FollowOptions& options, Screen& screen,
           const Clock& clock);

// Prints the end of a run and writes the export file. Returns the exit code: that of the result,
// 105 instead of 103 when it was our signal that stopped the run, 255 instead of 0 when the file
// cannot be written.
int Conclude(const v1::RunResult& result, bool interrupted, const FollowOptions& options,
             Screen& screen);

}  // namespace kload::kctl
