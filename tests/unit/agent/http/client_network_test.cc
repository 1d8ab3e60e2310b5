// Network options at work, on loopback.
#include "agent/http/connection.h"
#include "agent/http/idle_pool.h"
#include "tests/unit/agent/http/client_fixture.h"

namespace kload::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ClientNetworkTest : public ClientTest {
 protected:
  void With(NetworkOptions network) { Remake({.network = std::move(network)}); }
  static HostOverride Override(const std::string& host, const std::string& address) {
    return {ParseHostPattern(host).value(), ParseHostAddress(address).value()};
  }
};

TEST_F(ClientNetworkTest, ReachesHostsAtTheirGivenAddresses) {
  ScriptedServer server({Always(Ok("hello"))});
  With({.hosts = {Override("*.kload.test", "127.0.0.1:" + std::to_string(server.port()))}});
  const http::Response response = Get("http://api.kload.test/");
  ExpectConsistent(response);
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.remote_ip, "127.0.0.1");
  EXPECT_EQ(response.remote_port, server.port());
  EXPECT_EQ(response.url, "http://api.kload.test/");
  EXPECT_THAT(server.requests().at(0), HasSubstr("\r\nHost: api.kload.test\r\n"));
}

TEST_F(ClientNetworkTest, FollowsRedirectsToThemToo) {
  ScriptedServer server({Always(Ok("hello")), Always(Ok("other"))});
  ScriptedServer first({Answers(
      {"HTTP/1.1 302 Found\r\nLocation: http://b.kload.test/\r\nContent-Length: 0\r\n\r\n"})});
  With({.hosts = {Override("a.kload.test", "127.0.0.1:" + std::to_string(first.port())),
                  Override("b.kload.test:80", "127.0.0.1:" + std::to_string(server.port()))}});
  const http::Response response = Get("http://a.kload.test/");
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.hops.size(), 2U);
}

TEST_F(ClientNetworkTest, SendsNothingToBlockedHosts) {
  ScriptedServer server({Always(Ok("hello"))});
  With({.hosts = {Override("*", "127.0.0.1:" + std::to_string(server.port()))},
        .blocked_hosts = {ParseHostPattern("*.kload.test").value()}});
  const http::Response response = Get("http://A.kload.test/");
  ExpectConsistent(response);
  EXPECT_EQ(response.error_code, 1111);
  EXPECT_EQ(response.error, "hostname is blocked");
  EXPECT_EQ(response.hops.at(0).error_code, 1111);
  EXPECT_EQ(response.hops.at(0).error, "hostname is blocked");
  EXPECT_EQ(server.connections(), 0U);
  EXPECT_EQ(Get("http://kload.test/").status, 200);
}

TEST_F(ClientNetworkTest, SendsNothingToBlacklistedAddresses) {
  ScriptedServer server({Always(Ok("hello"))});
  With({.hosts = {Override("kload.test", "127.0.0.1:" + std::to_string(server.port()))},
        .blacklisted_ips = {ParseCidr("127.0.0.0/8").value()}});
  for (const std::string& url :
       {server.Url("/"), server.Url("/", "localhost"), std::string("http://kload.test/")}) {
    const http::Response response = Get(url);
    ExpectConsistent(response);
    EXPECT_EQ(response.error_code, 1110) << url;
    EXPECT_EQ(response.error, "ip is blacklisted") << url;
  }
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(ClientNetworkTest, FindsNamesWithEveryKindOfMemory) {
  for (const Nanos ttl : {Nanos(0), Nanos(1), Nanos(5min), DnsOptions::kForever}) {
    ScriptedServer server({Always(Ok("hello"))});
    With({.dns = {.ttl = ttl, .select = DnsSelect::kRoundRobin, .policy = DnsPolicy::kOnlyIpv4}});
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(Get(server.Url("/", "localhost")).status, 200);
      client_->CloseIdle();
    }
    EXPECT_EQ(server.connections(), 3U);
  }
}

// Slots of the test's choice.
class ClientRateTest : public ClientTest {
 protected:
  void With(std::vector<Nanos> slots) {
    Remake({.next_slot = [slots = std::move(slots)](Nanos from) -> std::optional<Nanos> {
      for (const Nanos slot : slots) {
        if (slot >= from) return slot;
      }
      return std::nullopt;
    }});
  }
};

TEST_F(ClientRateTest, WaitsBeforeEveryHop) {
  ScriptedServer server(
      {Answers({"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", Ok("hello")})});
  const Nanos now = clock_.Now();
  // The second one is there also for who comes too late for it, on a busy machine.
  Remake({.next_slot = [now](Nanos from) -> std::optional<Nanos> {
    return from <= now ? now : std::max(from, now + 100ms);
  }});
  const http::Response response = Get(server.Url("/"));
  ExpectConsistent(response);
  EXPECT_EQ(response.body, "hello");
  ASSERT_EQ(response.hops.size(), 2U);
  EXPECT_GE(clock_.Now(), now + 100ms);
  const http::Timings& timings = response.hops[1].timings;
  EXPECT_EQ(timings.blocked, 0ns);
  EXPECT_LE(timings.duration(), clock_.Now() - now - 100ms);
}

TEST_F(ClientRateTest, TheWaitTakesNothingFromTheTimeout) {
  ScriptedServer server({Always(Ok("hello"))});
  const Nanos now = clock_.Now();
  With({now + 1200ms});
  EXPECT_EQ(Get(server.Url("/"), 1s).status, 200);
}

