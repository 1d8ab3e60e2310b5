// What one run pushes to Prometheus: when, and what became of it.
//
// Data path: the run's figures -> RenderWrite() -> Push (a thread elsewhere) -> OnPushed().
// Thread:    the core thread.
// Rule:      one push at a time to each place; a turn that comes before the one before is answered is left out, as every
//            push has all values since the run's start. Nothing that goes wrong disturbs the run: it becomes a warning.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controller/export/figures.h"
#include "controller/export/remote_write.h"
#include "kload/v1/control.pb.h"

namespace kload::controller {

// Sends the bodies in order and reports on the core thread; see Pusher.
using Push =
    std::function<void(std::shared_ptr<const RemoteWriteSettings>, std::vector<std::string> bodies,
                       std::function<void(absl::Status)> done)>;

// Errors: InvalidArgument naming the setting as k6's variable for it.
absl::StatusOr<RemoteWriteSettings> DecodePrometheus(const v1::PrometheusWrite& message);

class RunPushes : public std::enable_shared_from_this<RunPushes> {
 public:
  // How long the end of a run waits for the last push.
  static constexpr Nanos kLastPushMax = std::chrono::seconds(11);

  explicit RunPushes(std::vector<RemoteWriteSettings> targets);

  // Pushes where it is time to. `now` is steady time.
  void Tick(const RunFigures& run, Nanos now, Nanos unix_now, const Push& push);
  // The last push, to each place, with markers of the end where they are wanted.
  void Finish(const RunFigures& run, Nanos unix_now, const Push& push);
  // Whether all last pushes are answered.
  bool finished() const;

  // Warnings to be said now: the first failure of each place.
  std::vector<std::string> TakeWarnings();
  // What the summary has to say, after the end.
  std::vector<std::string> Conclusions() const;

 private:
  struct Target {
    std::shared_ptr<const RemoteWriteSettings> settings;
    Nanos next{0};
    Nanos last_at{0};  // wall clock time of the last samples
    int in_flight = 0;
    uint64_t pushes = 0;
    uint64_t failures = 0;
    uint64_t left_out = 0;  // series, in the last push
    bool last_failed = false;
    std::string error;  // the last one
  };

  void PushTo(size_t index, std::vector<std::string> bodies, const Push& push);
  void OnPushed(size_t index, const absl::Status& status);
  // Rising from push to push: Prometheus takes one sample per series and millisecond.
  static Nanos NextTime(Target& target, Nanos unix_now);

  std::vector<Target> targets_;
  std::vector<std::string> warnings_;
};

}  // namespace kload::controller
