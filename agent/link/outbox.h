// Deltas on their way to the controller: kept until it says that it has merged them, sent again after a reconnect.
//
// Data path: DeltaMerger -> Outbox -> DeltaEncoder -> stream.
// Thread:    the link's; a plain value.
// Bound:     at most kInFlightMax deltas are sent and not acknowledged; beyond that, and without a stream, deltas wait. When
//            more than kWaitingMax wait, the two oldest become one. A delta gets its sequence number when it is sent for
//            the first time and never changes afterwards, so merging cannot make anything count twice.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "common/metric/delta.h"

namespace kload::agent {

class Outbox {
 public:
  static constexpr size_t kInFlightMax = 60;
  static constexpr size_t kWaitingMax = 60;

  // Forgets everything and begins with sequence 1.
  void Begin(std::string run_id);
  // Takes a delta of the run; its sequence is ignored.
  void Add(Delta delta);
  // The next delta to send on the current stream; null when there is none, or too many are in flight. Valid until the
  // next call of anything. `now` is steady time.
  const Delta* Next(Nanos now);
  // Whether what Next() would give, if anything, is the run's final delta.
  bool next_is_final() const;
  // All of the run's deltas up to `sequence` are merged.
  void Acknowledge(const std::string& run_id, uint64_t sequence, Nanos now);
  // A new stream: everything that was not acknowledged is to be sent again.
  void Rewind() { sent_ = 0; }
  // Whether everything was sent on the current stream.
  bool all_sent() const { return waiting_.empty() && sent_ == in_flight_.size(); }
  // Whether nothing is left to be acknowledged.
  bool empty() const { return waiting_.empty() && in_flight_.empty(); }
  // Since when the controller owes an acknowledgement, steady time; empty when it owes none.
  std::optional<Nanos> owed_since() const;

 private:
  void MergeOldestWaiting();

  std::string run_id_;
  uint64_t next_sequence_ = 1;
  std::deque<Delta> in_flight_;  // with their sequence
  size_t sent_ = 0;              // of in_flight_, on the current stream
  std::deque<Delta> waiting_;    // never sent
  Nanos progress_at_{0};         // last acknowledgement, or first sending after none was owed
};

}  // namespace kload::agent
