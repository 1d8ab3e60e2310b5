#include "agent/link/outgoing.h"

#include <fmt/format.h>

#include <utility>

namespace kload::agent {

void Outgoing::BeginStream(v1::Hello hello) {
  welcomed_ = false;
  hello_ = std::move(hello);
  // Of the stream before: the controller asks again.
  pong_.reset();
  heartbeat_.reset();
  test_calls_sent_ = 0;
  outbox_.Rewind();
  samples_.Rewind();
  encoder_.Reset();
}

void Outgoing::BeginRun(const std::string& run_id) {
  outbox_.Begin(run_id);
  samples_.Begin(run_id);
  held_since_.reset();
  prepared_.reset();
  leaving_.reset();
  phase_done_.reset();
  test_calls_.clear();
  test_calls_sent_ = 0;
}

void Outgoing::Set(v1::TestCall call) {
  for (const v1::TestCall& known : test_calls_) {
    if (known.kind() == call.kind()) return;
  }
  test_calls_.push_back(std::move(call));
}

void Outgoing::SetSetupDone(v1::PhaseDone done) {
  *phase_done_.emplace().mutable_setup_done() = std::move(done);
}

void Outgoing::SetTeardownDone(v1::PhaseDone done) {
  *phase_done_.emplace().mutable_teardown_done() = std::move(done);
}

void Outgoing::Add(v1::LogLine line) {
  if (logs_.size() < kLogLinesMax) {
    logs_.push_back(std::move(line));
  } else {
    ++logs_dropped_;
  }
}

std::optional<v1::AgentMessage> Outgoing::Next(Nanos now) {
  if (hello_) {
    v1::AgentMessage message;
    *message.mutable_hello() = *std::exchange(hello_, std::nullopt);
    return message;
  }
  if (!welcomed_) return std::nullopt;
  if (auto answer = NextAnswer()) return answer;
  if (!outbox_.next_is_final()) {
    if (auto delta = NextDelta(now)) return delta;
  }
  if (auto line = NextLog()) return line;
  const bool ends = outbox_.next_is_final() || phase_done_;
  if (ends && SamplesHoldBack(now)) return NextSamples();
  if (auto delta = NextDelta(now)) return delta;
  if (phase_done_ && outbox_.all_sent()) return std::exchange(phase_done_, std::nullopt);
  return NextSamples();
}

std::optional<v1::AgentMessage> Outgoing::NextDelta(Nanos now) {
  const Delta* delta = outbox_.Next(now);
  if (delta == nullptr) return std::nullopt;
  samples_.OnDeltaSent(delta->sequence);
  v1::AgentMessage message;
  *message.mutable_delta() = encoder_.Encode(*delta);
  return message;
}

std::optional<v1::AgentMessage> Outgoing::NextSamples() {
  const v1::SampleBatch* samples = samples_.Next();
  if (samples == nullptr) return std::nullopt;
  v1::AgentMessage message;
  *message.mutable_samples() = *samples;
  return message;
}

// Whether samples have to be sent before an end is told.
bool Outgoing::SamplesHoldBack(Nanos now) {
  if (!samples_.all_sent() && !held_since_) held_since_ = now;
  if (held_since_ && now - *held_since_ > kSamplesWaitMax) samples_.GiveUp();
  if (samples_.all_sent()) held_since_.reset();
  return !samples_.all_sent();
}

std::optional<v1::AgentMessage> Outgoing::NextAnswer() {
  v1::AgentMessage message;
  if (leaving_) {
    *message.mutable_leaving() = *std::exchange(leaving_, std::nullopt);
  } else if (pong_) {
    *message.mutable_pong() = *std::exchange(pong_, std::nullopt);
  } else if (heartbeat_) {
    *message.mutable_heartbeat() = *std::exchange(heartbeat_, std::nullopt);
  } else if (prepared_) {
    *message.mutable_prepared() = *std::exchange(prepared_, std::nullopt);
  } else if (test_calls_sent_ < test_calls_.size()) {
    *message.mutable_test_call() = test_calls_[test_calls_sent_++];
  } else {
    return std::nullopt;
  }
  return message;
}

std::optional<v1::AgentMessage> Outgoing::NextLog() {
  if (logs_.empty()) return std::nullopt;
  v1::AgentMessage message;
  *message.mutable_log() = std::move(logs_.front());
  logs_.pop_front();
  if (logs_dropped_ > 0 && logs_.empty()) {
    v1::LogLine lost;
    lost.set_level(v1::LogLine::WARNING);
    lost.set_text(fmt::format("{} log lines were dropped: the way to the controller was not free",
                              std::exchange(logs_dropped_, 0)));
    lost.set_source("kload");
    lost.set_run_id(message.log().run_id());
    lost.set_unix_ns(message.log().unix_ns());
    logs_.push_back(std::move(lost));
  }
  return message;
}

}  // namespace kload::agent
