// Shows a run while it goes on: events of the controller in, lines on the screen and in the log
// out.
//
// Thread: one, the one that watches.
#pragma once

#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/plan/plan.h"
#include "kctl/progress.h"
#include "kctl/screen.h"
#include "kload/v1/control.pb.h"

namespace kload::kctl {

struct ViewOptions {
  bool progress = true;     // banner and progress on stdout; log lines on stderr come in any case
  bool agent_names = true;  // name the agent that a script's log line comes from
  HeaderFacts header;       // `agents` is taken from the run's state
};

class LiveView {
 public:
  // All three must outlive the view.
  LiveView(Screen& screen, const Clock& clock, ViewOptions options);

  void OnEvent(const v1::RunEvent& event);
  // Draws again; call about every 100 ms. Between the controller's figures, run time goes on by our
  // own clock.
  void OnTick();
  // The run was told to stop.
  void OnStopping();
  // The last picture, which stays on the screen.
  void Finish();

  // The run's end, once it has come.
  const std::optional<v1::RunResult>& result() const { return result_; }

 private:
  void OnState(const v1::RunState& state);
  void OnProgress(const v1::Progress& progress);
  void OnLog(const v1::LogLine& line);
  void OnResult(const v1::RunResult& result);
  void PrintPlainLine();
  // The latest figures, moved on to now.
  Live Current() const;

  Screen& screen_;
  const Clock& clock_;
  ViewOptions options_;

  std::optional<TestPlan> plan_;  // once the controller has made it
  Live live_;
  Nanos live_at_{0};  // our steady time when the figures came
  std::string waiting_shown_;
  std::optional<Nanos> plain_printed_at_;  // run time of the last plain line
  std::optional<v1::RunResult> result_;
};

}  // namespace kload::kctl
