#include "agent/http/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>

#include "agent/http/dial_rules.h"

namespace kload::agent {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

error_code SystemError(int number) { return {number, asio::error::get_system_category()}; }

bool IsWait(int number) { return number == EAGAIN || number == EWOULDBLOCK || number == EINTR; }

error_code BindTo(int socket, const IpAddress& local, const Stream::Endpoint& remote) {
  const asio::ip::address from = ToAsio(local);
  if (from.is_v4() != remote.address().is_v4()) return asio::error::address_family_not_supported;
  // The port is chosen when connecting: one local port then serves for several servers.
  constexpr int kOn = 1;
  setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &kOn, sizeof(kOn));
  const Stream::Endpoint endpoint(from, 0);
  if (bind(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
    return SystemError(errno);
  }
  return {};
}

}  // namespace

// What OpenSSL reads from and writes to: the stream's socket. A BIO of OpenSSL's own would not tell whether it has read
// all there was, so that each answer would cost another read in vain.
struct StreamBio {
  static BIO_METHOD* Method() {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "kload stream");
      BIO_meth_set_read(made, Read);
      BIO_meth_set_write(made, Write);
      BIO_meth_set_ctrl(made, Control);
      return made;
    }();
    return method;
  }

  static int Read(BIO* bio, char* into, int bytes) {
    Stream& stream = *static_cast<Stream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (!stream.has_below()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const Stream::Io io = stream.ReadPlain({into, static_cast<size_t>(bytes)});
    if (io.bytes > 0) return static_cast<int>(io.bytes);
    if (io.waits()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    if (io.error == asio::error::eof) {
      stream.truncated_ = true;
      return 0;
    }
    stream.below_tls_ = io.error;
    return -1;
  }

  static int Write(BIO* bio, const char* bytes, int size) {
    Stream& stream = *static_cast<Stream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const Stream::Io io = stream.WritePlain({bytes, static_cast<size_t>(size)}, {});
    if (io.bytes > 0) return static_cast<int>(io.bytes);
    if (io.waits()) {
      BIO_set_retry_write(bio);
    } else {
      stream.below_tls_ = io.error;
    }
    return -1;
  }

  static long Control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
};

error_code Stream::Open(const Endpoint& endpoint, const std::optional<IpAddress>& local,
                        Poller::Watch& watch) {
  Close();
  ssl_.reset();
  const int family = endpoint.protocol().family();
  const int made = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (made < 0) return SystemError(errno);
  error_code error;
  constexpr int kOn = 1;
  if (setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof(kOn)) != 0)
    error = SystemError(errno);
  if (!error && local) error = BindTo(made, *local, endpoint);
  if (!error && connect(made, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 &&
      errno != EINPROGRESS && errno != EINTR) {
    error = SystemError(errno);
  }
  // After connect(): a socket that is not connecting counts as hung up, and would be told as such.
  if (!error) error = poller_.Add(made, watch, ticket_);
  if (error) {
    close(made);
    return error;
  }
  socket_ = made;
  connecting_ = true;
  ahead_ = {};
  ahead_whole_ = false;
  ahead_error_ = 0;
  may_read_ = may_write_ = ended_ = failed_ = tls_waits_ = truncated_ = false;
  below_tls_ = {};
  return {};
}

error_code Stream::Connected() {
  if (!is_open()) return asio::error::operation_aborted;
  if (!failed_) return {};
  int number = 0;
  socklen_t size = sizeof(number);
  if (getsockopt(socket_, SOL_SOCKET, SO_ERROR, &number, &size) != 0) number = errno;
  return SystemError(number);
}

void Stream::Close() {
  if (ssl_) DetachTls(ssl_.get(), peer_);
  if (socket_ < 0) return;
  poller_.Remove(ticket_);
  close(socket_);
  socket_ = -1;
  connecting_ = false;
}

void Stream::Note(uint32_t events) {
  connecting_ = tls_waits_ = false;
  if ((events & EPOLLOUT) != 0) may_write_ = true;
  // Read ahead to its end, the socket is empty.
  if ((events & EPOLLIN) != 0 && !ahead_whole_) may_read_ = true;
  ahead_whole_ = false;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ended_ = true;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) failed_ = may_write_ = true;
}

Stream::Io Stream::Read(std::span<char> into) { return ssl_ ? ReadTls(into) : ReadPlain(into); }

