// What one run watches of its target: when to look, and what became of it. The state machine, without thread and socket.
//
// Data path: Tick() -> ReadTarget (TargetReader's thread) -> OnRead() -> details for the store, warnings for the log.
// Thread:    the core thread.
// Rule:      one look at a time; a turn that comes before the one before is answered waits for it. Nothing that goes wrong here
//            disturbs the run: it becomes a series' problem, and a warning the first time.
// Bound:     points are at least 1/kPointsPerRun of the run's time so far apart: every second of two hours, thinner after that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controller/watch/watch_spec.h"
#include "controller/watch/watched_target.h"

namespace kload::watch {

// Looks at the target and reports on the core thread; see TargetReader.
using ReadTarget =
    std::function<void(std::shared_ptr<WatchedTarget>, std::function<void(Reading)> done)>;

// One row of a run's history: see watch_wire.h.
struct WatchDetail {
  int64_t number = 0;
  std::string bytes;
};

class RunWatch : public std::enable_shared_from_this<RunWatch> {
 public:
  // How long the end of a run waits for the last look.
  static constexpr Nanos kLastLookMax = std::chrono::seconds(2);
  // How long an expression may find nothing before that is said; at the run's end it is said at once.
  static constexpr Nanos kPatience = std::chrono::seconds(10);
  static constexpr int64_t kPointsPerRun = 7200;

  // `earlier`: problems that another controller process has kept, by metric; they stand until there are newer ones.
  RunWatch(WatchSpec spec, ReadTarget read, std::vector<std::string> earlier = {});

  // Looks where it is time to. `zero`: steady time of run time 0, once it is known; what is seen before it only
  // lets rates have a past.
  void Tick(Nanos now, std::optional<Nanos> zero);
  // The last look, unless there was none yet or the one before has failed. Once.
  void Finish(std::optional<Nanos> zero);
  // Whether the last look is answered.
  bool finished() const { return ending_ && !last_due_ && !in_flight_; }
  // No look will be taken in any more: says what never was found.
  void Conclude();

  // What is to be kept since the last call.
  std::vector<WatchDetail> TakeDetails();
  // Warnings to be said now: the first failure, and each expression that finds nothing.
  std::vector<std::string> TakeWarnings();

 private:
  struct Metric {
    uint64_t points = 0;
    bool found = false;    // any series, ever
    bool warned = false;   // that nothing was found
    uint64_t missing = 0;  // pages without a series, after one was found
    std::string why;       // no value, the last time
    std::string earlier;   // problem, of another process
  };

  void Look();
  void OnRead(const Reading& reading);
  void KeepPoints(const Reading& reading);
  void WarnOfMissing();
  std::string ProblemOf(const Metric& metric) const;
  void KeepHeader();

  const std::shared_ptr<const WatchSpec> spec_;
  const std::shared_ptr<WatchedTarget> target_;
  const ReadTarget read_;

  std::optional<Nanos> zero_;
  std::optional<Nanos> next_;        // steady time
  std::optional<Nanos> first_page_;  // likewise
  std::optional<Nanos> last_kept_;   // run time
  bool in_flight_ = false;
  bool ending_ = false;
  bool last_due_ = false;
  uint64_t pages_ = 0;   // asked for
  uint64_t failed_ = 0;  // of those
  bool last_failed_ = false;
  bool shortened_ = false;
  std::string error_;  // of the last one that failed
  std::vector<Metric> metrics_;
  std::string header_;  // as kept last
  std::vector<WatchDetail> details_;
  std::vector<std::string> warnings_;
};

}  // namespace kload::watch
