#include "tests/simulation/network.h"

#include <utility>

namespace kload::simulation {
namespace {

// Messages that a host's buffers take while the path is cut.
constexpr size_t kBuffered = 16;
// gRPC's user timeout: what is not confirmed for this long is on a dead connection (see agent.cc).
constexpr Nanos kDeadAfter = std::chrono::seconds(10);

}  // namespace

void Connection::Dial() {
  epoch_ = acceptor_.epoch();
  Send(up_, [this] {
    if (over_) return;
    if (!controller_there()) return EndAtAgent(absl::UnavailableError("connection refused"));
    stream_ = acceptor_.Open(shared_from_this());
  });
}

void Connection::Send(Flow& flow, std::function<void()> arrive) {
  flow.under_way.push_back(std::move(arrive));
  Travel(flow);
}

void Connection::Travel(Flow& flow) {
  const int64_t jitter = path_.jitter.count();
  const Nanos takes =
      path_.latency + Nanos(jitter == 0 ? 0 : static_cast<int64_t>(random_() % jitter));
  flow.last = std::max(flow.last, time_.now() + takes);
  const auto self = shared_from_this();
  time_.At(flow.last, [self, &flow] { self->Arrive(flow); });
}

// Whatever was held up where, messages arrive in their order.
void Connection::Arrive(Flow& flow) {
  if (!path_.cut) {
    const std::function<void()> arrive = std::move(flow.under_way.front());
    flow.under_way.pop_front();
    return arrive();
  }
  // The first that is held is also the first that is not confirmed.
  const auto self = shared_from_this();
  if (flow.parked++ == 0) {
    time_.After(kDeadAfter, [self, &flow] {
      if (flow.parked > 0) self->Break(Nanos::zero());
    });
  }
  path_.on_heal.push_back([self, &flow] {
    --flow.parked;
    self->Travel(flow);
  });
}

void Connection::Write(v1::AgentMessage message) {
  writing_ = true;
  // Encoded and decoded, as on a wire: nothing is shared by the two sides.
  Send(up_, [this, wire = message.SerializeAsString()] {
    v1::AgentMessage arrived;
    arrived.ParseFromString(wire);
    if (stream_ != 0 && !controller_over_ && controller_there()) {
      acceptor_.Take(stream_, std::move(arrived));
    }
  });
  const auto written = [self = shared_from_this()] {
    self->writing_ = false;
    if (self->over_ || self->listener_ == nullptr) return;
    if (!self->finishing_) self->listener_->OnWritable();
  };
  if (up_.parked >= kBuffered) {
    path_.on_heal.push_back(written);
  } else {
    time_.After(path_.write_time, written);
  }
}

void Connection::ToAgent(v1::ControllerMessage message) {
  Send(down_, [this, wire = message.SerializeAsString()] {
    if (over_ || listener_ == nullptr) return;
    v1::ControllerMessage arrived;
    arrived.ParseFromString(wire);
    listener_->OnMessage(arrived);
  });
}

void Connection::EndByController() {
  if (std::exchange(controller_over_, true)) return;
  Send(down_, [this] { EndAtAgent(absl::OkStatus()); });
}

void Connection::Finish() {
  if (finishing_ || over_) return;
  finishing_ = true;
  Send(up_, [this] {
    if (!controller_over_ && stream_ != 0 && controller_there()) acceptor_.Closed(stream_);
    EndByController();
  });
}

void Connection::Cancel() {
  if (over_) return;
  const auto self = shared_from_this();
  time_.After(Nanos::zero(), [self] { self->EndAtAgent(absl::CancelledError("")); });
  EndAtController(path_.latency);
}

void Connection::Break(Nanos later) {
  EndAtController(later);
  EndAtAgent(absl::UnavailableError("the connection broke"));
}

void Connection::EndAtAgent(absl::Status why) {
  if (std::exchange(over_, true) || listener_ == nullptr) return;
  listener_->OnEnd(std::move(why));  // destroys the stream
}

// Over a cut path the controller hears of nothing, and gives the stream up by itself.
void Connection::EndAtController(Nanos later) {
  const auto self = shared_from_this();
  time_.After(path_.cut ? kDeadAfter : later, [self] {
    if (std::exchange(self->controller_over_, true)) return;
    if (self->stream_ != 0 && self->controller_there()) self->acceptor_.Closed(self->stream_);
  });
}

}  // namespace kload::simulation
