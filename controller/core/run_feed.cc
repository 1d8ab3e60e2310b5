#include "controller/core/run_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kload::controller {

void RunFeed::State(v1::RunState state) {
  auto event = std::make_shared<v1::RunEvent>();
  *event->mutable_state() = std::move(state);
  state_ = std::move(event);
  Tell(state_);
}

void RunFeed::Progress(v1::Progress progress) {
  auto event = std::make_shared<v1::RunEvent>();
  *event->mutable_progress() = std::move(progress);
  progress_ = std::move(event);
  Tell(progress_);
}

void RunFeed::Log(v1::LogLine line) {
  auto event = std::make_shared<v1::RunEvent>();
  *event->mutable_log() = std::move(line);
  log_.push_back(event);
  if (log_.size() > kLogLinesKept) {
    log_.pop_front();
    ++log_lines_forgotten_;
  }
  Tell(std::move(event));
}

// What does not fit is missed by its number when the run ends: see RunResult.samples_made.
void RunFeed::Samples(v1::SampleBatch batch) {
  auto event = std::make_shared<v1::RunEvent>();
  *event->mutable_samples() = std::move(batch);
  bool taken = false;
  for (const auto& watcher : watchers_) {
    if (!watcher->wants_samples()) continue;
    watcher->Send(event);
    taken = true;
  }
  const size_t bytes = taken ? 0 : event->ByteSizeLong();
  if (taken || sample_bytes_ + bytes > kSampleBytesKept) return;
  sample_bytes_ += bytes;
  samples_.push_back(std::move(event));
}

void RunFeed::Result(v1::RunResult result) {
  auto event = std::make_shared<v1::RunEvent>();
  *event->mutable_result() = std::move(result);
  result_ = std::move(event);
  Tell(result_);
  for (const auto& watcher : watchers_) watcher->End();
  watchers_.clear();
}

void RunFeed::Add(std::shared_ptr<RunWatcher> watcher) {
  if (state_) watcher->Send(state_);
  if (log_lines_forgotten_ > 0) {
    auto note = std::make_shared<v1::RunEvent>();
    note->mutable_log()->set_level(v1::LogLine::INFO);
    note->mutable_log()->set_source("kload");
    note->mutable_log()->set_text(
        fmt::format("{} earlier log lines are not shown", log_lines_forgotten_));
    watcher->Send(std::move(note));
  }
  for (const RunEventPtr& line : log_) watcher->Send(line);
  if (progress_) watcher->Send(progress_);
  if (watcher->wants_samples()) {
    for (const RunEventPtr& each : std::exchange(samples_, {})) watcher->Send(each);
    sample_bytes_ = 0;
  }
  if (!result_) return watchers_.push_back(std::move(watcher));
  watcher->Send(result_);
  watcher->End();
}

void RunFeed::Remove(const RunWatcher* watcher) {
  std::erase_if(watchers_, [&](const auto& each) { return each.get() == watcher; });
}

void RunFeed::Tell(const RunEventPtr& event) {
  for (const auto& watcher : watchers_) watcher->Send(event);
}

}  // namespace kload::controller
