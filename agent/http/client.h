// HTTP/1.1 for one VU: its connections, kept alive between iterations, and the redirects it
// follows.
//
// Thread: one worker's; Fetch() suspends the calling fiber, and the worker's io_context resumes it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string_view>

#include "agent/fiber/fiber.h"
#include "agent/http/idle_limits.h"
#include "agent/http/rate_limit.h"
#include "common/base/clock.h"
#include "common/http/message.h"
#include "common/net/allow_list.h"
#include "common/net/network_options.h"

namespace kload::agent {

struct HttpOptions {
  std::string user_agent = {};  // empty: none sent
  bool insecure_skip_tls_verify = false;
  bool no_connection_reuse = false;  // close after every request
  bool hop_addresses = false;        // fill in Hop::remote_ip
  std::string ca_file = {};          // extra trusted CAs, PEM; empty: the system's
  IdleLimits idle = {};              // of each VU
  NetworkOptions network = {};
  AllowList allow = {};                // the agent's own
  uint64_t first_dns_turn = 0;         // see Resolver
  RateLimit::NextSlot next_slot = {};  // empty: no limit
};

// What the clients of one worker share: TLS context and session cache, resolver with its cache,
// deadline timers.
// Thread: one worker's. Outlives its clients.
class HttpShared {
 public:
  HttpShared(boost::asio::io_context& io, const Clock& clock, HttpOptions options);
  ~HttpShared();
  // Connections that could not be made for a lack of this machine's own: files, ports, memory.
  uint64_t generator_errors() const;
  // See Poller.
  void BeforeOne(bool more);
  void AfterOne();
  void AfterAll();

 private:
  friend class HttpClient;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The VU that has the client.
struct ClientOwner {
  int64_t vu = 0;  // __VU: decides the local address (`localIPs`)
  std::function<void(std::string_view)> log =
      {};  // takes what `httpDebug` asks for; empty: nothing
};

class HttpClient {
 public:
  explicit HttpClient(HttpShared& shared, ClientOwner owner = {});
  // For requests of the same VU at the same time: has the owner and the connections of `main`, which outlives it.
  HttpClient(HttpShared& shared, HttpClient& main);
  ~HttpClient();

  // Sends the request and follows redirects; `response`, which must be as made anew, is what came back. Every problem is in it
  // (status 0, error, error_code). After Cancel(), or when it comes while this is suspended, the last hop is marked
  // `interrupted` and the response has error_code 0 and status 0; a hop that still waited for its
  // slot (`rps`) is none.
  void Fetch(Fiber& fiber, const http::Request& request, http::Response& response);
  http::Response Fetch(Fiber& fiber, const http::Request& request);
  // Ends a suspended Fetch() soon, by resuming its fiber through the io_context; later Fetches fail
  // at once until Reset().
  void Cancel();
  void Reset();
  // Closes idle connections (noVUConnectionReuse).
  void CloseIdle();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kload::agent
