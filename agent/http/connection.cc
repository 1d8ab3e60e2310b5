#include "agent/http/connection.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <utility>

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
// Likewise of a body that arrives as fast as it is read: so many reads, each of a full scratch buffer, in one turn.
constexpr int kReadsPerTurn = 64;

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
  Nanos begun{0};  // set when the first bytes go out
  State state = State::kNeedMore;
  std::optional<Nanos> written = {};     // the whole request
  std::optional<Nanos> first_byte = {};  // of the response
  Nanos last_byte{0};                    // of what came, once there is a first one
  error_code write_error = {};
  error_code read_error = {};
  int reads_in_turn = 0;
  size_t sent_in_turn = 0;
  bool over = false;

  bool sending() const { return !written && !write_error; }
};

Connection::Connection(asio::io_context& io, Poller& poller, const Clock& clock,
                       std::span<char> scratch)
    : io_(io), clock_(clock), scratch_(scratch), poller_(poller), stream_(poller) {}

void Connection::Close() {
  reusable_ = false;
  if (!stream_.is_open()) return;
  stream_.Close();
  if (waiter_ != nullptr) WakeSoon();
}

// ---- Waiting

// May return for another reason than the caller's: it must loop.
void Connection::Suspend(Fiber& fiber) {
  waiter_ = &fiber;
  fiber.Suspend();
  waiter_ = nullptr;
}

void Connection::Wake() {
  if (waiter_ != nullptr) waiter_->Resume();
}

void Connection::WakeSoon() {
  asio::post(io_, [weak = weak_from_this()] {
    if (const std::shared_ptr<Connection> self = weak.lock()) self->Wake();
  });
}

// Lets the others of the loop run.
void Connection::Yield(Fiber& fiber) {
  WakeSoon();
  Suspend(fiber);
}

size_t Connection::ReadAhead(uint32_t events, std::span<char> into, Nanos now) {
  // Of one that nobody waits for, the end and what nobody asked for have to stay apart.
  if (waiter_ == nullptr || stream_.connecting()) return 0;
  return stream_.ReadAhead(events, into, now);
}

void Connection::OnReady(uint32_t events) {
  stream_.Note(events);
  if (waiter_ != nullptr) {
    Wake();  // the last thing done here: what it resumes may let go of this connection
  } else if (!IsQuiet()) {
    Close();  // idle: the server has closed it, or says what nobody asked for
  }
}

// Whether nothing has arrived but what TLS keeps for itself, such as session tickets.
bool Connection::IsQuiet() {
  return !stream_.may_read() || (stream_.ssl() != nullptr && stream_.Read(scratch_).waits());
}

// ---- Connecting

// A server is woken by each connection that it has to accept, as by each request.
void Connection::AwaitTurn(Fiber& fiber) {
  awaits_turn_ = poller_.Gather(*this);
  while (awaits_turn_) Suspend(fiber);
}

error_code Connection::Connect(Fiber& fiber, const Endpoint& endpoint,
                               const std::optional<IpAddress>& local) {
  if (const error_code error = stream_.Open(endpoint, local, *this)) return error;
  while (stream_.connecting()) Suspend(fiber);
  remote_ip_ = endpoint.address().to_string();
  remote_port_ = endpoint.port();
  return stream_.Connected();
}

std::optional<Failure> Connection::Handshake(Fiber& fiber, TlsContext& context,
                                             const Target& target) {
  if (!stream_.StartTls(context, target)) {
    return Failure{FailureCode::kTls,
                   "tls: no server name or client certificate for OpenSSL: " + target.host};
  }
  error_code error;
  while (!stream_.Handshake(error)) {
    if (!error) Suspend(fiber);
    if (!error && !stream_.is_open()) error = asio::error::operation_aborted;
    if (error) return TlsFailure(error, stream_.ssl());
  }
  tls_version_ = TlsVersionOf(stream_.ssl());
  tls_cipher_ = TlsCipherOf(stream_.ssl());
  return std::nullopt;
}

// ---- An exchange

// Sends what the socket takes.
Connection::Sent Connection::SendSome(Progress& progress) {
  RequestBytes& left = progress.left;
  std::string_view first = left.head;
  std::string_view then = left.body.substr(0, kWriteBytes);
  // TLS takes one piece at a time, and each is a record and a packet of its own.
  if (stream_.ssl() != nullptr && !first.empty() && !then.empty()) {
    first = Joined(first, then);
    then = {};
  }
  const Stream::Io io = stream_.Write(first, then);
  progress.write_error = io.error;
  if (io.error) return Sent::kFailed;
  if (io.waits()) return Sent::kWaits;
  progress.hop.bytes_sent += io.bytes;
  const size_t of_head = std::min(io.bytes, left.head.size());
  left.head.remove_prefix(of_head);
  left.body.remove_prefix(io.bytes - of_head);
  if (left.head.empty() && left.body.empty()) {
    progress.written = clock_.Now();
    return Sent::kAll;
  }
  progress.sent_in_turn += io.bytes;
  return Sent::kSome;
}

