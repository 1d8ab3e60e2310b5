// Keeps a stream to the controller up: dials, introduces the agent, waits, dials again.
//
// Data path: Outgoing -> Uplink (Stream) -> controller, and back to UplinkListener.
// Thread:    the link's.
// States:    dialling (stream open, no Welcome yet) -> up -> waiting (backoff) -> dialling ...; refused and closed are
//            final.
#pragma once

#include <absl/status/status.h>

#include <memory>
#include <random>
#include <string>

#include "agent/link/backoff.h"
#include "agent/link/outgoing.h"
#include "agent/link/stream.h"
#include "agent/vu/timer_queue.h"
#include "common/base/clock.h"
#include "kload/v1/cluster.pb.h"

namespace kload::agent {

class UplinkListener {
 public:
  virtual ~UplinkListener() = default;
  virtual void OnUp(Nanos heartbeat_interval) = 0;
  // A message of the controller, Welcome excepted.
  virtual void OnOrder(const v1::ControllerMessage& order) = 0;
  // Was up and is not any more; it dials again.
  virtual void OnDown() = 0;
  // The controller does not want this agent; nothing is dialled any more. `why` is for people.
  virtual void OnRefused(absl::Status why) = 0;
  // After Close(): nothing of it is at work any more. The last call.
  virtual void OnClosed() = 0;
};

class Uplink final : private StreamListener {
 public:
  // How long the controller may take from the first packet to Welcome, before the attempt is given up.
  static constexpr Nanos kWelcomeTimeout = std::chrono::seconds(5);
  // How long an orderly end of the stream may take before it is cut.
  static constexpr Nanos kCloseTimeout = std::chrono::seconds(1);

  struct Options {
    std::string where;  // the controller, for people
    Dialler dial;
    v1::Hello hello;
    uint64_t seed = 0;  // of the jitter between attempts
  };
  // All references outlive the uplink.
  Uplink(const Clock& clock, TimerQueue& timers, Options options, Outgoing& outgoing,
         UplinkListener& listener);
  ~Uplink() override;

  void Open() { Dial(); }
  // Writes what Outgoing has, as far as the stream takes it. Call it after something was added.
  void Pump();
  bool up() const { return state_ == State::kUp; }
  // Gives the current stream up and dials again: the controller at its other end is dead, although the stream is not.
  void Drop(const std::string& why);
  // Ends the stream after the message that is being written; OnClosed() follows within kCloseTimeout, if need be after
  // cutting the stream.
  void Close();

 private:
  enum class State { kWaiting, kDialling, kUp, kRefused, kClosed };

  void OnMessage(const v1::ControllerMessage& message) override;
  void OnWritable() override { Pump(); }
  void OnEnd(absl::Status status) override;

  void Dial();
  void OnWelcome(const v1::Welcome& welcome);
  void Report(const absl::Status& status, bool was_up);
  void OnTimer();

  const Clock& clock_;
  const Options options_;
  Outgoing& outgoing_;
  UplinkListener& listener_;
  State state_ = State::kWaiting;
  std::unique_ptr<Stream> stream_;
  TimerQueue::Timer timer_;  // of the state: when to dial, when to give up
  Backoff backoff_;
  std::mt19937_64 random_;
  std::string dropped_;   // why the stream was given up
  Nanos next_report_{0};  // steady time; attempts that fail before it are not reported
};

}  // namespace kload::agent
