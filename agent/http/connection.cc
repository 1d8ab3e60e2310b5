#include "agent/http/connection.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include "agent/http/dial_rules.h"
#include "common/base/check.h"

namespace kload::agent {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using State = ResponseParser::State;

// Many servers end TLS without saying so.
bool IsEnd(const error_code& error) {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

// A server that reads as fast as this writes lets one call send any length: long enough to miss its
// early answer, and to keep other fibers from running. So a long body goes in pieces of this size,
// which cost one turn of the loop each.
constexpr size_t kWriteBytes = 256 * 1024;

bool IsGone(const error_code& error) {
  return IsEnd(error) || error == asio::error::connection_reset ||
         error == asio::error::broken_pipe;
}

}  // namespace

// One exchange, from begin to end; lives on the fiber's stack.
struct Connection::Progress {
  RequestBytes left;  // what is still to be sent
  ResponseParser& parser;
  http::Hop& hop;
  Nanos begun;
  State state = State::kNeedMore;
  std::optional<Nanos> written = {};     // the whole request
  std::optional<Nanos> first_byte = {};  // of the response
  error_code write_error = {};
  error_code read_error = {};
  bool over = false;

  bool sending() const { return !written && !write_error; }
};

Connection::Connection(asio::io_context& io, const Clock& clock, std::span<char> scratch)
    : clock_(clock), scratch_(scratch), socket_(io.get_executor()) {}

Connection::~Connection() { Close(); }

void Connection::Close() {
  reusable_ = false;
  if (tls_) DetachTls(tls_->native_handle(), peer_);
  error_code ignored;  // the descriptor is gone either way
  socket_.close(ignored);
}

// Handlers may resume for another reason than the caller's: it must loop.
void Connection::Suspend(Fiber& fiber) {
  waiter_ = &fiber;
  fiber.Suspend();
  waiter_ = nullptr;
}

void Connection::Wake() {
  if (waiter_ != nullptr) waiter_->Resume();
}

// A socket that is not connected yet.
error_code Connection::Open(const Endpoint& endpoint, const std::optional<IpAddress>& local) {
  error_code error;
  socket_.close(error);
  socket_.open(endpoint.protocol(), error);
  if (!error) socket_.set_option(asio::ip::tcp::no_delay(true), error);
  if (!error) socket_.non_blocking(true, error);
  if (error || !local) return error;
  const asio::ip::address from = ToAsio(*local);
  if (from.is_v4() != endpoint.address().is_v4()) return asio::error::address_family_not_supported;
  // The port is chosen when connecting: one local port then serves for several servers.
  constexpr int kOn = 1;
  setsockopt(socket_.native_handle(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &kOn, sizeof(kOn));
  socket_.bind({from, 0}, error);
  return error;
}

error_code Connection::Connect(Fiber& fiber, const Endpoint& endpoint,
                               const std::optional<IpAddress>& local) {
  error_code error = Open(endpoint, local);
  if (error) return error;
  bool done = false;
  socket_.async_connect(endpoint, [this, &done, &error](const error_code& result) {
    error = result;
    done = true;
    Wake();
  });
  while (!done) Suspend(fiber);
  if (!error && !socket_.is_open()) error = asio::error::operation_aborted;
  remote_ip_ = endpoint.address().to_string();
  remote_port_ = endpoint.port();
  return error;
}

std::optional<Failure> Connection::Handshake(Fiber& fiber, TlsContext& context,
                                             const Target& target) {
  try {
    tls_.emplace(socket_, context.asio());
  } catch (const boost::system::system_error& error) {
    return Failure{FailureCode::kTls, std::string("tls: ") + error.what()};
  }
  SSL* const ssl = tls_->native_handle();
  if (!context.Prepare(ssl, target, peer_)) {
    return Failure{FailureCode::kTls,
                   "tls: no server name or client certificate for OpenSSL: " + target.host};
  }
  error_code error;
  bool done = false;
  tls_->async_handshake(asio::ssl::stream_base::client,
                        [this, &done, &error](const error_code& result) {
                          error = result;
                          done = true;
                          Wake();
                        });
  while (!done) Suspend(fiber);
  if (error) return TlsFailure(error, ssl);
  tls_version_ = TlsVersionOf(ssl);
  tls_cipher_ = TlsCipherOf(ssl);
  return std::nullopt;
}

void Connection::StartRead() {
  if (reading_ || read_done_) return;
  if (!socket_.is_open()) {
    // Closed between two reads; who waits for this one must not wait for ever.
    read_done_ = true;
    read_error_ = asio::error::operation_aborted;
    read_bytes_ = 0;
    return;
  }
  reading_ = true;
  auto handler = [self = shared_from_this()](const error_code& error, size_t bytes) {
    self->OnRead(error, bytes);
  };
  if (tls_) {
    tls_->async_read_some(asio::buffer(buffer_), std::move(handler));
  } else {
    socket_.async_read_some(asio::buffer(buffer_), std::move(handler));
  }
}

void Connection::OnRead(const error_code& error, size_t bytes) {
  reading_ = false;
  read_done_ = true;
  read_error_ = error;
  read_bytes_ = bytes;
  if (waiter_ != nullptr) {
    Wake();
  } else {
    Close();  // idle: the server has closed it, or says what nobody asked for
  }
}

// Sends what the socket takes; waits until it takes more or something arrives.
void Connection::Send(Fiber& fiber, Progress& progress) {
  if (tls_) return SendTls(fiber, progress);
  RequestBytes& left = progress.left;
  error_code error;
  const std::array<asio::const_buffer, 2> buffers = {
      asio::buffer(left.head), asio::buffer(left.body, kWriteBytes)};  // at most so much of it
  const size_t sent = left.body.empty() ? socket_.write_some(asio::buffer(left.head), error)
                                        : socket_.write_some(buffers, error);
  if (error == asio::error::would_block) return WaitForRoom(fiber);
  progress.hop.bytes_sent += sent;
  const size_t of_head = std::min(sent, left.head.size());
  left.head.remove_prefix(of_head);
  left.body.remove_prefix(sent - of_head);
  progress.write_error = error;
  if (error) return;
  if (left.head.empty() && left.body.empty()) {
    progress.written = clock_.Now();
  } else {
    // Through the loop even when the server has made room by now, as kWriteBytes explains.
    WaitForRoom(fiber);
  }
}

// Until the socket takes more, or something arrives.
void Connection::WaitForRoom(Fiber& fiber) {
  if (!writing_) {
    writing_ = true;
    socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const error_code&) {
      self->writing_ = false;
      self->Wake();
    });
  }
  WaitForWrite(fiber);
}

