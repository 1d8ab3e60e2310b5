#include "agent/link/sample_queue.h"

#include <utility>

namespace kload::agent {

void SampleQueue::Begin(std::string run_id) {
  *this = SampleQueue();
  run_id_ = std::move(run_id);
}

void SampleQueue::Add(v1::SampleBatch batch) {
  const size_t bytes = batch.ByteSizeLong();
  if (bytes_ + bytes > kBytesMax) {
    dropped_ += static_cast<uint64_t>(batch.value_size());
    return;
  }
  bytes_ += bytes;
  waiting_.push_back(std::move(batch));
}

const v1::SampleBatch* SampleQueue::Next() {
  if (sent_ == in_flight_.size()) {
    if (waiting_.empty() && dropped_ == 0) return nullptr;
    InFlight& next = in_flight_.emplace_back();
    if (!waiting_.empty()) {
      next.batch = std::move(waiting_.front());
      waiting_.pop_front();
      next.bytes = next.batch.ByteSizeLong();
    }
    next.batch.set_run_id(run_id_);
    next.batch.set_sequence(next_sequence_++);
    next.batch.set_dropped(std::exchange(dropped_, 0));
  }
  return &in_flight_[sent_++].batch;
}

void SampleQueue::OnDeltaSent(uint64_t sequence) {
  for (size_t i = sent_; i > 0 && in_flight_[i - 1].covered_by == 0; --i) {
    in_flight_[i - 1].covered_by = sequence;
  }
}

void SampleQueue::Acknowledge(const std::string& run_id, uint64_t sequence) {
  if (run_id != run_id_) return;
  while (sent_ > 0 && in_flight_.front().covered_by != 0 &&
         in_flight_.front().covered_by <= sequence) {
    bytes_ -= in_flight_.front().bytes;
    in_flight_.pop_front();
    --sent_;
  }
}

void SampleQueue::Rewind() {
  sent_ = 0;
  for (InFlight& each : in_flight_) each.covered_by = 0;
}

void SampleQueue::GiveUp() {
  for (const v1::SampleBatch& batch : waiting_) {
    dropped_ += static_cast<uint64_t>(batch.value_size());
    bytes_ -= batch.ByteSizeLong();
  }
  waiting_.clear();
}

}  // namespace kload::agent
