// Raw samples on their way to the controller, for runs that were started with an output that wants them.
//
// Data path: RunSession -> SampleQueue -> stream.
// Thread:    the link's; a plain value.
// Once each: a batch is kept until a delta that was sent after it is acknowledged, as the stream keeps its order, and is
//            sent again after a reconnect under its old number, by which the controller knows it.
// Bound:     kBytesMax of batches, waiting or sent; what comes beyond is dropped and counted. VUs never wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "kload/v1/metrics.pb.h"

namespace kload::agent {

class SampleQueue {
 public:
  static constexpr size_t kBytesMax = 32 * 1024 * 1024;

  // Forgets everything and begins with sequence 1.
  void Begin(std::string run_id);
  // Takes a batch of the run, or drops it; sequence and what was dropped are filled in later.
  void Add(v1::SampleBatch batch);
  // The next batch to send on the current stream; null when there is none. Valid until the next call of anything. The
  // last one may be empty but for the number of samples that were dropped.
  const v1::SampleBatch* Next();
  // A delta of that sequence is sent after all that Next() gave so far.
  void OnDeltaSent(uint64_t sequence);
  // All deltas up to `sequence` have arrived.
  void Acknowledge(const std::string& run_id, uint64_t sequence);
  // A new stream: what no acknowledgement covers is to be sent again.
  void Rewind();
  // Drops what was never sent: it took too long.
  void GiveUp();
  // Whether everything was sent on the current stream, the number of dropped samples included.
  bool all_sent() const { return waiting_.empty() && dropped_ == 0 && sent_ == in_flight_.size(); }

 private:
  struct InFlight {
    v1::SampleBatch batch;
    size_t bytes = 0;
    uint64_t covered_by =
        0;  // delta whose acknowledgement means that it has arrived; 0: none was sent yet
  };

  std::string run_id_;
  uint64_t next_sequence_ = 1;
  std::deque<v1::SampleBatch> waiting_;
  std::deque<InFlight> in_flight_;
  size_t sent_ = 0;       // of in_flight_, on the current stream
  size_t bytes_ = 0;      // of both
  uint64_t dropped_ = 0;  // samples that no batch has told of yet
};

}  // namespace kload::agent
