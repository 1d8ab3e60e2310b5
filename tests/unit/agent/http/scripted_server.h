// A server on 127.0.0.1 that does what a test tells it, byte by byte.
//
// Thread: each connection has a thread of its own, which runs its script; the rest may be called
//         from any.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace kload::agent {

class ScriptedServer;

// The server's end of one connection. Blocking; an end of the stream is no error.
class Peer {
 public:
  // The next request, head and body; empty when the client has closed.
  std::string ReadRequest();
  // Whatever comes next; empty at the end.
  std::string ReadSome();
  // False: the client is gone.
  bool Send(std::string_view bytes);
  // The common name in the client's certificate; "none" without one.
  std::string client_name() const;
  // The client's IP address.
  std::string address() const;
  // Ends the connection by a RST instead of a FIN.
  void Reset();

 private:
  friend class ScriptedServer;
  Peer(ScriptedServer& server, int descriptor) : server_(server), descriptor_(descriptor) {}

  ScriptedServer& server_;
  const int descriptor_;
  SSL* ssl_ = nullptr;
  std::string unread_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  // Connection i is served by scripts[i], those after the last by the last. A script's end closes
  // its connection. With `tls`, every connection begins with a handshake.
  explicit ScriptedServer(std::vector<Script> scripts, SSL_CTX* tls = nullptr);
  // Ends every connection, then waits for the scripts.
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  uint16_t port() const { return port_; }
  std::string Url(std::string_view path, std::string_view host = "127.0.0.1") const;
  size_t connections() const { return connections_; }
  size_t resumed() const { return resumed_; }  // TLS sessions taken up again
  size_t received() const { return received_; }
  size_t sent() const { return sent_; }
  // All requests so far, in the order of their arrival.
  std::vector<std::string> requests();

 private:
  friend class Peer;
  void Accept();
  void Serve(int descriptor, const Script& script);

  const std::vector<Script> scripts_;
  SSL_CTX* const tls_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<size_t> connections_ = 0, resumed_ = 0, received_ = 0, sent_ = 0;
  std::mutex mutex_;  // guards what scripts' threads and the test share below
  std::vector<std::string> requests_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// Answers each request on a connection with the next of `responses`, then closes it.
ScriptedServer::Script Answers(std::vector<std::string> responses);
// Answers every request with `response`.
ScriptedServer::Script Always(std::string response);
// A response with a length; `headers` are whole lines.
std::string Ok(std::string_view body, std::string_view headers = "");

}  // namespace kload::agent
