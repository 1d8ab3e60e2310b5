#include "controller/link/cluster_service.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "common/base/status.h"
#include "controller/access/refused_call.h"
#include "controller/link/agent_decoder.h"

namespace kload::controller {
namespace {

grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), Message(status));
}

// gRPC's ipv4:10.0.0.7:41200 or ipv6:%5B::1%5D:41200 as people write it.
std::string AddressOf(std::string peer) {
  for (const std::string_view family : {"ipv4:", "ipv6:"}) {
    if (peer.starts_with(family)) peer.erase(0, family.size());
  }
  for (const auto& [code, bracket] : {std::pair("%5B", "["), std::pair("%5D", "]")}) {
    if (const size_t at = peer.find(code); at != std::string::npos) peer.replace(at, 3, bracket);
  }
  return peer;
}

// One agent's stream. gRPC calls OnReadDone one at a time, likewise OnWriteDone, and OnDone last; Send and Close come
// from the core thread. The mutex guards what both sides touch: the queue and whether the stream has ended.
class Stream final : public grpc::ServerBidiReactor<v1::AgentMessage, v1::ControllerMessage>,
                     public AgentStream {
 public:
  Stream(CoreThread& core, const Clock& clock, LinkId link, grpc::CallbackServerContext* context)
      : core_(core),
        clock_(clock),
        link_(link),
        address_(AddressOf(context->peer())),
        context_(context) {}

  // `self` keeps the stream alive until gRPC's last callback.
  void Begin(std::shared_ptr<Stream> self) {
    self_ = std::move(self);
    StartRead(&incoming_);
  }

  void Send(v1::ControllerMessage message) override {
    const std::lock_guard lock(mutex_);
    if (end_ || closing_) return;
    if (queue_.size() >= ClusterService::kQueuedMax) {
      spdlog::warn("agent at {} does not read what it is sent: its stream is cut off", address_);
      closing_ = true;
      // Finish() would wait for the write that does not get through.
      return context_->TryCancel();
    }
    queue_.push_back(std::move(message));
    if (queue_.size() == 1) StartWrite(&queue_.front());
  }

  void Close() override {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    if (queue_.empty()) EndLocked(grpc::Status::OK);
  }

  void OnReadDone(bool ok) override {
    const Nanos received = clock_.Now();
    // The agent has closed its side, or the connection is gone.
    if (!ok) return End(grpc::Status::OK);
    const absl::Status taken = introduced_ ? TakeEvent(received) : TakeHello();
    if (taken.ok()) return;
    spdlog::warn("agent at {}: its stream is ended: {}", address_, Message(taken));
    End(ToGrpc(taken));
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    queue_.pop_front();
    // The stream is broken: OnReadDone is told so, too, and ends it.
    if (!ok || end_) queue_.clear();
    if (end_) return Finish(*end_);
    if (!queue_.empty()) return StartWrite(&queue_.front());
    if (closing_) EndLocked(grpc::Status::OK);
  }

  void OnDone() override {
    core_.Post([link = link_](Core& core) { core.OnClosed(link); });
    // The core may hold the stream a little longer; nothing of it is touched after this.
    const std::shared_ptr<Stream> last = std::move(self_);
  }

 private:
  absl::Status TakeHello() {
    KLOAD_ASSIGN_OR_RETURN(Introduced who, AgentDecoder::DecodeHello(incoming_, address_));
    introduced_ = true;
    core_.Post([self = self_, who = std::move(who)](Core& core) {
      core.OnHello(self->link_, who, self);
      self->ReadNext();
    });
    return absl::OkStatus();
  }

  absl::Status TakeEvent(Nanos received) {
    KLOAD_ASSIGN_OR_RETURN(AgentEvent event, decoder_.Decode(std::move(incoming_), received));
    core_.Post([self = self_, event = std::move(event)](Core& core) mutable {
      core.OnEvent(self->link_, std::move(event));
      self->ReadNext();
    });
    return absl::OkStatus();
  }

  void ReadNext() {
    const std::lock_guard lock(mutex_);
    if (end_) return;
    incoming_.Clear();
    StartRead(&incoming_);
  }

  void End(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    EndLocked(status);
  }

  // Finishes the stream, after the write that is at work: gRPC's in-process transport loses a write that is overtaken
  // by Finish(), and such a call is never done.
  void EndLocked(const grpc::Status& status) {
    if (end_) return;
    end_ = status;
    if (queue_.empty()) Finish(status);
  }

  CoreThread& core_;
  const Clock& clock_;
  const LinkId link_;
  const std::string address_;
  grpc::CallbackServerContext* const context_;  // gRPC's, until the stream is finished

  // Of the reading side.
  v1::AgentMessage incoming_;
  AgentDecoder decoder_;
  bool introduced_ = false;
  std::shared_ptr<Stream> self_;

  std::mutex mutex_;
  std::deque<v1::ControllerMessage> queue_;  // its first one is being written
  bool closing_ = false;
  std::optional<grpc::Status> end_;  // set: no read or write may begin any more
};

}  // namespace

grpc::ServerBidiReactor<v1::AgentMessage, v1::ControllerMessage>* ClusterService::Connect(
    grpc::CallbackServerContext* context) {
  if (const grpc::Status refused = access_.CheckAgent(*context); !refused.ok()) {
    spdlog::warn("agent at {} was refused: {}", AddressOf(context->peer()),
                 refused.error_message());
    return new RefusedCall<grpc::ServerBidiReactor<v1::AgentMessage, v1::ControllerMessage>>(
        refused);
  }
  auto stream = std::make_shared<Stream>(core_, clock_, next_link_++, context);
  Stream* const reactor = stream.get();
  reactor->Begin(std::move(stream));
  return reactor;
}

}  // namespace kload::controller