// OpenSSL may keep a record that the socket did not take whole, so this is one operation from begin
// to end.
void Connection::SendTls(Fiber& fiber, Progress& progress) {
  const bool first = !writing_ && written_bytes_ == 0 && !write_error_;
  if (first) {
    writing_ = true;
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(progress.left.head),
                                                       asio::buffer(progress.left.body)};
    asio::async_write(*tls_, buffers, [this](const error_code& error, size_t bytes) {
      writing_ = false;
      write_error_ = error;
      written_bytes_ = bytes;
      Wake();
    });
  }
  WaitForWrite(fiber);
  if (writing_) return;
  progress.hop.bytes_sent += written_bytes_;
  progress.write_error = write_error_;
  if (!write_error_) progress.written = clock_.Now();
}

void Connection::WaitForWrite(Fiber& fiber) {
  while (writing_ && !read_done_) Suspend(fiber);
}

// The rest of a long body, as far as it has arrived, without going through the loop for every
// piece.
State Connection::Drain(Progress& progress, error_code& error) {
  State state = State::kNeedMore;
  while (state == State::kNeedMore) {
    const size_t bytes = socket_.read_some(asio::buffer(scratch_.data(), scratch_.size()), error);
    if (error == asio::error::would_block) {
      error = {};
      break;
    }
    if (error) break;
    progress.hop.bytes_received += bytes;
    state = progress.parser.Feed({scratch_.data(), bytes});
    if (bytes < scratch_.size()) break;
  }
  return state;
}

void Connection::TakeRead(Progress& progress) {
  read_done_ = false;
  error_code error = read_error_;
  if (read_bytes_ > 0) {
    if (!progress.first_byte) progress.first_byte = clock_.Now();
    progress.hop.bytes_received += read_bytes_;
    progress.state = progress.parser.Feed({buffer_.data(), read_bytes_});
    const bool more = progress.state == State::kNeedMore && !error && !tls_;
    if (more && read_bytes_ == buffer_.size()) progress.state = Drain(progress, error);
  }
  if (progress.state == State::kNeedMore && error) {
    if (IsEnd(error)) progress.state = progress.parser.FeedEnd();
    progress.read_error = error;
    progress.over = true;
  } else if (progress.state != State::kNeedMore) {
    progress.over = true;
  } else {
    StartRead();
  }
}

std::optional<ExchangeFailure> Connection::Exchange(Fiber& fiber, RequestBytes out,
                                                    ResponseParser& parser, http::Hop& hop) {
  ++exchanges_;
  reusable_ = false;
  written_bytes_ = 0;
  write_error_ = {};
  Progress progress{out, parser, hop, clock_.Now()};
  StartRead();
  // The server may answer before it has read everything, so what arrives comes first.
  while (!progress.over) {
    if (read_done_) {
      TakeRead(progress);
    } else if (progress.sending()) {
      Send(fiber, progress);
    } else {
      Suspend(fiber);
    }
  }
  std::optional<ExchangeFailure> failure = Finish(progress);
  if (tls_ && writing_) {
    Close();  // it still reads from `out`
    while (writing_) Suspend(fiber);
  }
  return failure;
}

std::optional<ExchangeFailure> Connection::Finish(Progress& progress) {
  const Nanos done = clock_.Now();
  http::Timings& timings = progress.hop.timings;
  const Nanos first = progress.first_byte.value_or(done);
  const Nanos written = progress.written.value_or(first);
  timings.sending = written - progress.begun;
  timings.waiting = std::max(first - written, Nanos::zero());
  timings.receiving = done - first;

  if (progress.state == State::kDone) {
    reusable_ = progress.written && !progress.read_error && progress.parser.response().keep_alive &&
                !progress.parser.leftover() && socket_.is_open();
    if (reusable_) StartRead();
    return std::nullopt;
  }
  ExchangeFailure failure;
  const bool silent = progress.hop.bytes_received == 0;
  const error_code& cause =
      silent && progress.write_error ? progress.write_error : progress.read_error;
  failure.stale = silent && exchanges_ > 1 && IsGone(cause);
  if (silent && progress.write_error) {
    failure.failure =
        tls_ && !IsGone(cause) ? TlsFailure(cause, tls_->native_handle()) : WriteFailure(cause);
  } else if (progress.state == State::kFailed) {
    failure.failure = progress.parser.failure();
  } else {
    failure.failure = tls_ ? TlsFailure(cause, tls_->native_handle()) : ReadFailure(cause);
  }
  return failure;
}

}  // namespace kload::agent
