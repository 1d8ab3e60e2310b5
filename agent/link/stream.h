// One gRPC stream to the controller, brought onto the link's thread.
//
// Data path: Outgoing -> Stream -> controller; controller -> Stream -> StreamListener.
// Thread:    the link's, for every public function and the listener. gRPC's threads own nothing: they decode, post
//            and return.
// Bound:     one message each way. The next is read when the one before was handled, and written when the one before
//            has left; what waits meanwhile is the sender's, see Outgoing.
#pragma once

#include <absl/status/status.h>
#include <grpcpp/grpcpp.h>

#include <boost/asio/io_context.hpp>
#include <memory>

#include "kload/v1/cluster.grpc.pb.h"

namespace kload::agent {

class StreamListener {
 public:
  virtual ~StreamListener() = default;
  virtual void OnMessage(const v1::ControllerMessage& message) = 0;
  // A message has left; writable() is true.
  virtual void OnWritable() = 0;
  // The stream is over; the last call. The stream may and should be destroyed in it.
  virtual void OnEnd(absl::Status status) = 0;
};

class Stream final : private grpc::ClientBidiReactor<v1::AgentMessage, v1::ControllerMessage> {
 public:
  // Begins to connect. `io` and `listener` outlive the stream; the stream is destroyed in or after OnEnd(), not before.
  static std::unique_ptr<Stream> Open(const std::shared_ptr<grpc::Channel>& channel,
                                      boost::asio::io_context& io, StreamListener& listener);
  ~Stream() override;

  // Whether Write() may be called.
  bool writable() const { return !writing_ && !finishing_ && !broken_; }
  void Write(v1::AgentMessage message);
  // No more messages after the one that is being written; the controller is expected to end the stream.
  void Finish();
  // Ends the stream soon, whatever its state.
  void Cancel();

 private:
  Stream(const std::shared_ptr<grpc::Channel>& channel, boost::asio::io_context& io,
         StreamListener& listener);

  // Called by gRPC, on its threads. noexcept: were one to throw, the process would end here and not somewhere in gRPC.
  void OnReadDone(bool ok) noexcept override;
  void OnWriteDone(bool ok) noexcept override;
  void OnDone(const grpc::Status& status) noexcept override;

  void Received();
  void Written(bool ok);

  boost::asio::io_context& io_;
  StreamListener& listener_;
  const std::unique_ptr<v1::Cluster::Stub> stub_;
  grpc::ClientContext context_;
  v1::ControllerMessage incoming_;  // gRPC's while it reads
  v1::AgentMessage outgoing_;       // gRPC's while it writes
  bool writing_ = false;
  bool finishing_ = false;
  bool broken_ = false;  // nothing is to be started any more
  bool ended_ = false;
};

}  // namespace kload::agent