TEST_F(ClientRateTest, ACancelledWaitIsNoRequest) {
  ScriptedServer server({Always(Ok("hello"))});
  With({});
  CancelSoon();
  const http::Response response = Get(server.Url("/"));
  EXPECT_TRUE(response.hops.empty());
  EXPECT_EQ(response.status, 0);
  EXPECT_EQ(response.error_code, 0);
  EXPECT_EQ(Get(server.Url("/")).hops.size(), 0U);
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(ClientNetworkTest, EachVuSendsFromItsOwnAddress) {
  ScriptedServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Send(Ok(peer.address()));
  }});
  const NetworkOptions network = {.local_ips =
                                      ParseIpList("127.0.0.2-127.0.0.3,127.0.1.9").value()};
  const char* const expected[] = {"127.0.0.2", "127.0.0.3", "127.0.1.9", "127.0.0.2"};
  for (int64_t vu = 1; vu <= 4; ++vu) {
    Remake({.network = network}, {.vu = vu});
    EXPECT_EQ(Get(server.Url("/")).body, expected[vu - 1]);
  }
}

TEST_F(ClientNetworkTest, SendsNothingFromAnAddressThatIsNotItsOwn) {
  ScriptedServer server({Always(Ok("hello"))});
  for (const auto& [address, words] :
       {std::pair("192.0.2.1", "dial: cannot assign requested address"),
        std::pair("fd00::1", "dial: address family not supported by protocol")}) {
    Remake({.network = {.local_ips = ParseIpList(address).value()}}, {.vu = 1});
    const http::Response response = Get(server.Url("/"));
    ExpectConsistent(response);
    EXPECT_EQ(response.error_code, 1213);
    EXPECT_EQ(response.error, words);
  }
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(ClientNetworkTest, LogsWhatTravelsWhenAsked) {
  ScriptedServer server({Always(Ok("hello", "X-Kind: test\r\n"))});
  std::vector<std::string> lines;
  const ClientOwner owner = {.vu = 7,
                             .log = [&](std::string_view text) { lines.emplace_back(text); }};
  Remake({}, owner);
  Get(server.Url("/"));
  EXPECT_TRUE(lines.empty());

  Remake({.network = {.http_debug = HttpDebug::kFull}}, owner);
  http::Request request = PostTo(server.Url("/a"), "question");
  request.response_type = http::ResponseType::kNone;
  Fetch(request);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], StartsWith("Request: request_id=7-1-1\nPOST /a HTTP/1.1\n"));
  EXPECT_THAT(lines[0], HasSubstr("\n\nquestion"));
  EXPECT_THAT(lines[1], StartsWith("Response: request_id=7-1-1\nHTTP/1.1 200 OK\n"));
  EXPECT_THAT(lines[1], HasSubstr("X-Kind: test\n"));
  EXPECT_THAT(lines[1], HasSubstr("\n\nhello"));

  Remake({.network = {.http_debug = HttpDebug::kHeaders}}, owner);
  Get("http://127.0.0.1:1/");
  ASSERT_EQ(lines.size(), 3U);  // nothing came back
}

// Idle connections of one client, kept up to its limits.
class IdlePoolTest : public ClientTest {
 protected:
  std::shared_ptr<Connection> Connect(const ScriptedServer& server) {
    auto connection = std::make_shared<Connection>(io_, poller_, clock_, std::span(scratch_));
    Run([&](Fiber& fiber) {
      EXPECT_FALSE(
          connection->Connect(fiber, {boost::asio::ip::make_address("127.0.0.1"), server.port()}));
      ParsedResponse response;
      ResponseParser parser(response, false, true);
      http::Hop hop;
      EXPECT_FALSE(connection->Exchange(fiber, {"GET / HTTP/1.1\r\n\r\n", ""}, parser, hop));
    });
    EXPECT_TRUE(connection->reusable());
    return connection;
  }
  static Target TargetOf(const ScriptedServer& server, std::string_view host = "127.0.0.1") {
    return ParseUrl(server.Url("/", host)).value();
  }

  Poller poller_{io_, clock_};
  std::vector<char> scratch_ = std::vector<char>(65536);
};

TEST_F(IdlePoolTest, KeepsSoManyPerHost) {
  ScriptedServer server({Always(Ok("hello"))});
  IdlePool pool({.all = 3, .per_host = 2});
  std::vector<std::shared_ptr<Connection>> all;
  for (int i = 0; i < 3; ++i) all.push_back(Connect(server));
  for (const auto& connection : all) pool.Put(TargetOf(server), connection);
  EXPECT_TRUE(all[0]->idle());
  EXPECT_TRUE(all[1]->idle());
  EXPECT_FALSE(all[2]->idle()) << "one more than its host may have";
  EXPECT_EQ(pool.Take(TargetOf(server)), all[1]);
  EXPECT_EQ(pool.Take(TargetOf(server)), all[0]);
  EXPECT_EQ(pool.Take(TargetOf(server)), nullptr);
}

TEST_F(IdlePoolTest, KeepsSoManyOfAllAndClosesTheOldest) {
  ScriptedServer server({Always(Ok("hello"))});
  IdlePool pool({.all = 2, .per_host = 2});
  const auto a = Connect(server);
  const auto b = Connect(server);
  const auto c = Connect(server);
  pool.Put(TargetOf(server, "a.test"), a);
  pool.Put(TargetOf(server, "b.test"), b);
  pool.Put(TargetOf(server, "c.test"), c);
  EXPECT_FALSE(a->idle());
  EXPECT_EQ(pool.Take(TargetOf(server, "a.test")), nullptr);
  EXPECT_EQ(pool.Take(TargetOf(server, "b.test")), b);
  EXPECT_EQ(pool.Take(TargetOf(server, "c.test")), c);
  b->Close();
  c->Close();
}

}  // namespace
}  // namespace kload::agent
