#include "agent/http/client.h"

#include <zlib.h>

#include "common/http/cookie_jar.h"
#include "tests/unit/agent/http/client_fixture.h"

namespace kload::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

std::string Redirect(int status, std::string_view location) {
  return "HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + std::string(location) +
         "\r\nContent-Length: 4\r\n\r\ngone";
}

std::string Gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(ClientTest, FetchesAndTellsEverything) {
  ScriptedServer server({Always(Ok("hello", "X-A: 1\r\n"))});
  const http::Response response = Get(server.Url("/x?y=1"));
  ExpectConsistent(response);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.status_text, "200 OK");
  EXPECT_EQ(response.proto, "HTTP/1.1");
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.url, server.Url("/x?y=1"));
  EXPECT_EQ(response.remote_ip, "127.0.0.1");
  EXPECT_EQ(response.remote_port, server.port());
  EXPECT_EQ(response.error, "");
  EXPECT_EQ(response.error_code, 0);
  EXPECT_THAT(response.headers, ElementsAre(Pair("Content-Length", "5"), Pair("X-A", "1")));
  ASSERT_EQ(response.hops.size(), 1U);
  EXPECT_EQ(response.hops[0].method, "GET");
  EXPECT_EQ(response.hops[0].url, server.Url("/x?y=1"));
  EXPECT_GT(response.timings.connecting, 0ns);
  EXPECT_THAT(server.requests(), ElementsAre(StartsWith("GET /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1")));
}

