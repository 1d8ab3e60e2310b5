// A small HTTP server for what machines ask of a controller: GET /metrics, /healthz and /.
//
// Thread: one of its own, which reads pages and never waits for the core.
// TLS:    1.2 and later, when it has a certificate.
// Bounds: kConnectionsMax connections (more are closed at once), kHeaderBytesMax of request headers (431), no body (413),
//         kIdleMax for a request to arrive and a response to leave (closed then).
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace kload::controller {

struct HttpRequest {
  std::string_view path;           // without query
  std::string_view authorization;  // the header's value
};

struct HttpResponse {
  int status = 200;  // 401 asks for Basic credentials
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

class HttpServer {
 public:
  static constexpr size_t kConnectionsMax = 64;
  static constexpr size_t kHeaderBytesMax = 8 * 1024;
  static constexpr int kIdleMaxSeconds = 30;

  // Answers a GET; called on the server's thread.
  using Handler = std::function<HttpResponse(const HttpRequest& request)>;
  // For HTTPS, PEM; empty: HTTP.
  struct Certificate {
    std::string chain;
    std::string key;
  };

  // Errors: InvalidArgument for an address that is not HOST:PORT, a host nobody knows or a bad certificate; Unavailable when it cannot be
  //         listened on. Both name the address and the flag --http.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& address,
                                                           Handler handler,
                                                           const Certificate& certificate = {});
  ~HttpServer();
  // With the real port when 0 was asked for.
  const std::string& address() const;
  // Closes all connections and joins the thread. Idempotent; not from the handler.
  void Shutdown();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace kload::controller