void Connection::Send(Fiber& fiber, Progress& progress) {
  const Sent sent = SendSome(progress);
  if (sent == Sent::kWaits) return Suspend(fiber);
  if (sent != Sent::kSome || progress.sent_in_turn < kWriteBytes) return;
  progress.sent_in_turn = 0;
  Yield(fiber);
}

// The fiber sleeps on when all has gone out: the answer wakes it, so that it is switched to once per exchange.
void Connection::SendNow() {
  if (std::exchange(awaits_turn_, false)) return Wake();
  Progress& progress = *std::exchange(progress_, nullptr);
  progress.begun = clock_.Now();
  if (!stream_.is_open() || !stream_.may_write() || SendSome(progress) != Sent::kAll) Wake();
}

// As much of both as the scratch buffer has room for. The same bytes give the same result, also after a wait.
std::string_view Connection::Joined(std::string_view head, std::string_view body) {
  const size_t of_head = head.copy(scratch_.data(), scratch_.size());
  const size_t of_body = body.copy(scratch_.data() + of_head, scratch_.size() - of_head);
  return {scratch_.data(), of_head + of_body};
}

void Connection::Receive(Fiber& fiber, Progress& progress) {
  if (++progress.reads_in_turn > kReadsPerTurn) {
    progress.reads_in_turn = 0;
    return Yield(fiber);
  }
  const Stream::Io io = stream_.Read(scratch_);
  if (io.waits()) return;
  if (io.bytes > 0) {
    // Read before the bytes are looked at, and not again when they were the last: that takes the server no time.
    progress.last_byte = stream_.ahead_at() ? *stream_.ahead_at() : clock_.Now();
    if (!progress.first_byte) progress.first_byte = progress.last_byte;
    progress.hop.bytes_received += io.bytes;
    progress.state = progress.parser.Feed({scratch_.data(), io.bytes});
  } else {
    if (IsEnd(io.error)) {
      progress.last_byte = clock_.Now();  // of a body that only this ends
      progress.state = progress.parser.FeedEnd();
    }
    progress.read_error = io.error;
  }
  progress.over = io.error || progress.state != State::kNeedMore;
}

std::optional<ExchangeFailure> Connection::Exchange(Fiber& fiber, RequestBytes out,
                                                    ResponseParser& parser, http::Hop& hop) {
  ++exchanges_;
  reusable_ = false;
  Progress progress{out, parser, hop};
  if (stream_.may_write() && poller_.Gather(*this)) {
    progress_ = &progress;
  } else {
    progress.begun = clock_.Now();
  }
  // The server may answer before it has read everything, so what arrives comes first.
  while (!progress.over) {
    if (!stream_.is_open()) {
      progress.read_error = asio::error::operation_aborted;
      progress.over = true;
    } else if (stream_.may_read()) {
      Receive(fiber, progress);
    } else if (progress.sending() && stream_.may_write() && progress_ == nullptr) {
      Send(fiber, progress);
    } else {
      progress.reads_in_turn = 0;
      Suspend(fiber);
    }
  }
  if (std::exchange(progress_, nullptr) != nullptr) {
    poller_.Forget(*this);
    progress.begun = progress.first_byte.value_or(clock_.Now());
  }
  return Finish(progress);
}

std::optional<ExchangeFailure> Connection::Finish(Progress& progress) {
  const bool complete = progress.state == State::kDone && progress.first_byte;
  const Nanos done = complete ? progress.last_byte : clock_.Now();
  http::Timings& timings = progress.hop.timings;
  const Nanos first = progress.first_byte.value_or(done);
  const Nanos written = progress.written.value_or(first);
  timings.sending = written - progress.begun;
  timings.waiting = std::max(first - written, Nanos::zero());
  timings.receiving = done - first;

  if (progress.state == State::kDone) {
    reusable_ = progress.written && !progress.read_error && progress.parser.response().keep_alive &&
                !progress.parser.leftover() && stream_.is_open() && IsQuiet();
    return std::nullopt;
  }
  ExchangeFailure failure;
  const bool silent = progress.hop.bytes_received == 0;
  const error_code& cause =
      silent && progress.write_error ? progress.write_error : progress.read_error;
  failure.stale = silent && exchanges_ > 1 && IsGone(cause);
  if (silent && progress.write_error) {
    failure.failure = stream_.ssl() != nullptr && !IsGone(cause) ? TlsFailure(cause, stream_.ssl())
                                                                 : WriteFailure(cause);
  } else if (progress.state == State::kFailed) {
    failure.failure = progress.parser.failure();
  } else {
    failure.failure =
        stream_.ssl() != nullptr ? TlsFailure(cause, stream_.ssl()) : ReadFailure(cause);
  }
  return failure;
}

}  // namespace kload::agent
