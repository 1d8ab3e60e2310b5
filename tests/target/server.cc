#include "tests/target/server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <filesystem>
#include <thread>

#include "common/base/status.h"
#include "tests/target/session.h"

namespace kload::target {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// An io_context with its thread; stops and joins at the end.
class IoThread {
 public:
  IoThread() : work_(context_.get_executor()) {}
  ~IoThread() { Join(); }
  void Start() {
    thread_ = std::thread([this] { context_.run(); });
  }
  void Join() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }
  asio::io_context& context() { return context_; }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

// A folder that is gone with the process; SQLite keeps up to three files in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    path_ = std::filesystem::temp_directory_path() / fmt::format("kushim-target-{}", getpid());
    std::filesystem::create_directories(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;  // what is left over is a few hundred kB in a temporary folder
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

absl::StatusOr<tcp::endpoint> ParseEndpoint(const std::string& text) {
  const size_t colon = text.rfind(':');
  unsigned port = 65536;
  if (colon != text.npos) std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  std::string host = text.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (error || port > 65535) {
    return absl::InvalidArgumentError(
        fmt::format("--listen {}: expected an address such as 127.0.0.1:3001 or [::1]:0", text));
  }
  return tcp::endpoint(address, static_cast<uint16_t>(port));
}

absl::StatusOr<tcp::acceptor> Listen(asio::io_context& context, const std::string& text) {
  KLOAD_ASSIGN_OR_RETURN(const tcp::endpoint endpoint, ParseEndpoint(text));
  tcp::acceptor acceptor(context);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return absl::UnavailableError(
        fmt::format("--listen {}: {}; choose another port, 0 for any", text, error.message()));
  }
  return acceptor;
}

}  // namespace

// Members end in reverse order: pool threads first, while the sockets' contexts still exist.
struct Server::Parts {
  explicit Parts(const TargetOptions& options_in) : options(options_in) {}

  asio::awaitable<void> Accept(tcp::acceptor& acceptor);

  const TargetOptions& options;
  TemporaryFolder folder;
  Counters counters;
  std::unique_ptr<Service> service;
  std::vector<std::unique_ptr<IoThread>> io;  // the first one accepts
  std::vector<tcp::acceptor> acceptors;
  std::unique_ptr<Pool> pool;
  size_t next = 0;  // of the accepting thread
};

asio::awaitable<void> Server::Parts::Accept(tcp::acceptor& acceptor) {
  for (;;) {
    asio::io_context& context = io[next++ % io.size()]->context();
    boost::system::error_code error;
    tcp::socket socket =
        co_await acceptor.async_accept(context, asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      asio::co_spawn(context, ServeConnection(std::move(socket), *service), asio::detached);
      continue;
    }
    // Out of file descriptors, most likely; clients wait in the backlog meanwhile.
    asio::steady_timer pause(co_await asio::this_coro::executor, std::chrono::milliseconds(50));
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const TargetOptions& options) {
  auto parts = std::make_unique<Parts>(options);
  const unsigned threads =
      options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < threads; ++i) parts->io.push_back(std::make_unique<IoThread>());
  for (const std::string& text : options.listen) {
    KLOAD_ASSIGN_OR_RETURN(tcp::acceptor acceptor, Listen(parts->io[0]->context(), text));
    parts->acceptors.push_back(std::move(acceptor));
  }
  const std::string file =
      options.database.empty() ? (parts->folder.path() / "kushim.db").string() : options.database;
  KLOAD_ASSIGN_OR_RETURN(parts->pool, Pool::Open({.database = file,
                                                  .connections = options.pool,
                                                  .timeout = options.pool_timeout,
                                                  .query_time = options.query_time}));
  parts->service.reset(new Service{.options = options,
                                   .pool = *parts->pool,
                                   .counters = parts->counters,
                                   .cache = Cache(options.cache),
                                   .signer = TokenSigner(),
                                   .started = std::chrono::steady_clock::now().time_since_epoch(),
                                   .requests = 0});
  for (tcp::acceptor& acceptor : parts->acceptors) {
    asio::co_spawn(parts->io[0]->context(), parts->Accept(acceptor), asio::detached);
  }
  for (const auto& io : parts->io) io->Start();
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() {
  for (const auto& io : parts_->io) io->Join();
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> addresses;
  for (const tcp::acceptor& acceptor : parts_->acceptors) {
    boost::system::error_code error;
    const tcp::endpoint endpoint = acceptor.local_endpoint(error);
    const std::string host = endpoint.address().to_string();
    addresses.push_back(fmt::format("{}:{}", endpoint.address().is_v6() ? '[' + host + ']' : host,
                                    endpoint.port()));
  }
  return addresses;
}

}  // namespace kload::target
