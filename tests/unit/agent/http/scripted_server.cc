#include "tests/unit/agent/http/scripted_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "common/base/check.h"

namespace kload::agent {

std::string Peer::ReadSome() {
  if (!unread_.empty()) return std::exchange(unread_, "");
  std::array<char, 16384> buffer;
  const long bytes = ssl_ != nullptr
                         ? SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()))
                         : recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (bytes <= 0) return "";
  server_.received_ += static_cast<size_t>(bytes);
  return {buffer.data(), static_cast<size_t>(bytes)};
}

std::string Peer::ReadRequest() {
  std::string request;
  size_t whole = std::string::npos;
  while (request.size() < whole) {
    const std::string more = ReadSome();
    if (more.empty()) return "";
    request += more;
    const size_t head = request.find("\r\n\r\n");
    if (head == std::string::npos) continue;
    whole = head + 4;
    constexpr std::string_view kLength = "Content-Length: ";
    const size_t length = request.find(kLength);
    if (length < head) whole += std::strtoull(&request[length + kLength.size()], nullptr, 10);
  }
  unread_ = request.substr(whole);
  request.resize(whole);
  const std::lock_guard lock(server_.mutex_);
  server_.requests_.push_back(request);
  return request;
}

// Counted ahead, so that a client that has the bytes also finds them counted.
bool Peer::Send(std::string_view bytes) {
  server_.sent_ += bytes.size();
  while (!bytes.empty()) {
    const long sent = ssl_ != nullptr
                          ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                          : send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      server_.sent_ -= bytes.size();
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string Peer::client_name() const {
  X509* const certificate = ssl_ == nullptr ? nullptr : SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr) return "none";
  char name[64] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
  return name;
}

std::string Peer::address() const {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getpeername(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
  char text[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
  return text;
}

void Peer::Reset() {
  const linger hard{1, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

ScriptedServer::ScriptedServer(std::vector<Script> scripts, SSL_CTX* tls)
    : scripts_(std::move(scripts)), tls_(tls) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  KLOAD_CHECK(bind(listener_, generic, length) == 0, "no port on 127.0.0.1");
  KLOAD_CHECK(listen(listener_, 64) == 0, "listen");
  KLOAD_CHECK(getsockname(listener_, generic, &length) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedServer::~ScriptedServer() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int descriptor : open_) shutdown(descriptor, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
}

void ScriptedServer::Accept() {
  while (true) {
    const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    const Script& script = scripts_[std::min<size_t>(connections_++, scripts_.size() - 1)];
    const std::lock_guard lock(mutex_);
    open_.push_back(descriptor);
    threads_.emplace_back([this, descriptor, &script] { Serve(descriptor, script); });
  }
}

void ScriptedServer::Serve(int descriptor, const Script& script) {
  // OpenSSL writes without MSG_NOSIGNAL. Blocked here only: the client must not need that.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  Peer peer(*this, descriptor);
  bool ready = true;
  if (tls_ != nullptr) {
    peer.ssl_ = SSL_new(tls_);
    SSL_set_fd(peer.ssl_, descriptor);
    ready = SSL_accept(peer.ssl_) == 1;
    if (ready && SSL_session_reused(peer.ssl_) == 1) ++resumed_;
  }
  if (ready) script(peer);
  if (peer.ssl_ != nullptr) SSL_free(peer.ssl_);
  const std::lock_guard lock(mutex_);
  open_.erase(std::find(open_.begin(), open_.end(), descriptor));
  close(descriptor);
}

std::string ScriptedServer::Url(std::string_view path, std::string_view host) const {
  return fmt::format("{}://{}:{}{}", tls_ == nullptr ? "http" : "https", host, port_, path);
}

std::vector<std::string> ScriptedServer::requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

ScriptedServer::Script Answers(std::vector<std::string> responses) {
  return [responses = std::move(responses)](Peer& peer) {
    for (const std::string& response : responses) {
      if (peer.ReadRequest().empty() || !peer.Send(response)) return;
    }
  };
}

ScriptedServer::Script Always(std::string response) {
  return [response = std::move(response)](Peer& peer) {
    while (!peer.ReadRequest().empty() && peer.Send(response)) continue;
  };
}

std::string Ok(std::string_view body, std::string_view headers) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), headers,
                     body);
}

}  // namespace kload::agent
