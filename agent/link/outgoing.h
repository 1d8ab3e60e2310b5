// What the agent has to say, and which of it next.
//
// Data path: RunSession, Link -> Outgoing -> Stream.
// Thread:    the link's; no I/O.
// Order:     Hello; Leaving; Pong and Heartbeat (they keep the agent alive); Prepared; TestCall; deltas; log lines; raw samples. The final
//            delta and the end of a phase wait for all that comes before them, because the controller may end the run
//            on them; for raw samples no longer than kSamplesWaitMax, then those that are left are dropped and counted.
// Bound:     answers are slots, where a new one replaces an old one of its kind; deltas are bounded by the Outbox, log
//            lines by kLogLinesMax, beyond which they are dropped and counted; samples by the SampleQueue.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "agent/link/outbox.h"
#include "agent/link/sample_queue.h"
#include "common/wire/delta_wire.h"
#include "kload/v1/cluster.pb.h"

namespace kload::agent {

class Outgoing {
 public:
  static constexpr size_t kLogLinesMax = 2000;
  static constexpr Nanos kSamplesWaitMax = std::chrono::seconds(5);

  // A new stream: `hello` first, and nothing else until Welcome(). What was not acknowledged is sent again.
  void BeginStream(v1::Hello hello);
  void Welcome() { welcomed_ = true; }
  // Forgets what is left of another run.
  void BeginRun(const std::string& run_id);

  void Set(v1::Pong pong) { pong_ = pong; }
  void Set(v1::Heartbeat heartbeat) { heartbeat_ = std::move(heartbeat); }
  void Set(v1::Prepared prepared) { prepared_ = std::move(prepared); }
  // Once for each kind and run; later ones are left out.
  void Set(v1::TestCall call);
  // The agent goes away and ends its load of that run.
  void SetLeaving(const std::string& run_id) { leaving_.emplace().set_run_id(run_id); }
  void SetSetupDone(v1::PhaseDone done);
  void SetTeardownDone(v1::PhaseDone done);
  void Add(Delta delta) { outbox_.Add(std::move(delta)); }
  void Add(v1::LogLine line);
  void Add(v1::SampleBatch samples) { samples_.Add(std::move(samples)); }
  // The controller has merged the run's deltas up to `sequence`.
  void Acknowledge(const std::string& run_id, uint64_t sequence, Nanos now) {
    outbox_.Acknowledge(run_id, sequence, now);
    samples_.Acknowledge(run_id, sequence);
  }

  // What to write next on the current stream; empty when there is nothing. `now` is steady time.
  std::optional<v1::AgentMessage> Next(Nanos now);

  // Since when the controller owes an acknowledgement; see Outbox.
  std::optional<Nanos> owed_since() const { return outbox_.owed_since(); }
  // Whether all that was measured and logged is with the controller, the deltas acknowledged.
  bool flushed() const {
    return outbox_.empty() && logs_.empty() && samples_.all_sent() && !phase_done_ &&
           test_calls_sent_ == test_calls_.size();
  }

 private:
  std::optional<v1::AgentMessage> NextAnswer();
  std::optional<v1::AgentMessage> NextDelta(Nanos now);
  std::optional<v1::AgentMessage> NextLog();
  std::optional<v1::AgentMessage> NextSamples();
  bool SamplesHoldBack(Nanos now);

  Outbox outbox_;
  SampleQueue samples_;
  std::optional<Nanos> held_since_;  // an end waits for samples
  wire::DeltaEncoder encoder_;
  bool welcomed_ = false;
  std::optional<v1::Hello> hello_;
  std::optional<v1::Pong> pong_;
  std::optional<v1::Heartbeat> heartbeat_;
  std::optional<v1::Prepared> prepared_;
  std::optional<v1::Leaving> leaving_;
  std::optional<v1::AgentMessage> phase_done_;
  std::vector<v1::TestCall> test_calls_;  // of the run, sent again on every stream
  size_t test_calls_sent_ = 0;            // on this stream
  std::deque<v1::LogLine> logs_;
  uint64_t logs_dropped_ = 0;
};

}  // namespace kload::agent
