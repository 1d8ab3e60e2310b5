// How far an agent's steady clock is ahead of the controller's, by the two-way exchange Ping/Pong.
//
// The answer with the shortest round trip of the last eight counts: the less time the messages
// took, the less can their two ways have differed. Error: at most half of that round trip.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "common/base/clock.h"

namespace kload::controller {

class ClockOffset {
 public:
  static constexpr size_t kKept = 8;

  // `sent` and `received` in the controller's steady time, `agent` in the agent's. An answer that
  // was received before it was asked for is ignored (a stranger's message).
  void Add(Nanos sent, Nanos agent, Nanos received);
  size_t count() const { return exchanges_.size(); }
  // Agent's time minus controller's time; nothing before the first exchange.
  std::optional<Nanos> offset() const;
  // Round trip of the exchange that offset() rests on.
  std::optional<Nanos> round_trip() const;

 private:
  struct Exchange {
    Nanos round_trip;
    Nanos offset;
  };
  const Exchange* Best() const;

  std::deque<Exchange> exchanges_;
};

}  // namespace kload::controller
