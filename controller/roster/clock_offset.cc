#include "controller/roster/clock_offset.h"

#include <algorithm>

namespace kload::controller {

void ClockOffset::Add(Nanos sent, Nanos agent, Nanos received) {
  if (received < sent) return;
  const Nanos round_trip = received - sent;
  exchanges_.push_back({round_trip, agent - (sent + round_trip / 2)});
  if (exchanges_.size() > kKept) exchanges_.pop_front();
}

const ClockOffset::Exchange* ClockOffset::Best() const {
  const auto best = std::min_element(
      exchanges_.begin(), exchanges_.end(),
      [](const Exchange& a, const Exchange& b) { return a.round_trip < b.round_trip; });
  return best == exchanges_.end() ? nullptr : &*best;
}

std::optional<Nanos> ClockOffset::offset() const {
  const Exchange* best = Best();
  return best == nullptr ? std::nullopt : std::optional<Nanos>(best->offset);
}

std::optional<Nanos> ClockOffset::round_trip() const {
  const Exchange* best = Best();
  return best == nullptr ? std::nullopt : std::optional<Nanos>(best->round_trip);
}

}  // namespace kload::controller
