// One connection to one server, and one exchange on it at a time.
//
// Data path: HttpClient -> Connection -> the server, and the response's bytes into a
//            ResponseParser.
// Thread:    one worker's. Connect(), Handshake() and Exchange() suspend the calling fiber.
//
// A read is in flight whenever the connection is open, also while it is idle: so it learns at once
// that the server has closed it, as k6's client does, and a request costs one write and one read.
// That read shares the connection's ownership (hence always a shared_ptr), and may end after its
// client has gone: it touches nothing else then.
#pragma once

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/fiber/fiber.h"
#include "agent/http/failure.h"
#include "agent/http/response_parser.h"
#include "agent/http/tls.h"
#include "agent/http/url.h"
#include "common/base/clock.h"
#include "common/http/message.h"
#include "common/net/address.h"

namespace kload::agent {

// What goes out; both stay in place until Exchange() returns.
struct RequestBytes {
  std::string_view head;
  std::string_view body;
};

struct ExchangeFailure {
  Failure failure;
  // The server had closed a kept-alive connection before it sent a byte of this response; the
  // request may be sent again if that can do no harm.
  bool stale = false;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;

  // `scratch` takes long bodies while a fiber runs; one may serve all connections of a worker.
  Connection(boost::asio::io_context& io, const Clock& clock, std::span<char> scratch);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One attempt, from the local address if one is given; may be called again after an error.
  boost::system::error_code Connect(Fiber& fiber, const Endpoint& endpoint,
                                    const std::optional<IpAddress>& local = std::nullopt);
  std::optional<Failure> Handshake(Fiber& fiber, TlsContext& context, const Target& target);
  // Sends the request and feeds `parser` until the response is complete. Fills in the hop's
  // sending, waiting and receiving times (a phase that has begun counts up to the failure) and its
  // bytes.
  std::optional<ExchangeFailure> Exchange(Fiber& fiber, RequestBytes out, ResponseParser& parser,
                                          http::Hop& hop);

  // After an exchange: the server will take another request.
  bool reusable() const { return reusable_; }
  // Nothing has arrived since the last exchange, not even the end.
  bool idle() const { return socket_.is_open() && !read_done_; }
  // Ends whatever a fiber waits for here soon, through the io_context. Idempotent.
  void Close();

  // After Connect().
  const std::string& remote_ip() const { return remote_ip_; }
  uint16_t remote_port() const { return remote_port_; }
  const std::string& tls_version() const { return tls_version_; }  // empty: plain
  const std::string& tls_cipher() const { return tls_cipher_; }

 private:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                                  boost::asio::io_context::executor_type>;
  static constexpr size_t kReadBytes = 4096;  // most API answers fit
  struct Progress;

  boost::system::error_code Open(const Endpoint& endpoint, const std::optional<IpAddress>& local);
  void Suspend(Fiber& fiber);
  void Wake();
  void StartRead();
  void OnRead(const boost::system::error_code& error, size_t bytes);
  void Send(Fiber& fiber, Progress& progress);
  void SendTls(Fiber& fiber, Progress& progress);
  void WaitForRoom(Fiber& fiber);
  void WaitForWrite(Fiber& fiber);
  void TakeRead(Progress& progress);
  ResponseParser::State Drain(Progress& progress, boost::system::error_code& error);
  std::optional<ExchangeFailure> Finish(Progress& progress);

  const Clock& clock_;
  const std::span<char> scratch_;
  Socket socket_;
  TlsPeer peer_;  // before tls_, which refers to it
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  std::string remote_ip_;
  uint16_t remote_port_ = 0;
  std::string tls_version_;
  std::string tls_cipher_;

  Fiber* waiter_ = nullptr;  // who is suspended here
  bool reading_ = false;     // a read is in flight
  bool read_done_ = false;   // it ended and was not looked at yet
  bool writing_ = false;     // a write, or the wait for one to be possible, is in flight
  bool reusable_ = false;
  size_t exchanges_ = 0;
  size_t read_bytes_ = 0;
  boost::system::error_code read_error_;
  boost::system::error_code write_error_;
  size_t written_bytes_ = 0;  // by the last write over TLS
  std::array<char, kReadBytes> buffer_;
};

}  // namespace kload::agent
