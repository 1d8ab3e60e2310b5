#include "controller/export/http_server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <thread>
#include <type_traits>
#include <utility>

#include "common/base/status.h"

namespace kload::controller {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr auto kIdleMax = std::chrono::seconds(HttpServer::kIdleMaxSeconds);
// After accept() failed, say for want of file descriptors.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

struct HostPort {
  std::string host;
  std::string port;
};

absl::StatusOr<HostPort> Split(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    return absl::InvalidArgumentError(
        fmt::format("--http: \"{}\" is not HOST:PORT such as 127.0.0.1:7071", address));
  }
  std::string host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return HostPort{std::move(host), address.substr(colon + 1)};
}

}  // namespace

// Owns acceptor and connections; all of it belongs to the thread.
struct HttpServer::Impl {
  // What the server has to know of a connection, which is over TCP or TLS.
  class Session {
   public:
    virtual ~Session() = default;
    virtual void Begin() = 0;
    virtual void Close() = 0;
  };
  template <typename Stream>
  class Connection;

  explicit Impl(Handler answer) : handler(std::move(answer)) {}

  absl::Status Use(const Certificate& certificate);
  absl::Status Listen(const std::string& asked);
  void Accept();
  std::shared_ptr<Session> MakeSession(tcp::socket socket);
  void Run();

  const Handler handler;
  std::string address;
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer pause{context};
  std::optional<asio::ssl::context> tls;           // nothing: HTTP
  std::set<std::shared_ptr<Session>> connections;  // each ends by taking itself out
  std::thread thread;
};

template <typename Stream>
class HttpServer::Impl::Connection final
    : public Session,
      public std::enable_shared_from_this<HttpServer::Impl::Connection<Stream>> {
 public:
  Connection(Impl& server, Stream stream) : server_(server), stream_(std::move(stream)) {}

  void Begin() override {
    if constexpr (kTls) {
      tcp_stream().expires_after(kIdleMax);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](beast::error_code error) {
                                if (error) return self->End();
                                self->Read();
                              });
    } else {
      Read();
    }
  }

  void Close() override {
    beast::error_code ignored;  // it is being given up: nothing is left to do about it
    tcp_stream().socket().shutdown(tcp::socket::shutdown_both, ignored);
    tcp_stream().socket().close(ignored);
  }

 private:
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;

  beast::tcp_stream& tcp_stream() { return beast::get_lowest_layer(stream_); }

  void Read() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytesMax);
    parser_->body_limit(0);
    tcp_stream().expires_after(kIdleMax);
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](beast::error_code error, size_t) {
                       self->OnRead(error);
                     });
  }

  void OnRead(beast::error_code error) {
    if (error == http::error::header_limit) {
      return Refuse(431, fmt::format("a request has at most {} bytes of headers\n",
                                     HttpServer::kHeaderBytesMax));
    }
    if (error == http::error::body_limit) return Refuse(413, "a request has no body here\n");
    if (error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      return Refuse(400, "this is no HTTP/1.1 request\n");
    }
    if (error) return End();
    const auto& request = parser_->get();
    if (request.method() != http::verb::get) {
      return Write({.status = 405, .body = "only GET is answered here\n"}, request.keep_alive());
    }
    const std::string_view target(request.target().data(), request.target().size());
    const auto authorization = request[http::field::authorization];
    Write(server_.handler({.path = target.substr(0, target.find('?')),
                           .authorization = {authorization.data(), authorization.size()}}),
          request.keep_alive());
  }

  // The rest of the request cannot be read, so the connection ends with the answer.
  void Refuse(int status, std::string why) {
    Write({.status = status, .body = std::move(why)}, false);
  }

  void Write(HttpResponse answer, bool keep_alive) {
    response_ = {};
    response_.result(unsigned(answer.status));
    response_.set(http::field::server, "kload-controller");
    response_.set(http::field::content_type, answer.content_type);
    if (answer.status == 405) response_.set(http::field::allow, "GET");
    if (answer.status == 401) {
      response_.set(http::field::www_authenticate, "Basic realm=\"kload\", charset=\"UTF-8\"");
    }
    response_.keep_alive(keep_alive);
    response_.body() = std::move(answer.body);
    response_.prepare_payload();
    tcp_stream().expires_after(kIdleMax);
    http::async_write(
        stream_, response_,
        [self = this->shared_from_this(), keep_alive](beast::error_code error, size_t) {
          if (error || !keep_alive) return self->End();
          self->Read();
        });
  }

  void End() {
    Close();
    server_.connections.erase(this->shared_from_this());
  }

  Impl& server_;
  Stream stream_;
  beast::flat_buffer buffer_{kHeaderBytesMax * 2};
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
};