TEST_F(ClientTest, KeepsItsConnection) {
  ScriptedServer server({Always(Ok("hello"))});
  EXPECT_GT(Get(server.Url("/")).timings.connecting, 0ns);
  for (int i = 0; i < 10; ++i) {
    const http::Response response = Get(server.Url("/"));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.timings.connecting, 0ns);
    EXPECT_EQ(response.timings.blocked, 0ns);
    EXPECT_GT(response.timings.waiting, 0ns);
  }
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(ClientTest, ClosesIdleConnectionsWhenAsked) {
  ScriptedServer server({Always(Ok("hello"))});
  Get(server.Url("/"));
  client_->CloseIdle();
  Get(server.Url("/"));
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(ClientTest, KeepsNoConnectionWhenToldSo) {
  ScriptedServer server({Always(Ok("hello"))});
  Remake({.no_connection_reuse = true});
  Get(server.Url("/"));
  Get(server.Url("/"));
  EXPECT_EQ(server.connections(), 2U);
  EXPECT_THAT(server.requests()[0], HasSubstr("Connection: close\r\n"));
}

TEST_F(ClientTest, KeepsNoConnectionThatEitherSideCloses) {
  ScriptedServer server({Always(Ok("hello", "Connection: close\r\n"))});
  Get(server.Url("/"));
  Get(server.Url("/"));
  EXPECT_EQ(server.connections(), 2U);
  ScriptedServer keeping({Always(Ok("hello"))});
  http::Request request;
  request.url = keeping.Url("/");
  request.headers = {{"Connection", "close"}};
  Fetch(request);
  Fetch(request);
  EXPECT_EQ(keeping.connections(), 2U);
}

TEST_F(ClientTest, KeepsNoConnectionThatSaidTooMuch) {
  ScriptedServer server({Always(Ok("hello") + "and more")});
  EXPECT_EQ(Get(server.Url("/")).body, "hello");
  EXPECT_EQ(Get(server.Url("/")).body, "hello");
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(ClientTest, ReadsEveryKindOfBody) {
  ScriptedServer server(
      {Answers({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
                "HTTP/1.1 204 No Content\r\n\r\n", Ok(""), "HTTP/1.1 200 OK\r\n\r\nto the end"})});
  EXPECT_EQ(Get(server.Url("/")).body, "hello");
  EXPECT_EQ(Get(server.Url("/")).status, 204);
  EXPECT_EQ(Get(server.Url("/")).body, "");
  EXPECT_EQ(Get(server.Url("/")).body, "to the end");
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(ClientTest, HeadHasNoBody) {
  ScriptedServer server({Always("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")});
  http::Request request;
  request.method = "HEAD";
  request.url = server.Url("/");
  EXPECT_EQ(Fetch(request).status, 200);
  EXPECT_EQ(Fetch(request).body, "");
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(ClientTest, DropsABodyThatNobodyWants) {
  ScriptedServer server({Always(Ok(std::string(100'000, 'x'), "Content-Encoding: gzip\r\n"))});
  http::Request request;
  request.url = server.Url("/");
  request.response_type = http::ResponseType::kNone;
  const http::Response response = Fetch(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "");
  EXPECT_GT(response.hops[0].bytes_received, 100'000U);
}

TEST_F(ClientTest, CountsTheBytesThatTheServerSees) {
  const std::string large(3'000'000, 'x');
  ScriptedServer server({Always(Ok(large))});
  uint64_t sent = 0;
  uint64_t received = 0;
  for (const std::string& body : {std::string("x"), large, std::string()}) {
    const http::Response response = Fetch(PostTo(server.Url("/"), body));
    ExpectConsistent(response);
    EXPECT_EQ(response.body.size(), large.size());
    sent += response.hops[0].bytes_sent;
    received += response.hops[0].bytes_received;
  }
  EXPECT_EQ(sent, server.received());
  EXPECT_EQ(received, server.sent());
  EXPECT_THAT(server.requests()[1], testing::EndsWith("\r\n\r\n" + large));
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(ClientTest, TimingsAddUp) {
  ScriptedServer server({[](Peer& peer) {
    peer.ReadRequest();
    std::this_thread::sleep_for(60ms);
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    std::this_thread::sleep_for(30ms);
    peer.Send("llo");
  }});
  const Nanos begun = clock_.Now();
  const http::Response response = Get(server.Url("/"));
  const Nanos took = clock_.Now() - begun;
  ExpectConsistent(response);
  EXPECT_EQ(response.body, "hello");
  EXPECT_GE(response.timings.waiting, 50ms);
  EXPECT_GE(response.timings.receiving, 20ms);
  EXPECT_LE(response.timings.blocked + response.timings.duration(), took);
  EXPECT_GE(response.timings.blocked + response.timings.duration(), took - 20ms);
}

TEST_F(ClientTest, TakesAnAnswerThatComesBeforeTheRequestIsSent) {
  ScriptedServer server({[](Peer& peer) {
    peer.Send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    while (!peer.ReadSome().empty()) continue;  // until the client closes
  }});
  const http::Response response = Fetch(PostTo(server.Url("/"), std::string(50'000'000, 'x')));
  EXPECT_EQ(response.status, 413);
  EXPECT_LT(response.hops[0].bytes_sent, 50'000'000U);
  EXPECT_EQ(response.timings.waiting, 0ns);
}

TEST_F(ClientTest, ErrorStatusesHaveACodeWithoutText) {
  ScriptedServer server({Answers({"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                                  "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"})});
  http::Response response = Get(server.Url("/"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.error_code, 1404);
  EXPECT_EQ(response.hops[0].error_code, 1404);
  EXPECT_EQ(response.error, "");
  EXPECT_EQ(Get(server.Url("/")).error_code, 1503);
}

TEST_F(ClientTest, DecodesButKeepsTheHeader) {
  ScriptedServer server({Always(Ok(Gzip("hello"), "Content-Encoding: gzip\r\n"))});
  const http::Response response = Get(server.Url("/"));
  EXPECT_EQ(response.body, "hello");
  EXPECT_THAT(response.headers.back(), Pair("Content-Encoding", "gzip"));
  EXPECT_EQ(response.hops[0].bytes_received, server.sent());
}

TEST_F(ClientTest, BrokenEncodingIsAFailure) {
  ScriptedServer server({Always(Ok("no gzip", "Content-Encoding: gzip\r\n"))});
  const http::Response response = Get(server.Url("/"));
  ExpectConsistent(response);
  EXPECT_EQ(response.status, 0);
  EXPECT_EQ(response.error_code, 1701);
  EXPECT_EQ(response.hops[0].error_code, 1701);
}

TEST_F(ClientTest, FollowsRedirectsOverOneConnection) {
  ScriptedServer server({Answers({Redirect(302, "/b"), Redirect(307, "c?d=1"), Ok("here")})});
  const http::Response response = Fetch(PostTo(server.Url("/a"), "data"));
  ExpectConsistent(response);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "here");
  EXPECT_EQ(response.url, server.Url("/c?d=1"));
  ASSERT_EQ(response.hops.size(), 3U);
  EXPECT_EQ(response.hops[0].method, "POST");
  EXPECT_EQ(response.hops[0].status, 302);
  EXPECT_EQ(response.hops[0].url, server.Url("/a"));
  EXPECT_EQ(response.hops[1].method, "GET");
  EXPECT_EQ(response.hops[1].status, 307);
  EXPECT_EQ(response.hops[2].url, server.Url("/c?d=1"));
  EXPECT_EQ(server.connections(), 1U);
  EXPECT_THAT(server.requests()[1], Not(HasSubstr("data")));
  EXPECT_THAT(server.requests()[1], HasSubstr("Referer: " + server.Url("/a") + "\r\n"));
  uint64_t sent = 0;
  for (const http::Hop& hop : response.hops) sent += hop.bytes_sent;
  EXPECT_EQ(sent, server.received());
}

TEST_F(ClientTest, EveryHopTakesAndGivesCookies) {
  const std::string first =
      "HTTP/1.1 302 Found\r\nLocation: /b\r\nSet-Cookie: a=1\r\nset-cookie: far=2; Domain=x.de\r\n"
      "Content-Length: 0\r\n\r\n";
  ScriptedServer server(
      {Answers({first, Ok("here", "Set-Cookie: a=; Max-Age=0\r\n"), Ok("again")})});
  http::Request request;
  request.url = server.Url("/a");
  request.jar = std::make_shared<http::CookieJar>();
  request.headers = {{"cookie", "own=header"}};
  request.cookies = {{"call", "x", false}};
  EXPECT_EQ(Fetch(request).body, "here");
  EXPECT_THAT(server.requests()[0], HasSubstr("\r\ncookie: own=header; call=x\r\n"));
  EXPECT_THAT(server.requests()[1], HasSubstr("\r\nCookie: call=x; a=1\r\n"));
  EXPECT_THAT(server.requests()[1], Not(HasSubstr("own=header")));
  request.headers.clear();
  request.cookies.clear();
  Fetch(request);
  EXPECT_THAT(server.requests()[2], Not(HasSubstr("ookie")));
}

TEST_F(ClientTest, AnswersADigestChallengeOnce) {
  const std::string challenge =
      "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n"
      "Content-Length: 0\r\n\r\n";
  ScriptedServer server({Answers({challenge, Ok("in"), challenge, challenge})});
  http::Request request =
      PostTo("http://u:p@127.0.0.1:" + std::to_string(server.port()) + "/x?y", "data");
  request.digest_auth = true;
  http::Response response = Fetch(request);
  ExpectConsistent(response);
  EXPECT_EQ(response.body, "in");
  ASSERT_EQ(response.hops.size(), 2U);
  EXPECT_EQ(response.hops[0].status, 401);
  EXPECT_EQ(response.hops[0].expectation, http::Expectation::kMet);
  EXPECT_THAT(server.requests()[0], Not(HasSubstr("Authorization")));
  EXPECT_THAT(server.requests()[1], HasSubstr("Authorization: Digest username=\"u\""));
  EXPECT_THAT(server.requests()[1], HasSubstr("uri=\"/x?y\""));
  EXPECT_THAT(server.requests()[1], testing::EndsWith("\r\n\r\ndata"));
  response = Fetch(request);
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.hops.size(), 2U);
  EXPECT_EQ(response.hops[1].expectation, http::Expectation::kByDefaultRule);
}

TEST_F(ClientTest, RepeatsTheRequestAfterA308) {
  ScriptedServer server({Answers({Redirect(308, "/b"), Ok("here")})});
  EXPECT_EQ(Fetch(PostTo(server.Url("/a"), "data")).status, 200);
  EXPECT_THAT(server.requests()[1], StartsWith("POST /b"));
  EXPECT_THAT(server.requests()[1], testing::EndsWith("\r\n\r\ndata"));
}

TEST_F(ClientTest, ReturnsTheLastRedirectAtTheLimit) {
  ScriptedServer server({Always(Redirect(302, "/again"))});
  http::Request request;
  request.url = server.Url("/");
  request.max_redirects = 3;
  http::Response response = Fetch(request);
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(response.body, "gone");
  EXPECT_EQ(response.error_code, 0);
  EXPECT_EQ(response.hops.size(), 4U);
  request.max_redirects = 0;
  EXPECT_EQ(Fetch(request).hops.size(), 1U);
}

TEST_F(ClientTest, CredentialsDoNotCrossHosts) {
  ScriptedServer other({Always(Ok("here"))});
  ScriptedServer server({Always(Redirect(302, other.Url("/b", "localhost")))});
  http::Request request;
  request.url = "http://user:secret@127.0.0.1:" + std::to_string(server.port()) + "/a";
  request.headers = {{"Cookie", "c=1"}, {"X-Mine", "1"}};
  const http::Response response = Fetch(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.hops[0].url,
            "http://****:****@127.0.0.1:" + std::to_string(server.port()) + "/a");
  EXPECT_THAT(server.requests()[0], HasSubstr("Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"));
  EXPECT_THAT(other.requests()[0], Not(HasSubstr("Authorization")));
  EXPECT_THAT(other.requests()[0], Not(HasSubstr("Cookie")));
  EXPECT_THAT(other.requests()[0], HasSubstr("X-Mine: 1\r\n"));
  EXPECT_THAT(other.requests()[0], Not(HasSubstr("secret")));
}

TEST_F(ClientTest, ABrokenLocationIsAnErrorOfTheResponse) {
  ScriptedServer server({Always(Redirect(302, "http://x:y/"))});
  const http::Response response = Get(server.Url("/"));
  EXPECT_EQ(response.status, 0);
  EXPECT_EQ(response.error_code, 1000);
  EXPECT_THAT(response.error, HasSubstr("failed to parse Location"));
  ASSERT_EQ(response.hops.size(), 1U);
  EXPECT_EQ(response.hops[0].status, 302);
}

TEST_F(ClientTest, ManyFibersShareALoop) {
  ScriptedServer server({Always(Ok("hello"))});
  constexpr int kFibers = 30;
  std::vector<std::unique_ptr<HttpClient>> clients;
  std::vector<std::unique_ptr<Fiber>> fibers;
  int good = 0;
  for (int i = 0; i < kFibers; ++i) {
    clients.push_back(std::make_unique<HttpClient>(*shared_));
    fibers.push_back(std::make_unique<Fiber>([&, i](Fiber& fiber) {
      http::Request request;
      request.url = server.Url("/");
      for (int n = 0; n < 20; ++n) good += clients[i]->Fetch(fiber, request).status == 200;
    }));
  }
  for (const auto& fiber : fibers) fiber->Resume();
  for (const auto& fiber : fibers) {
    while (!fiber->done()) io_.run_one();
  }
  EXPECT_EQ(good, kFibers * 20);
  EXPECT_EQ(server.connections(), static_cast<size_t>(kFibers));
}

// Answers that arrive together are read ahead: some whole, some longer than that, some to the connection's end.
TEST_F(ClientTest, AnswersThatArriveTogetherAreWhole) {
  const std::string large(10'000, 'x');
  ScriptedServer small({Always(Ok("hello"))});
  ScriptedServer long_one({Always(Ok(large))});
  ScriptedServer ending({Answers({"HTTP/1.1 200 OK\r\n\r\n" + large})});
  std::vector<std::unique_ptr<HttpClient>> clients;
  std::vector<std::unique_ptr<Fiber>> fibers;
  int good = 0;
  for (int i = 0; i < 30; ++i) {
    clients.push_back(std::make_unique<HttpClient>(*shared_));
    fibers.push_back(std::make_unique<Fiber>([&, i](Fiber& fiber) {
      const ScriptedServer& server = i % 3 == 0 ? small : i % 3 == 1 ? long_one : ending;
      http::Request request;
      request.url = server.Url("/");
      for (int n = 0; n < 20; ++n) {
        const http::Response response = clients[static_cast<size_t>(i)]->Fetch(fiber, request);
        good += response.body == (i % 3 == 0 ? "hello" : large);
      }
    }));
  }
  for (const auto& fiber : fibers) fiber->Resume();
  for (const auto& fiber : fibers) {
    while (!fiber->done()) io_.run_one();
  }
  EXPECT_EQ(good, 30 * 20);
}

}  // namespace
}  // namespace kload::agent
