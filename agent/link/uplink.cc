#include "agent/link/uplink.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/status.h"

namespace kload::agent {
namespace {

// While the controller is away, people are told this often.
constexpr Nanos kReportInterval = std::chrono::seconds(30);
// What a controller may ask for.
constexpr Nanos kHeartbeatMin = std::chrono::milliseconds(100);
constexpr Nanos kHeartbeatMax = std::chrono::seconds(30);

}  // namespace

Uplink::Uplink(const Clock& clock, TimerQueue& timers, Options options, Outgoing& outgoing,
               UplinkListener& listener)
    : clock_(clock),
      options_(std::move(options)),
      outgoing_(outgoing),
      listener_(listener),
      timer_(timers, [this] { OnTimer(); }),
      random_(options_.seed) {}

Uplink::~Uplink() = default;

void Uplink::Dial() {
  state_ = State::kDialling;
  outgoing_.BeginStream(options_.hello);
  stream_ = options_.dial(*this);
  timer_.Arm(clock_.Now() + kWelcomeTimeout);
  Pump();
}

void Uplink::OnTimer() {
  if (state_ == State::kWaiting) return Dial();
  if (stream_ != nullptr) return stream_->Cancel();
  if (state_ == State::kClosed) listener_.OnClosed();
}

void Uplink::Pump() {
  if (state_ != State::kDialling && state_ != State::kUp) return;
  if (!stream_->writable()) return;
  if (auto message = outgoing_.Next(clock_.Now())) stream_->Write(*std::move(message));
}

void Uplink::Drop(const std::string& why) {
  if (state_ != State::kUp) return;
  dropped_ = why;
  stream_->Cancel();
}

void Uplink::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  if (stream_ == nullptr) return timer_.Arm(clock_.Now());
  stream_->Finish();
  timer_.Arm(clock_.Now() + kCloseTimeout);
}

void Uplink::OnMessage(const v1::ControllerMessage& message) {
  if (message.has_welcome()) {
    if (state_ == State::kDialling) OnWelcome(message.welcome());
  } else if (state_ == State::kUp) {
    listener_.OnOrder(message);
    Pump();
  }
}

void Uplink::OnWelcome(const v1::Welcome& welcome) {
  timer_.Cancel();
  if (!welcome.refused().empty()) {
    state_ = State::kRefused;
    stream_->Cancel();
    return listener_.OnRefused(absl::FailedPreconditionError(fmt::format(
        "the controller at {} refused this agent: {}", options_.where, welcome.refused())));
  }
  spdlog::info("connected to the controller at {} as {}", options_.where, options_.hello.name());
  state_ = State::kUp;
  backoff_.Reset();
  next_report_ = Nanos::zero();
  outgoing_.Welcome();
  listener_.OnUp(std::clamp(Nanos(welcome.heartbeat_interval_ns()), kHeartbeatMin, kHeartbeatMax));
  Pump();
}

void Uplink::OnEnd(absl::Status status) {
  stream_.reset();
  timer_.Cancel();
  const bool was_up = state_ == State::kUp;
  if (state_ == State::kClosed) return listener_.OnClosed();
  if (state_ == State::kRefused) return;
  Report(status, was_up);
  state_ = State::kWaiting;
  const double random = std::uniform_real_distribution<double>(0, 1)(random_);
  timer_.Arm(clock_.Now() + backoff_.Next(random));
  if (was_up) listener_.OnDown();
}

void Uplink::Report(const absl::Status& status, bool was_up) {
  std::string why = std::exchange(dropped_, "");
  if (why.empty()) why = status.ok() ? "it ended the connection" : Message(status);
  if (was_up) {
    spdlog::warn("lost the controller at {}: {}; reconnecting, a running load goes on",
                 options_.where, why);
    next_report_ = clock_.Now() + kReportInterval;
  } else if (clock_.Now() >= next_report_) {
    if (status.code() == absl::StatusCode::kCancelled) why = "no answer";
    spdlog::warn("cannot reach a controller at {}: {}; trying again until it is there",
                 options_.where, why);
    next_report_ = clock_.Now() + kReportInterval;
  }
}

}  // namespace kload::agent
