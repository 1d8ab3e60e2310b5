// Delta <-> kload.v1.Delta. Each series is named once per stream, by a SeriesDefinition; from then
// on its id stands for it.
//
// Data path: Delta (agent) -> DeltaEncoder -> stream -> DeltaDecoder -> Delta (controller).
// Thread:    one thread each, that of the link; one pair per stream direction.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "common/metric/delta.h"
#include "kload/v1/metrics.pb.h"

namespace kload::wire {

// Lives as long as the agent's process (one incarnation), so that an id never changes its meaning.
// Forgets the series of a run when the first delta of another run is encoded.
class DeltaEncoder {
 public:
  // Series without samples are left out. Every message must be sent on the current stream, in
  // order: a definition is not repeated. So keep deltas as values until they are acknowledged and
  // encode them again after Reset().
  v1::Delta Encode(const Delta& delta);
  // After a reconnect: definitions are sent again, under the same ids.
  void Reset();

 private:
  struct ByContent {
    size_t operator()(const SeriesKeyPtr& key) const;
    bool operator()(const SeriesKeyPtr& a, const SeriesKeyPtr& b) const { return *a == *b; }
  };
  struct Known {
    uint32_t id = 0;
    bool sent = false;  // on the current stream
  };

  uint32_t IdOf(const SeriesKeyPtr& key, v1::Delta& message);

  std::unordered_map<SeriesKeyPtr, Known, ByContent, ByContent> series_;
  std::string run_id_;
  uint32_t next_id_ = 1;
};

// Reads one stream. Make a new one for each stream (an agent that reconnects resends its
// definitions).
class DeltaDecoder {
 public:
  // Definitions that one run may hold at a stream; a delta that would exceed it is refused.
  static constexpr size_t kSeriesMax = 1'000'000;

  // Errors: InvalidArgument naming series and field: an id without definition or defined twice with
  // different
  //         meanings, a value of another type than the series, numbers that are not finite, buckets
  //         that do not rise or have no count, counts that do not add up, tags that are not sorted,
  //         a negative time or count; ResourceExhausted beyond kSeriesMax. The stream is then out
  //         of step and must be closed.
  absl::StatusOr<Delta> Decode(const v1::Delta& message);

 private:
  absl::Status Define(const v1::SeriesDefinition& message);

  std::unordered_map<uint32_t, SeriesKeyPtr> series_;
  std::string run_id_;
};

}  // namespace kload::wire
