// One connection to one server, and one exchange on it at a time.
//
// Data path: HttpClient -> Connection -> the server, and the response's bytes into a
//            ResponseParser.
// Thread:    one worker's. Connect(), Handshake() and Exchange() suspend the calling fiber.
//
// The poller watches the connection whenever it is open, also while it is idle: so it learns at once that the server has
// closed it, as k6's client does, and a request costs one write and one read.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/fiber/fiber.h"
#include "agent/http/failure.h"
#include "agent/http/poller.h"
#include "agent/http/response_parser.h"
#include "agent/http/stream.h"
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

class Connection final : public std::enable_shared_from_this<Connection>,
                         private Poller::Watch,
                         private Poller::Sender {
 public:
  using Endpoint = Stream::Endpoint;

  // `scratch` takes what arrives until the parser has it; one serves all connections of a worker.
  Connection(boost::asio::io_context& io, Poller& poller, const Clock& clock,
             std::span<char> scratch);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Before Connect(): waits until those that are about to send or to connect have their turn, see Poller::Gather().
  void AwaitTurn(Fiber& fiber);
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
  bool idle() const { return stream_.is_open(); }
  // Ends whatever a fiber waits for here soon, through the io_context. Idempotent.
  void Close();

  // After Connect().
  const std::string& remote_ip() const { return remote_ip_; }
  uint16_t remote_port() const { return remote_port_; }
  const std::string& tls_version() const { return tls_version_; }  // empty: plain
  const std::string& tls_cipher() const { return tls_cipher_; }

 private:
  struct Progress;

  void OnReady(uint32_t events) override;
  size_t ReadAhead(uint32_t events, std::span<char> into, Nanos now) override;
  void KeepAhead() override { stream_.KeepAhead(); }
  void SendNow() override;
  void Suspend(Fiber& fiber);
  void Wake();
  void WakeSoon();
  void Yield(Fiber& fiber);
  enum class Sent { kAll, kSome, kWaits, kFailed };
  Sent SendSome(Progress& progress);
  void Send(Fiber& fiber, Progress& progress);
  void Receive(Fiber& fiber, Progress& progress);
  std::string_view Joined(std::string_view head, std::string_view body);
  bool IsQuiet();
  std::optional<ExchangeFailure> Finish(Progress& progress);

  boost::asio::io_context& io_;
  const Clock& clock_;
  const std::span<char> scratch_;
  Poller& poller_;
  Fiber* waiter_ = nullptr;       // who is suspended here
  Progress* progress_ = nullptr;  // of the exchange that waits for its turn to send
  size_t exchanges_ = 0;
  bool awaits_turn_ = false;
  bool reusable_ = false;
  uint16_t remote_port_ = 0;
  Stream stream_;
  std::string remote_ip_;
  std::string tls_version_;
  std::string tls_cipher_;
};

}  // namespace kload::agent
