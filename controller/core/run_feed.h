// What the followers of one run see: first a replay of what matters so far, then everything as it comes.
//
// Data path: Runs -> RunFeed -> RunWatcher (api) -> kctl.
// Thread:    the core thread; RunWatcher says its own.
// Bound:     kLogLinesKept lines are replayed, of earlier ones their number. Raw samples are not replayed; while nobody
//            follows who wants them, kSampleBytesKept are kept for who comes next.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "kload/v1/control.pb.h"

namespace kload::controller {

// One event, shared by all who follow the run.
using RunEventPtr = std::shared_ptr<const v1::RunEvent>;

// One follower. Implemented by api. Shared: by the feed until End() or Remove(), and by gRPC until its last callback.
class RunWatcher {
 public:
  virtual ~RunWatcher() = default;
  // Queues the event; never blocks. Any thread.
  virtual void Send(RunEventPtr event) = 0;
  // Whether raw samples are wanted, too. Any thread.
  virtual bool wants_samples() const { return false; }
  // No event comes after this. Any thread.
  virtual void End() = 0;
};

class RunFeed {
 public:
  static constexpr size_t kLogLinesKept = 200;
  static constexpr size_t kSampleBytesKept = 32 * 1024 * 1024;

  void State(v1::RunState state);
  void Progress(v1::Progress progress);
  void Log(v1::LogLine line);
  void Samples(v1::SampleBatch batch);
  // The last event; followers that come later get the replay with it.
  void Result(v1::RunResult result);

  // Replays to the watcher, and keeps it until the end.
  void Add(std::shared_ptr<RunWatcher> watcher);
  // One that is not here is ignored.
  void Remove(const RunWatcher* watcher);

 private:
  void Tell(const RunEventPtr& event);

  RunEventPtr state_;
  RunEventPtr progress_;
  RunEventPtr result_;
  std::deque<RunEventPtr> log_;
  uint64_t log_lines_forgotten_ = 0;
  std::deque<RunEventPtr> samples_;  // that nobody was there for
  size_t sample_bytes_ = 0;
  std::vector<std::shared_ptr<RunWatcher>> watchers_;
};

}  // namespace kload::controller
