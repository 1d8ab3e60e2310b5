#include "agent/link/grpc_stream.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "common/base/check.h"

namespace kload::agent {

namespace asio = boost::asio;

namespace {

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace

std::unique_ptr<GrpcStream> GrpcStream::Open(const std::shared_ptr<grpc::Channel>& channel,
                                             asio::io_context& io, StreamListener& listener) {
  std::unique_ptr<GrpcStream> stream(new GrpcStream(channel, io, listener));
  stream->stub_->async()->Connect(&stream->context_, stream.get());
  // Reads and writes are started on the link's thread, outside of gRPC's callbacks: the hold keeps OnDone() from
  // coming in between. It is given back when reading has failed, after which nothing is started.
  stream->AddHold();
  stream->StartRead(&stream->incoming_);
  stream->StartCall();
  return stream;
}

GrpcStream::GrpcStream(const std::shared_ptr<grpc::Channel>& channel, asio::io_context& io,
                       StreamListener& listener)
    : io_(io), listener_(listener), stub_(v1::Cluster::NewStub(channel)) {}

GrpcStream::~GrpcStream() {
  KLOAD_CHECK(ended_, "a stream was destroyed while gRPC still works on it");
}

void GrpcStream::Write(v1::AgentMessage message) {
  KLOAD_CHECK(writable(), "a stream writes one message at a time");
  outgoing_ = std::move(message);
  writing_ = true;
  StartWrite(&outgoing_);
}

void GrpcStream::Finish() {
  if (finishing_ || broken_) return;
  finishing_ = true;
  if (!writing_) StartWritesDone();
}

void GrpcStream::Cancel() { context_.TryCancel(); }

void GrpcStream::OnReadDone(bool ok) noexcept {
  asio::post(io_, [this, ok] {
    if (ok) return Received();
    broken_ = true;
    RemoveHold();
  });
}

void GrpcStream::OnWriteDone(bool ok) noexcept {
  asio::post(io_, [this, ok] { Written(ok); });
}

// The last that gRPC does: the posted handler may destroy this object before post() has returned, so nothing of it
// is touched afterwards (io_ is a reference to what outlives it).
void GrpcStream::OnDone(const grpc::Status& status) noexcept {
  asio::io_context& io = io_;
  asio::post(io, [this, ended = FromGrpc(status)] {
    ended_ = true;
    listener_.OnEnd(ended);
  });
}

void GrpcStream::Received() {
  listener_.OnMessage(incoming_);
  StartRead(&incoming_);
}

void GrpcStream::Written(bool ok) {
  writing_ = false;
  // A write fails when the call is over; what the controller said before that is still read.
  if (!ok) broken_ = true;
  if (broken_) return;
  if (finishing_) {
    StartWritesDone();
  } else {
    listener_.OnWritable();
  }
}

}  // namespace kload::agent
