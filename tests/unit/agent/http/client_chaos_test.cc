// Servers that do anything, time-outs and cancels at any moment: every request must end, and end
// with an answer that makes sense. Lifetimes are what this is about, so it says most in a build
// with sanitizers.

#include <random>

#include "tests/unit/agent/http/certificate.h"
#include "tests/unit/agent/http/client_fixture.h"

namespace kload::agent {
namespace {

using Random = std::minstd_rand;

int Draw(Random& random, int below) {
  return std::uniform_int_distribution<>(0, below - 1)(random);
}

// Serves some requests well, then does one of many wrong things.
ScriptedServer::Script Moody(std::atomic<uint32_t>& seed) {
  return [&seed](Peer& peer) {
    Random random(++seed);
    for (int good = Draw(random, 8); good > 0; --good) {
      if (peer.ReadRequest().empty()) return;
      if (!peer.Send(Ok(std::string(static_cast<size_t>(Draw(random, 20'000)), 'x')))) return;
    }
    const int mood = Draw(random, 8);
    if (mood == 0) return;  // closes while idle
    if (mood == 1) peer.Send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    if (peer.ReadRequest().empty()) return;
    if (mood == 2) peer.Reset();
    if (mood == 3) peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhe");
    if (mood == 4) peer.Send("rubbish\r\n\r\n");
    if (mood == 5) std::this_thread::sleep_for(std::chrono::milliseconds(Draw(random, 30)));
    if (mood == 6) peer.Send("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
    if (mood == 7) peer.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
  };
}

class ClientChaosTest : public ClientTest, public ::testing::WithParamInterface<uint32_t> {
 protected:
  void Go(const std::vector<std::string>& urls) {
    Random random(GetParam());
    boost::asio::steady_timer timer(io_);
    std::vector<std::unique_ptr<HttpClient>> clients;
    std::vector<std::unique_ptr<Fiber>> fibers;
    for (size_t i = 0; i < kFibers; ++i) {
      clients.push_back(std::make_unique<HttpClient>(*shared_));
      fibers.push_back(std::make_unique<Fiber>(
          [&, i](Fiber& fiber) { Browse(fiber, *clients[i], urls, random); }));
    }
    bool over = false;  // a timer that has fired can not be cancelled
    std::function<void()> cancel_one = [&] {
      clients[static_cast<size_t>(Draw(random, kFibers))]->Cancel();
      timer.expires_after(1ms);
      timer.async_wait([&](const boost::system::error_code& error) {
        if (!error && !over) cancel_one();
      });
    };
    cancel_one();
    for (const auto& fiber : fibers) fiber->Resume();
    for (const auto& fiber : fibers) {
      while (!fiber->done()) io_.run_one();
    }
    over = true;
    timer.cancel();
    clients.clear();
    io_.poll();
  }

 private:
  static constexpr int kFibers = 20;
  static constexpr int kRequests = 60;

  static void Browse(Fiber& fiber, HttpClient& client, const std::vector<std::string>& urls,
                     Random& random) {
    for (int n = 0; n < kRequests; ++n) {
      http::Request request;
      request.url = urls[static_cast<size_t>(Draw(random, static_cast<int>(urls.size())))];
      request.timeout = std::chrono::microseconds(500 + Draw(random, 40'000));
      if (Draw(random, 2) == 0) {
        request.method = "POST";
        request.has_body = true;
        request.body.assign(Draw(random, 20) == 0 ? 8'000'000 : 100, 'x');
      }
      const http::Response response = client.Fetch(fiber, request);
      ExpectConsistent(response);
      client.Reset();
      if (Draw(random, 10) == 0) client.CloseIdle();
    }
  }
};

TEST_P(ClientChaosTest, EveryRequestEnds) {
  const Authority authority;
  Remake({.ca_file = authority.file()});
  const ServerTls tls = authority.Serve("IP:127.0.0.1");
  std::atomic<uint32_t> seed = GetParam() * 1000;
  ScriptedServer plain({Moody(seed)});
  ScriptedServer secure({Moody(seed)}, tls.get());
  Go({plain.Url("/"), secure.Url("/"), plain.Url("/x", "localhost")});
}

INSTANTIATE_TEST_SUITE_P(Seed, ClientChaosTest, ::testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace kload::agent
