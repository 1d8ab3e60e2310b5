#include "controller/api/watch_stream.h"

#include <fmt/format.h>

#include <utility>

#include "common/base/status.h"

namespace kload::controller {
namespace {

RunEventPtr NoteLeftOut(size_t count) {
  auto note = std::make_shared<v1::RunEvent>();
  note->mutable_log()->set_level(v1::LogLine::WARNING);
  note->mutable_log()->set_source("kload");
  note->mutable_log()->set_text(
      fmt::format("{} events were left out: they came faster than this follower read", count));
  return note;
}

bool MayBeLeftOut(const v1::RunEvent& event) { return event.has_log() || event.has_progress(); }

}  // namespace

WatchStream::WatchStream(CoreThread& core, std::string run_id, bool samples)
    : core_(core), run_id_(std::move(run_id)), samples_(samples) {}

void WatchStream::Begin(std::shared_ptr<WatchStream> self) {
  self_ = self;
  core_.Post([self = std::move(self)](Core& core) {
    const absl::Status found = core.runs().Watch(self->run_id_, self);
    if (found.ok()) return;
    const std::lock_guard lock(self->mutex_);
    self->FinishLocked(grpc::Status(static_cast<grpc::StatusCode>(found.code()), Message(found)));
  });
}

void WatchStream::Send(RunEventPtr event) {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  if (event->has_samples()) {
    const size_t bytes = event->ByteSizeLong();
    if (sample_bytes_ + bytes > kSampleBytesMax) return;
    sample_bytes_ += bytes;
    return PushLocked(std::move(event));
  }
  if (queue_.size() >= kQueuedMax && MayBeLeftOut(*event)) {
    ++left_out_;
    return;
  }
  if (left_out_ > 0) PushLocked(NoteLeftOut(std::exchange(left_out_, 0)));
  PushLocked(std::move(event));
}

void WatchStream::End() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  if (queue_.empty()) FinishLocked(grpc::Status::OK);
}

void WatchStream::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  if (queue_.front()->has_samples()) sample_bytes_ -= queue_.front()->ByteSizeLong();
  queue_.pop_front();
  if (!ok) return FinishLocked(grpc::Status::CANCELLED);
  if (finished_) return;
  if (!queue_.empty()) return StartWrite(queue_.front().get());
  if (ended_) FinishLocked(grpc::Status::OK);
}

void WatchStream::OnCancel() {
  const std::lock_guard lock(mutex_);
  FinishLocked(grpc::Status::CANCELLED);
}

void WatchStream::OnDone() {
  core_.Post(
      [self = std::move(self_)](Core& core) { core.runs().Unwatch(self->run_id_, self.get()); });
}

void WatchStream::PushLocked(RunEventPtr event) {
  queue_.push_back(std::move(event));
  if (queue_.size() == 1) StartWrite(queue_.front().get());
}

void WatchStream::FinishLocked(const grpc::Status& status) {
  if (!std::exchange(finished_, true)) Finish(status);
}

}  // namespace kload::controller
