// What `start` and `run` have in common: read the script, ask for the run, follow it.
//
// Thread: main thread.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "kctl/after_run.h"
#include "kctl/client.h"
#include "kctl/flags.h"
#include "kctl/follow.h"
#include "kctl/output/output_set.h"
#include "kctl/screen.h"
#include "kload/v1/control.pb.h"

namespace kload::kctl {

// What differs between the two.
struct SessionKind {
  std::string execution;        // for the banner: cluster, local
  bool library = false;         // names may be looked up in the controller's library
  bool system_env = false;      // the environment becomes __ENV by default, as k6 run does
  uint32_t agents_default = 0;  // 0: all that are connected
  bool agent_names = true;      // log lines say which agent they come from
  bool shows_run_id = true;
};

// An error and the exit code that it deserves.
struct Problem {
  absl::Status status;  // OK: no problem
  int exit_code = 0;
};

// Completes the flags from the environment and checks them, finds the script and bundles it, adds the
// layers of options; `after` is what is left to do at the run's end. Nothing is sent yet.
Problem MakeRequest(RunFlags& flags, const SessionKind& kind, v1::StartRunRequest& request,
                    AfterRun& after);

// Asks for the run. On success `response` names it.
Problem AskForRun(Client& client, const v1::StartRunRequest& request,
                  v1::StartRunResponse& response);

// For Follow(); `run_id` goes to the banner. Errors: InvalidArgument for --summary-mode.
absl::StatusOr<FollowOptions> FollowOptionsOf(const RunFlags& flags, const GlobalFlags& global,
                                              const SessionKind& kind, const std::string& run_id);

// stdout as a screen and stderr's log lines above it, as flags and environment want them. Of the
// log lines of other threads (an embedded cluster's) only warnings and errors are shown, unless
// --verbose.
class Terminal {
 public:
  // `progress`: something may be drawn.
  Terminal(bool progress, const GlobalFlags& global);
  Terminal(const RunFlags& flags, const GlobalFlags& global);
  Screen& screen() { return screen_; }

 private:
  Screen screen_;
  LogAboveScreen above_;
};

// Opens what --out writes, before there is anything to write. `screen` must outlive it.
// Errors: Unavailable naming a file that cannot be written.
absl::StatusOr<std::unique_ptr<OutputSet>> OpenOutputs(const RunFlags& flags, Screen& screen);

// Asks for the run and follows it to its end. Returns the exit code.
int StartAndFollow(Client& client, const v1::StartRunRequest& request, const RunFlags& flags,
                   const GlobalFlags& global, const SessionKind& kind, Screen& screen,
                   OutputSet& outputs, const AfterRun& after);

}  // namespace kload::kctl
