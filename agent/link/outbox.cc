#include "agent/link/outbox.h"

#include <algorithm>
#include <utility>

#include "agent/link/series_map.h"

namespace kload::agent {

void Outbox::Begin(std::string run_id) {
  *this = Outbox();
  run_id_ = std::move(run_id);
}

void Outbox::Add(Delta delta) {
  waiting_.push_back(std::move(delta));
  if (waiting_.size() > kWaitingMax) MergeOldestWaiting();
}

const Delta* Outbox::Next(Nanos now) {
  if (sent_ == 0) progress_at_ = now;
  if (sent_ < in_flight_.size()) return &in_flight_[sent_++];
  if (waiting_.empty() || in_flight_.size() == kInFlightMax) return nullptr;
  in_flight_.push_back(std::move(waiting_.front()));
  waiting_.pop_front();
  in_flight_.back().sequence = next_sequence_++;
  return &in_flight_[sent_++];
}

bool Outbox::next_is_final() const {
  if (sent_ < in_flight_.size()) return in_flight_[sent_].final;
  return !waiting_.empty() && waiting_.front().final;
}

void Outbox::Acknowledge(const std::string& run_id, uint64_t sequence, Nanos now) {
  if (run_id != run_id_) return;
  while (!in_flight_.empty() && in_flight_.front().sequence <= sequence) {
    in_flight_.pop_front();
    if (sent_ > 0) --sent_;
    progress_at_ = now;
  }
}

std::optional<Nanos> Outbox::owed_since() const {
  if (sent_ == 0) return std::nullopt;
  return progress_at_;
}

void Outbox::MergeOldestWaiting() {
  Delta first = std::move(waiting_.front());
  waiting_.pop_front();
  Delta& second = waiting_.front();
  SeriesSum sum;
  sum.Add(std::move(first.series));
  sum.Add(std::move(second.series));
  second.series = sum.Take();
  second.interval_start = std::min(first.interval_start, second.interval_start);
  second.health.loop_lag_max = std::max(first.health.loop_lag_max, second.health.loop_lag_max);
  second.health.cpu_ratio = std::max(first.health.cpu_ratio, second.health.cpu_ratio);
  second.health.stalled = std::max(first.health.stalled, second.health.stalled);
  second.health.cpu_throttled_ratio =
      std::max(first.health.cpu_throttled_ratio, second.health.cpu_throttled_ratio);
  // What teardown() measured takes no time: the load has still ended. After a part that was adopted it has not.
  const bool takes_time = second.interval_end > first.interval_end;
  second.final = second.final || (first.final && !takes_time);
}

}  // namespace kload::agent
