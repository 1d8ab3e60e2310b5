// A gRPC stream to the controller, brought onto the link's thread.
//
// Thread: the link's, see Stream. gRPC's threads own nothing: they decode, post and return.
#pragma once

#include <grpcpp/grpcpp.h>

#include <boost/asio/io_context.hpp>
#include <memory>

#include "agent/link/stream.h"
#include "kload/v1/cluster.grpc.pb.h"

namespace kload::agent {

class GrpcStream final : public Stream,
                         private grpc::ClientBidiReactor<v1::AgentMessage, v1::ControllerMessage> {
 public:
  // Begins to connect. `io` and `listener` outlive the stream.
  static std::unique_ptr<GrpcStream> Open(const std::shared_ptr<grpc::Channel>& channel,
                                          boost::asio::io_context& io, StreamListener& listener);
  ~GrpcStream() override;

  bool writable() const override { return !writing_ && !finishing_ && !broken_; }
  void Write(v1::AgentMessage message) override;
  void Finish() override;
  void Cancel() override;

 private:
  GrpcStream(const std::shared_ptr<grpc::Channel>& channel, boost::asio::io_context& io,
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
