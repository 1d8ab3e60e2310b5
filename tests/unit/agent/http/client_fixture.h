// A client, its loop and a fiber for it.
#pragma once

#include <gmock/gmock.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/fiber/fiber.h"
#include "agent/http/client.h"
#include "common/base/clock.h"
#include "common/http/message.h"
#include "tests/unit/agent/http/scripted_server.h"

namespace kload::agent {

using namespace std::chrono_literals;

class ClientTest : public ::testing::Test {
 protected:
  explicit ClientTest(HttpOptions options = {.user_agent = "kload-test"}) {
    Remake(std::move(options));
  }
  ~ClientTest() override {
    client_.reset();
    shared_.reset();
    io_.poll();  // what is left of the connections' reads
  }

  // A new client with other options.
  void Remake(HttpOptions options, ClientOwner owner = {}) {
    client_.reset();
    shared_ = std::make_unique<HttpShared>(io_, clock_, std::move(options));
    client_ = std::make_unique<HttpClient>(*shared_, std::move(owner));
  }

  // Runs `body` on a fiber to its end.
  void Run(Fiber::Body body) {
    const auto guard = boost::asio::make_work_guard(io_);
    Fiber fiber(std::move(body));
    fiber.Resume();
    while (!fiber.done()) io_.run_one();
  }

  http::Response Fetch(const http::Request& request) {
    http::Response response;
    Run([&](Fiber& fiber) { response = client_->Fetch(fiber, request); });
    return response;
  }

  http::Response Get(std::string url, Nanos timeout = 10s) {
    http::Request request;
    request.url = std::move(url);
    request.timeout = timeout;
    return Fetch(request);
  }

  static http::Request PostTo(std::string url, std::string body) {
    http::Request request;
    request.method = "POST";
    request.url = std::move(url);
    request.body = std::move(body);
    request.has_body = true;
    request.timeout = 10s;
    return request;
  }

  // Lets the loop do what comes in the meantime.
  void Idle(Nanos duration) { io_.run_for(duration); }

  // From any thread: cancels the client on its own.
  void CancelSoon() {
    boost::asio::post(io_, [this] { client_->Cancel(); });
  }

  boost::asio::io_context io_{1};
  SystemClock clock_;
  std::unique_ptr<HttpShared> shared_;
  std::unique_ptr<HttpClient> client_;
};

// What every response must satisfy.
inline void ExpectConsistent(const http::Response& response) {
  ASSERT_FALSE(response.hops.empty());
  for (const http::Hop& hop : response.hops) {
    const http::Timings& t = hop.timings;
    for (const Nanos phase :
         {t.blocked, t.connecting, t.tls_handshaking, t.sending, t.waiting, t.receiving}) {
      EXPECT_GE(phase, 0ns);
    }
    EXPECT_TRUE(hop.status == 0 || t.blocked >= t.connecting + t.tls_handshaking);
    EXPECT_EQ(t.duration(), t.sending + t.waiting + t.receiving);
    EXPECT_EQ(hop.status == 0, hop.proto.empty());
  }
  EXPECT_EQ(response.error_code == 0 && response.status == 0, response.hops.back().interrupted);
}

}  // namespace kload::agent
