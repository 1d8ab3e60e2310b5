// The network between a controller and its agents: streams of messages over paths that are slow, cut or broken.
//
// Data path: Uplink (agent) -> Connection -> Core (controller), and back.
// Thread:    the world's.
// Model:     what TCP and gRPC give: messages of one stream arrive in their order or not at all. Around that everything may go
//            wrong: a cut path holds messages until it heals, or until one side gives the stream up; the sides notice the end
//            of a stream at different times, so the last words of an old one arrive when a new one is at work already.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "agent/link/stream.h"
#include "common/base/clock.h"
#include "kload/v1/cluster.pb.h"
#include "tests/simulation/virtual_time.h"

namespace kload::simulation {

// Between one agent's host and the controller's.
struct Path {
  Nanos latency = std::chrono::microseconds(200);  // one way, at least
  Nanos jitter = std::chrono::microseconds(300);   // up to that much more
  Nanos write_time{0};  // of a message: how long it keeps the stream from the next
  bool cut = false;
  std::vector<std::function<void()>> on_heal;
};

// The controller's end of streams.
class Acceptor {
 public:
  virtual ~Acceptor() = default;
  // False: nobody listens.
  virtual bool listening() const = 0;
  // The process at work; a stream ends with it.
  virtual uint64_t epoch() const = 0;
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void ToAgent(v1::ControllerMessage message) = 0;
    virtual void EndByController() = 0;
  };
  // A new stream, whose first message is to come; returns its number.
  virtual uint64_t Open(std::shared_ptr<Sink> sink) = 0;
  virtual void Take(uint64_t stream, v1::AgentMessage message) = 0;
  virtual void Closed(uint64_t stream) = 0;
};

// One attempt to connect and what follows.
class Connection final : public Acceptor::Sink, public std::enable_shared_from_this<Connection> {
 public:
  Connection(VirtualTime& time, std::mt19937_64& random, Path& path, Acceptor& acceptor,
             agent::StreamListener& listener)
      : time_(time), random_(random), path_(path), acceptor_(acceptor), listener_(&listener) {}

  void Dial();
  // What the agent's process does.
  bool writable() const { return !writing_ && !finishing_ && !over_; }
  void Write(v1::AgentMessage message);
  void Finish();
  void Cancel();
  // It is dead, or has destroyed the stream: it hears nothing any more.
  void Abandon() { listener_ = nullptr; }

  // The network's own: the agent notices now, the controller after `later`.
  void Break(Nanos later);

  void ToAgent(v1::ControllerMessage message) override;
  void EndByController() override;

 private:
  // One direction.
  struct Flow {
    // In order. They are ours and do not own us, else what never arrives would keep us for ever; who lets one arrive does.
    std::deque<std::function<void()>> under_way;
    Nanos last{0};      // arrival of the message before
    size_t parked = 0;  // messages that wait for the path
  };
  void Send(Flow& flow, std::function<void()> arrive);
  void Travel(Flow& flow);
  void Arrive(Flow& flow);
  void EndAtAgent(absl::Status why);
  void EndAtController(Nanos later);
  bool controller_there() const { return acceptor_.listening() && acceptor_.epoch() == epoch_; }

  VirtualTime& time_;
  std::mt19937_64& random_;
  Path& path_;
  Acceptor& acceptor_;
  agent::StreamListener* listener_;
  Flow up_;
  Flow down_;
  uint64_t epoch_ = 0;
  uint64_t stream_ = 0;  // at the controller; 0: none yet
  bool writing_ = false;
  bool finishing_ = false;
  bool over_ = false;             // for the agent
  bool controller_over_ = false;  // for the controller
};

// The stream that an agent's Uplink holds.
class SimulatedStream final : public agent::Stream {
 public:
  explicit SimulatedStream(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)) {}
  ~SimulatedStream() override { connection_->Abandon(); }
  bool writable() const override { return connection_->writable(); }
  void Write(v1::AgentMessage message) override { connection_->Write(std::move(message)); }
  void Finish() override { connection_->Finish(); }
  void Cancel() override { connection_->Cancel(); }

 private:
  const std::shared_ptr<Connection> connection_;
};

}  // namespace kload::simulation
