// One follower of a run: what the core tells, written to kctl as fast as it reads.
//
// Data path: RunFeed (core) -> WatchStream -> gRPC -> kctl.
// Thread:    Send() and End() on the core thread, the rest on gRPC's; a mutex guards the queue between them.
// Bound:     kQueuedMax events. Beyond it log lines and progress are left out, the follower is told how many; states
//            and the result, of which there are few, always get in. Raw samples have a bound of their own,
//            kSampleBytesMax: the follower misses what is left out when it compares with the result's samples_made.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "controller/core/core_thread.h"
#include "controller/core/run_feed.h"
#include "kload/v1/control.grpc.pb.h"

namespace kload::controller {

class WatchStream final : public grpc::ServerWriteReactor<v1::RunEvent>, public RunWatcher {
 public:
  static constexpr size_t kQueuedMax = 4096;
  static constexpr size_t kSampleBytesMax = 64 * 1024 * 1024;

  WatchStream(CoreThread& core, std::string run_id, bool samples);

  // Asks the core for the run; `self` keeps the stream alive until gRPC's last callback.
  void Begin(std::shared_ptr<WatchStream> self);

  void Send(RunEventPtr event) override;
  bool wants_samples() const override { return samples_; }
  void End() override;

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // With the mutex held.
  void PushLocked(RunEventPtr event);
  void FinishLocked(const grpc::Status& status);

  CoreThread& core_;
  const std::string run_id_;
  const bool samples_;
  std::shared_ptr<WatchStream> self_;

  std::mutex mutex_;
  std::deque<RunEventPtr> queue_;  // its first one is being written
  size_t sample_bytes_ = 0;        // of raw samples in the queue
  size_t left_out_ = 0;            // since the last note about it
  bool ended_ = false;
  bool finished_ = false;  // no write may begin any more
};

}  // namespace kload::controller