Stream::Io Stream::Write(std::string_view first, std::string_view then) {
  if (!ssl_) return WritePlain(first, then);
  return WriteTls(first.empty() ? then : first);
}

size_t Stream::ReadAhead(uint32_t events, std::span<char> into, Nanos now) {
  if ((events & EPOLLIN) == 0 || !ahead_.empty() || ahead_error_ != 0) return 0;
  const ssize_t got = recv(socket_, into.data(), into.size(), 0);
  if (got < 0 && !IsWait(errno)) ahead_error_ = errno;
  if (got <= 0) return 0;  // the end is told as often as one asks
  ahead_ = {into.data(), static_cast<size_t>(got)};
  ahead_time_ = now;
  ahead_whole_ = ahead_.size() < into.size();
  return ahead_.size();
}

void Stream::KeepAhead() {
  if (ahead_.empty()) return;
  kept_ahead_.assign(ahead_);
  ahead_ = kept_ahead_;
}

Stream::Io Stream::ReadPlain(std::span<char> into) {
  if (!ahead_.empty()) {
    const size_t bytes = ahead_.copy(into.data(), into.size());
    ahead_.remove_prefix(bytes);
    ahead_at_ = ahead_time_;
    return {.bytes = bytes};
  }
  ahead_at_.reset();
  if (ahead_error_ != 0) return {.error = SystemError(ahead_error_)};
  const ssize_t got = recv(socket_, into.data(), into.size(), 0);
  if (got > 0) {
    // The socket is empty now, and what comes later is an edge of its own.
    if (static_cast<size_t>(got) < into.size()) may_read_ = false;
    return {.bytes = static_cast<size_t>(got)};
  }
  if (got == 0) return {.error = asio::error::eof};
  if (errno == EINTR) return ReadPlain(into);
  if (!IsWait(errno)) return {.error = SystemError(errno)};
  may_read_ = ended_ = false;
  return {};
}

Stream::Io Stream::WritePlain(std::string_view first, std::string_view then) {
  ssize_t sent = 0;
  if (then.empty()) {
    sent = send(socket_, first.data(), first.size(), MSG_NOSIGNAL);
  } else {
    std::array<iovec, 2> pieces = {iovec{const_cast<char*>(first.data()), first.size()},
                                   iovec{const_cast<char*>(then.data()), then.size()}};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    sent = sendmsg(socket_, &message, MSG_NOSIGNAL);
  }
  if (sent >= 0) {
    if (static_cast<size_t>(sent) < first.size() + then.size()) may_write_ = false;
    return {.bytes = static_cast<size_t>(sent)};
  }
  if (errno == EINTR) return WritePlain(first, then);
  if (!IsWait(errno)) return {.error = SystemError(errno)};
  may_write_ = false;
  return {};
}

// ---- TLS

bool Stream::StartTls(TlsContext& context, const Target& target) {
  ssl_.reset(SSL_new(context.native()));
  BIO* const bio = ssl_ == nullptr ? nullptr : BIO_new(StreamBio::Method());
  if (bio == nullptr) return false;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
  return context.Prepare(ssl_.get(), target, peer_);
}

bool Stream::Handshake(error_code& error) {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return true;
  error = TlsError(result);
  return false;
}

Stream::Io Stream::ReadTls(std::span<char> into) {
  ERR_clear_error();
  size_t bytes = 0;
  const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
  if (result == 1) return {.bytes = bytes};
  const error_code error = TlsError(result);
  tls_waits_ = !error;
  return {.error = error};
}

Stream::Io Stream::WriteTls(std::string_view bytes) {
  ERR_clear_error();
  size_t sent = 0;
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
  if (result == 1) return {.bytes = sent};
  return {.error = TlsError(result)};
}

// Of an operation that did not succeed; nothing when it has to wait.
error_code Stream::TlsError(int result) {
  if (below_tls_) return below_tls_;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {};
    case SSL_ERROR_ZERO_RETURN:
      return asio::error::eof;
    default:
      break;
  }
  // OpenSSL has words of its own for an end without a goodbye.
  if (truncated_) return asio::ssl::error::stream_truncated;
  const unsigned long reason = ERR_get_error();
  if (reason == 0) return asio::ssl::error::unspecified_system_error;
  return {static_cast<int>(reason), asio::error::get_ssl_category()};
}

}  // namespace kload::agent