absl::Status HttpServer::Impl::Use(const Certificate& certificate) {
  if (certificate.chain.empty()) return absl::OkStatus();
  tls.emplace(asio::ssl::context::tls_server);
  beast::error_code error;
  tls->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
  if (!error) tls->use_certificate_chain(asio::buffer(certificate.chain), error);
  if (!error) tls->use_private_key(asio::buffer(certificate.key), asio::ssl::context::pem, error);
  if (!error) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("--http: its certificate cannot be used: {}", error.message()));
}

std::shared_ptr<HttpServer::Impl::Session> HttpServer::Impl::MakeSession(tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
  if (!tls) return std::make_shared<Connection<beast::tcp_stream>>(*this, std::move(stream));
  using TlsStream = beast::ssl_stream<beast::tcp_stream>;
  return std::make_shared<Connection<TlsStream>>(*this, TlsStream(std::move(stream), *tls));
}

absl::Status HttpServer::Impl::Listen(const std::string& asked) {
  KLOAD_ASSIGN_OR_RETURN(const HostPort where, Split(asked));
  beast::error_code error;
  const auto found =
      tcp::resolver(context).resolve(where.host, where.port, tcp::resolver::passive, error);
  if (error || found.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("--http {}: nobody knows this host or port: {}", asked, error.message()));
  }
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return absl::UnavailableError(
        fmt::format("--http {}: cannot listen there: {}; choose another with --http HOST:PORT, or "
                    "\"\" for none",
                    asked, error.message()));
  }
  address = fmt::format("{}:{}", asked.substr(0, asked.rfind(':')),
                        acceptor.local_endpoint(error).port());
  return absl::OkStatus();
}

void HttpServer::Impl::Accept() {
  acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) {
      spdlog::warn("--http {}: a connection could not be accepted: {}", address, error.message());
      pause.expires_after(kAcceptPause);
      pause.async_wait([this](beast::error_code stopped) {
        if (!stopped) Accept();
      });
      return;
    }
    // At the bound the newcomer is closed again: those that are at work go on.
    if (connections.size() < kConnectionsMax) {
      const auto connection = MakeSession(std::move(socket));
      connections.insert(connection);
      connection->Begin();
    }
    Accept();
  });
}

void HttpServer::Impl::Run() {
  try {
    context.run();
  } catch (const std::exception& error) {
    spdlog::error("--http {}: /metrics is not served any more: {}", address, error.what());
  }
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { Shutdown(); }

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& address,
                                                              Handler handler,
                                                              const Certificate& certificate) {
  auto impl = std::make_unique<Impl>(std::move(handler));
  KLOAD_RETURN_IF_ERROR(impl->Use(certificate));
  KLOAD_RETURN_IF_ERROR(impl->Listen(address));
  impl->Accept();
  Impl* const running = impl.get();
  impl->thread = std::thread([running] { running->Run(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

const std::string& HttpServer::address() const { return impl_->address; }

void HttpServer::Shutdown() {
  if (!impl_->thread.joinable()) return;
  asio::post(impl_->context, [impl = impl_.get()] {
    beast::error_code ignored;
    impl->acceptor.close(ignored);
    impl->pause.cancel();
    // Their handlers come with operation_aborted and end them.
    for (const auto& connection : impl->connections) connection->Close();
  });
  impl_->thread.join();
}

}  // namespace kload::controller
