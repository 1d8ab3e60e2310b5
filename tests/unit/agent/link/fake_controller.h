// A controller that a test plays by hand, over a channel without a socket.
//
// Thread: the test's; gRPC's threads wait in Connect() until the test ends their stream.
#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <utility>

#include "kload/v1/cluster.grpc.pb.h"

namespace kload::agent {

// The controller's end of one stream.
class FakeStream {
 public:
  using Wire = grpc::ServerReaderWriter<v1::ControllerMessage, v1::AgentMessage>;
  explicit FakeStream(Wire& wire) : wire_(wire) {}

  void Send(const v1::ControllerMessage& message) { wire_.Write(message); }
  void Welcome(std::chrono::nanoseconds heartbeat = std::chrono::seconds(1)) {
    v1::ControllerMessage message;
    message.mutable_welcome()->set_heartbeat_interval_ns(heartbeat.count());
    Send(message);
  }
  // The next message of that kind; others are dropped. One without a case when the agent ends the stream.
  v1::AgentMessage Await(v1::AgentMessage::MessageCase kind) {
    v1::AgentMessage message;
    while (wire_.Read(&message)) {
      if (message.message_case() == kind) return message;
    }
    return {};
  }
  // Whether the agent ends the stream, whatever it says until then.
  bool AwaitEnd() {
    return Await(v1::AgentMessage::MESSAGE_NOT_SET).message_case() ==
           v1::AgentMessage::MESSAGE_NOT_SET;
  }
  void End(grpc::Status status = grpc::Status::OK) { end_.set_value(std::move(status)); }
  grpc::Status AwaitOrder() { return end_.get_future().get(); }

 private:
  Wire& wire_;
  std::promise<grpc::Status> end_;
};

class FakeController final : public v1::Cluster::Service {
 public:
  FakeController() {
    grpc::ServerBuilder builder;
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~FakeController() override { server_->Shutdown(std::chrono::system_clock::now()); }

  std::shared_ptr<grpc::Channel> Channel() { return server_->InProcessChannel({}); }
  // The next stream that an agent opens. The test must End() it.
  std::shared_ptr<FakeStream> Accept() {
    std::unique_lock<std::mutex> lock(mutex_);
    opened_.wait(lock, [this] { return !streams_.empty(); });
    std::shared_ptr<FakeStream> stream = std::move(streams_.front());
    streams_.pop_front();
    return stream;
  }
  // From now on every stream ends at once, as at a controller that is gone.
  void GoAway() {
    const std::lock_guard<std::mutex> lock(mutex_);
    away_ = true;
  }

 private:
  grpc::Status Connect(grpc::ServerContext*, FakeStream::Wire* wire) override {
    const auto stream = std::make_shared<FakeStream>(*wire);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (away_) return {grpc::StatusCode::UNAVAILABLE, "away"};
      streams_.push_back(stream);
      opened_.notify_all();
    }
    return stream->AwaitOrder();
  }

  std::mutex mutex_;
  std::condition_variable opened_;
  std::deque<std::shared_ptr<FakeStream>> streams_;
  bool away_ = false;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace kload::agent
