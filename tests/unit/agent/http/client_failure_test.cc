#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/http/failure.h"
#include "tests/unit/agent/http/client_fixture.h"

namespace kload::agent {
namespace {

using ::testing::HasSubstr;

// A listener whose queue is full: a connect to it neither succeeds nor fails.
class FullListener {
 public:
  FullListener() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address_);
    auto* const generic = reinterpret_cast<sockaddr*>(&address_);
    EXPECT_EQ(bind(listener_, generic, length), 0);
    EXPECT_EQ(listen(listener_, 0), 0);
    EXPECT_EQ(getsockname(listener_, generic, &length), 0);
    for (int& filler : fillers_) {
      filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      static_cast<void>(connect(filler, generic, length));  // in progress, or it fills the queue
    }
  }
  ~FullListener() {
    for (const int filler : fillers_) close(filler);
    close(listener_);
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;

  std::string Url() const {
    return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/";
  }

 private:
  int listener_;
  int fillers_[4] = {};
  sockaddr_in address_{};
};

class ClientFailureTest : public ClientTest {
 protected:
  // A failed request is one hop with the same error, and no response.
  static void ExpectFailure(const http::Response& response, int code, std::string_view text) {
    ExpectConsistent(response);
    EXPECT_EQ(response.status, 0);
    EXPECT_EQ(response.error_code, code);
    EXPECT_EQ(response.error, text);
    EXPECT_EQ(response.hops.back().error_code, code);
    EXPECT_EQ(response.hops.back().error, text);
    EXPECT_FALSE(response.hops.back().interrupted);
  }
  static void ExpectInterrupted(const http::Response& response) {
    ExpectConsistent(response);
    EXPECT_EQ(response.status, 0);
    EXPECT_EQ(response.error_code, 0);
    EXPECT_TRUE(response.hops.back().interrupted);
  }
};

TEST_F(ClientFailureTest, InvalidUrlIsNotSent) {
  const http::Response response = Get("http://a:x/");
  EXPECT_EQ(response.error_code, 1020);
  EXPECT_EQ(response.error, "invalid URL");
  EXPECT_TRUE(response.hops.empty());
}

TEST_F(ClientFailureTest, UnknownSchemesAndMissingHosts) {
  ExpectFailure(Get("ftp://a/"), 1000, "unsupported protocol scheme \"ftp\"");
  ExpectFailure(Get("a/b"), 1000, "unsupported protocol scheme \"\"");
  ExpectFailure(Get("http:///b"), 1000, "no Host in request URL");
}

TEST_F(ClientFailureTest, HeadersThatCouldSmuggleAreNotSent) {
  ScriptedServer server({Always(Ok(""))});
  http::Request request;
  request.url = server.Url("/");
  request.headers = {{"X", "1\r\nY: 2"}};
  ExpectFailure(Fetch(request), 1000, "invalid header field value for \"X\"");
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(ClientFailureTest, Refused) {
  uint16_t port = 0;
  {
    const ScriptedServer server({Always("")});
    port = server.port();
  }
  const http::Response response = Get("http://127.0.0.1:" + std::to_string(port) + "/");
  ExpectFailure(response, 1212, "dial: connection refused");
  EXPECT_EQ(response.timings.duration(), 0ns);
  EXPECT_EQ(response.timings.blocked, 0ns);
  EXPECT_EQ(response.remote_ip, "");
}

TEST_F(ClientFailureTest, WordsOfOtherErrors) {
  namespace asio_error = boost::asio::error;
  EXPECT_EQ(LookupFailure(asio_error::host_not_found).code, FailureCode::kNoSuchHost);
  EXPECT_EQ(LookupFailure(asio_error::host_not_found).text, "lookup: no such host");
  EXPECT_EQ(LookupFailure(asio_error::host_not_found_try_again).code, FailureCode::kDns);
  EXPECT_EQ(DialFailure(asio_error::timed_out).code, FailureCode::kDialTimeout);
  EXPECT_EQ(DialFailure(asio_error::timed_out).text, "dial: i/o timeout");
  EXPECT_EQ(DialFailure(asio_error::network_unreachable).code, FailureCode::kDialUnknownErrno);
  EXPECT_EQ(WriteFailure(asio_error::broken_pipe).code, FailureCode::kBrokenPipe);
  EXPECT_EQ(WriteFailure(asio_error::broken_pipe).text, "write: broken pipe");
  EXPECT_EQ(ReadFailure(asio_error::host_unreachable).code, FailureCode::kUnknownErrno);
}

TEST_F(ClientFailureTest, TimesOutWaiting) {
  ScriptedServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.ReadSome();  // until the client gives up
  }});
  const http::Response response = Get(server.Url("/"), 100ms);
  ExpectFailure(response, 1050, "request timeout");
  EXPECT_GE(response.timings.waiting, 80ms);
  EXPECT_EQ(response.timings.receiving, 0ns);
  EXPECT_GT(response.hops[0].bytes_sent, 0U);
}

