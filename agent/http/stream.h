// A TCP connection, plain or with TLS, as bytes in and out that never wait.
//
// Thread: one worker's.
// Errors: error codes as Asio has them (system, ssl and stream_truncated), so that one table explains all of them.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/http/poller.h"
#include "agent/http/tls.h"
#include "agent/http/url.h"
#include "common/base/clock.h"
#include "common/net/address.h"

namespace kload::agent {

class Stream {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;

  // What an operation did. Neither bytes nor an error: it has to wait, see may_read() and may_write().
  struct Io {
    size_t bytes = 0;
    boost::system::error_code error = {};
    bool waits() const { return bytes == 0 && !error; }
  };

  explicit Stream(Poller& poller) : poller_(poller) {}
  ~Stream() { Close(); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Begins to connect, from the local address if one is given; `watch` is told of every change until Close(). A stream
  // that was open is closed first. The connection stands, or has failed, when connecting() is false: see Connected().
  boost::system::error_code Open(const Endpoint& endpoint, const std::optional<IpAddress>& local,
                                 Poller::Watch& watch);
  bool connecting() const { return connecting_; }
  // Why connecting has failed, if it has.
  boost::system::error_code Connected();
  // Closes the socket, sending what was written. Idempotent.
  void Close();
  bool is_open() const { return socket_ >= 0; }

  // From the watch: what has changed.
  void Note(uint32_t events);
  // From the watch, before that: see Poller::Watch.
  size_t ReadAhead(uint32_t events, std::span<char> into, Nanos now);
  void KeepAhead();
  // When the bytes of the last Read() had been read ahead; nothing: they came from the socket just now.
  std::optional<Nanos> ahead_at() const { return ahead_at_; }
  // Whether Read() may find something: bytes, the end or an error.
  bool may_read() const {
    return ssl_ ? !tls_waits_ && (has_below() || SSL_has_pending(ssl_.get()) == 1) : has_below();
  }
  // Whether Write() may take something.
  bool may_write() const { return may_write_; }

  // The error at the end of what the peer sent is asio::error::eof; ssl::error::stream_truncated when TLS was not told.
  Io Read(std::span<char> into);
  // One after the other, as much as is taken; at least one of them is not empty. After a wait the same bytes again.
  Io Write(std::string_view first, std::string_view then);

  // Before the first Handshake(). False: OpenSSL takes no such name or certificate.
  bool StartTls(TlsContext& context, const Target& target);
  // False with no error: it has to wait.
  bool Handshake(boost::system::error_code& error);
  SSL* ssl() const { return ssl_.get(); }  // nullptr: plain

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  friend struct StreamBio;

  // Whether the socket, or what was read ahead of it, may have something.
  bool has_below() const { return may_read_ || ended_ || !ahead_.empty() || ahead_error_ != 0; }
  Io ReadPlain(std::span<char> into);
  Io WritePlain(std::string_view first, std::string_view then);
  Io ReadTls(std::span<char> into);
  Io WriteTls(std::string_view bytes);
  boost::system::error_code TlsError(int result);

  Poller& poller_;
  TlsPeer peer_;  // before ssl_, which refers to it
  std::unique_ptr<SSL, FreeSsl> ssl_;
  Poller::Ticket ticket_ = 0;
  int socket_ = -1;
  bool connecting_ = false;
  bool may_read_ = false;
  bool may_write_ = false;
  bool ended_ = false;  // the peer will send nothing more; what it sent before may be left
  bool failed_ = false;
  bool tls_waits_ = false;    // nothing comes out of OpenSSL before the next change
  bool truncated_ = false;    // the socket ended below TLS
  bool ahead_whole_ = false;  // of what the next Note() tells: there was no more
  int ahead_error_ = 0;       // of a receive ahead: the kernel tells it once
  std::string_view ahead_;    // read ahead and not asked for yet
  Nanos ahead_time_{0};
  std::optional<Nanos> ahead_at_;
  std::string kept_ahead_;  // what is read ahead may lie in it
  boost::system::error_code below_tls_;
};

}  // namespace kload::agent