TEST_F(ClientFailureTest, TimesOutInTheBody) {
  ScriptedServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    peer.ReadSome();
  }});
  const http::Response response = Get(server.Url("/"), 100ms);
  ExpectFailure(response, 1050, "request timeout");
  EXPECT_GE(response.timings.receiving, 50ms);
  EXPECT_EQ(response.hops[0].bytes_received, server.sent());
}

TEST_F(ClientFailureTest, TimesOutSending) {
  std::atomic<bool> over = false;
  ScriptedServer server({[&over](Peer&) {
    while (!over) std::this_thread::sleep_for(5ms);
  }});
  http::Request request = PostTo(server.Url("/"), std::string(50'000'000, 'x'));
  request.timeout = 200ms;
  const http::Response response = Fetch(request);
  over = true;
  ExpectFailure(response, 1050, "request timeout");
  EXPECT_GE(response.timings.sending, 100ms);
  EXPECT_EQ(response.timings.waiting, 0ns);
}

TEST_F(ClientFailureTest, TimesOutConnecting) {
  const FullListener full;
  const Nanos begun = clock_.Now();
  ExpectFailure(Get(full.Url(), 100ms), 1050, "request timeout");
  EXPECT_LT(clock_.Now() - begun, 5s);
}

TEST_F(ClientFailureTest, NoTimeIsATimeout) {
  ScriptedServer server({Always(Ok(""))});
  ExpectFailure(Get(server.Url("/"), 0s), 1050, "request timeout");
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(ClientFailureTest, OneTimeoutForAllRedirects) {
  ScriptedServer server({[](Peer& peer) {
    while (!peer.ReadRequest().empty()) {
      std::this_thread::sleep_for(60ms);
      peer.Send("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
    }
  }});
  const http::Response response = Get(server.Url("/"), 200ms);
  ExpectFailure(response, 1050, "request timeout");
  EXPECT_GE(response.hops.size(), 2U);
  EXPECT_LE(response.hops.size(), 4U);
  EXPECT_EQ(response.hops[0].status, 302);
}

TEST_F(ClientFailureTest, AnEarlierDeadlineDoesNotEndALaterRequest) {
  ScriptedServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Send(Ok("1"));
    peer.ReadRequest();
    std::this_thread::sleep_for(150ms);
    peer.Send(Ok("2"));
  }});
  EXPECT_EQ(Get(server.Url("/"), 80ms).body, "1");
  EXPECT_EQ(Get(server.Url("/"), 5s).body, "2");
}

TEST_F(ClientFailureTest, Reset) {
  ScriptedServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Reset();
  }});
  ExpectFailure(Get(server.Url("/")), 1220, "read: connection reset by peer");
}

TEST_F(ClientFailureTest, ClosedWithoutAnswer) {
  ScriptedServer server({[](Peer& peer) { peer.ReadRequest(); }});
  ExpectFailure(Get(server.Url("/")), 1000, "EOF");
  EXPECT_EQ(server.connections(), 1U);  // a fresh connection is not tried again
}

TEST_F(ClientFailureTest, ClosedInTheBody) {
  ScriptedServer server({Answers({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"})});
  const http::Response response = Get(server.Url("/"));
  ExpectFailure(response, 1000, "unexpected EOF");
  EXPECT_EQ(response.hops[0].bytes_received, server.sent());
}

TEST_F(ClientFailureTest, Malformed) {
  ScriptedServer server({Answers({"SSH-2.0-OpenSSH_9.2\r\n\r\n"})});
  const http::Response response = Get(server.Url("/"));
  EXPECT_EQ(response.error_code, 1000);
  EXPECT_THAT(response.error, HasSubstr("malformed HTTP response"));
}

TEST_F(ClientFailureTest, AHeaderWithoutEndIsBounded) {
  ScriptedServer server({[](Peer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\n");
    while (peer.Send("X-Endless: " + std::string(1000, 'x') + "\r\n")) continue;
  }});
  const http::Response response = Get(server.Url("/"));
  ExpectFailure(response, 1000, "response headers are larger than 64 KiB");
  EXPECT_LT(response.hops[0].bytes_received, 1'000'000U);
}

TEST_F(ClientFailureTest, SwitchingProtocolsIsAnError) {
  ScriptedServer server({Answers({"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"})});
  ExpectFailure(Get(server.Url("/")), 1000, "unsupported response status: 101 Switching Protocols");
}

// The server closes after it has read the second request: the client can not have known.
ScriptedServer::Script AnswersOnceThenCloses() {
  return [](Peer& peer) {
    peer.ReadRequest();
    peer.Send(Ok("first"));
    peer.ReadRequest();
  };
}

TEST_F(ClientFailureTest, AStaleConnectionIsReplaced) {
  ScriptedServer server({AnswersOnceThenCloses(), Always(Ok("again"))});
  EXPECT_EQ(Get(server.Url("/")).body, "first");
  const http::Response response = Get(server.Url("/"));
  ExpectConsistent(response);
  EXPECT_EQ(response.body, "again");
  EXPECT_EQ(response.hops.size(), 1U);
  EXPECT_GT(response.timings.connecting, 0ns);
  EXPECT_EQ(server.connections(), 2U);
  EXPECT_EQ(response.hops[0].bytes_sent, server.requests()[2].size());
}

TEST_F(ClientFailureTest, WhatMayHaveTakenEffectIsNotSentTwice) {
  ScriptedServer server({AnswersOnceThenCloses(), Always(Ok("again"))});
  Get(server.Url("/"));
  ExpectFailure(Fetch(PostTo(server.Url("/"), "x")), 1000, "EOF");
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(ClientFailureTest, AConnectionClosedWhileIdleIsNotUsed) {
  ScriptedServer server({Answers({Ok("first")}), Always(Ok("again"))});
  EXPECT_EQ(Get(server.Url("/")).body, "first");
  Idle(50ms);  // the server's FIN arrives
  const http::Response response = Fetch(PostTo(server.Url("/"), "x"));
  EXPECT_EQ(response.body, "again");
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(ClientFailureTest, AnAnswerThatNobodyAskedForClosesTheConnection) {
  ScriptedServer server({[](Peer& peer) {
                           peer.ReadRequest();
                           peer.Send(Ok("first"));
                           std::this_thread::sleep_for(20ms);
                           peer.Send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
                           peer.ReadSome();
                         },
                         Always(Ok("again"))});
  EXPECT_EQ(Get(server.Url("/")).body, "first");
  Idle(80ms);
  EXPECT_EQ(Get(server.Url("/")).body, "again");
}

TEST_F(ClientFailureTest, CancelEndsAWait) {
  ScriptedServer server({[this](Peer& peer) {
                           peer.ReadRequest();
                           CancelSoon();
                           peer.ReadSome();
                         },
                         Always(Ok("hello"))});
  ExpectInterrupted(Get(server.Url("/")));
  ExpectInterrupted(Get(server.Url("/")));  // at once, without a connection
  EXPECT_EQ(server.connections(), 1U);
  client_->Reset();
  EXPECT_EQ(Get(server.Url("/")).body, "hello");
}

TEST_F(ClientFailureTest, CancelEndsAConnect) {
  const FullListener full;
  boost::asio::steady_timer timer(io_, 20ms);
  timer.async_wait([this](const boost::system::error_code&) { client_->Cancel(); });
  ExpectInterrupted(Get(full.Url()));
}

TEST_F(ClientFailureTest, CancelEndsALookup) {
  CancelSoon();  // runs at the first suspension, which is the look-up's
  ExpectInterrupted(Get("http://localhost:1/"));
}

TEST_F(ClientFailureTest, CancelMarksOnlyTheLastHop) {
  ScriptedServer server({[this](Peer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
    peer.ReadRequest();
    CancelSoon();
    peer.ReadSome();
  }});
  const http::Response response = Get(server.Url("/"));
  ExpectInterrupted(response);
  ASSERT_EQ(response.hops.size(), 2U);
  EXPECT_FALSE(response.hops[0].interrupted);
}

TEST_F(ClientFailureTest, AClientMayGoWhileItsConnectionIsIdle) {
  ScriptedServer server({Always(Ok("hello"))});
  for (int i = 0; i < 3; ++i) {
    Get(server.Url("/"));
    Remake({});
  }
  Idle(10ms);
  EXPECT_EQ(server.connections(), 3U);
}

}  // namespace
}  // namespace kload::agent
