#include "tests/unit/agent/http/certificate.h"
#include "tests/unit/agent/http/client_fixture.h"

namespace kload::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kLoopback = "DNS:localhost,IP:127.0.0.1";

class ClientTlsTest : public ClientTest {
 protected:
  ClientTlsTest() { Remake({.ca_file = authority_.file()}); }

  Authority authority_;
  ServerTls tls_ = authority_.Serve(kLoopback);
};

TEST_F(ClientTlsTest, TellsVersionAndCipher) {
  ScriptedServer server({Always(Ok("hello"))}, tls_.get());
  const http::Response response = Get(server.Url("/"));
  ExpectConsistent(response);
  EXPECT_EQ(response.error, "");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.tls_version, "tls1.3");
  EXPECT_THAT(response.tls_cipher_suite, StartsWith("TLS_AES_"));
  EXPECT_EQ(response.hops[0].tls_version, "tls1.3");
  EXPECT_GT(response.timings.tls_handshaking, 0ns);
  EXPECT_GE(response.timings.blocked,
            response.timings.connecting + response.timings.tls_handshaking);
}

TEST_F(ClientTlsTest, ChecksNamesToo) {
  ScriptedServer server({Always(Ok("hello"))}, tls_.get());
  EXPECT_EQ(Get(server.Url("/", "localhost")).status, 200);
}

TEST_F(ClientTlsTest, SpeaksTheOlderVersion) {
  SSL_CTX_set_max_proto_version(tls_.get(), TLS1_2_VERSION);
  ScriptedServer server({Always(Ok("hello"))}, tls_.get());
  const http::Response response = Get(server.Url("/"));
  EXPECT_EQ(response.tls_version, "tls1.2");
  EXPECT_THAT(response.tls_cipher_suite, StartsWith("TLS_ECDHE_ECDSA_WITH_"));
}

TEST_F(ClientTlsTest, RefusesVersionsBefore) {
  SSL_CTX_set_security_level(tls_.get(), 0);
  SSL_CTX_set_min_proto_version(tls_.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(tls_.get(), TLS1_1_VERSION);
  ScriptedServer server({Always(Ok("hello"))}, tls_.get());
  EXPECT_EQ(Get(server.Url("/")).error_code, 1300);
}

TEST_F(ClientTlsTest, KeepsItsConnection) {
  ScriptedServer server({Always(Ok("hello"))}, tls_.get());
  Get(server.Url("/"));
  for (int i = 0; i < 5; ++i) {
    const http::Response response = Get(server.Url("/"));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.timings.tls_handshaking, 0ns);
    EXPECT_EQ(response.hops[0].tls_version, "tls1.3");
  }
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(ClientTlsTest, TakesSessionsUpAgain) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const ServerTls tls = authority_.Serve(kLoopback);
    SSL_CTX_set_max_proto_version(tls.get(), version);
    ScriptedServer server({Always(Ok("hello"))}, tls.get());
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(Get(server.Url("/")).status, 200);
      client_->CloseIdle();
    }
    EXPECT_EQ(server.connections(), 4U);
    EXPECT_EQ(server.resumed(), 3U);
  }
}

TEST_F(ClientTlsTest, CountsPlainBytes) {
  const std::string large(2'000'000, 'x');
  ScriptedServer server({Always(Ok(large))}, tls_.get());
  uint64_t sent = 0;
  uint64_t received = 0;
  for (const std::string& body : {std::string("x"), large}) {
    const http::Response response = Fetch(PostTo(server.Url("/"), body));
    EXPECT_EQ(response.body.size(), large.size());
    sent += response.hops[0].bytes_sent;
    received += response.hops[0].bytes_received;
  }
  EXPECT_EQ(sent, server.received());
  EXPECT_EQ(received, server.sent());
}

TEST_F(ClientTlsTest, TakesAnAnswerThatComesBeforeTheRequestIsSent) {
  ScriptedServer server({[](Peer& peer) {
                          peer.Send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
                          while (!peer.ReadSome().empty()) continue;  // until the client closes
                        }},
                        tls_.get());
  EXPECT_EQ(Fetch(PostTo(server.Url("/"), std::string(50'000'000, 'x'))).status, 413);
}

TEST_F(ClientTlsTest, AnEndWithoutGoodbyeEndsABodyWithoutLength) {
  ScriptedServer server({Answers({"HTTP/1.1 200 OK\r\n\r\nto the end"})}, tls_.get());
  EXPECT_EQ(Get(server.Url("/")).body, "to the end");
}

TEST_F(ClientTlsTest, UnknownAuthority) {
  const Authority other;  // of the same name, with another key
  const ServerTls tls = other.Serve(kLoopback);
  ScriptedServer server({Always(Ok("hello"))}, tls.get());
  const http::Response response = Get(server.Url("/"));
  ExpectConsistent(response);
  EXPECT_EQ(response.error_code, 1310);
  EXPECT_EQ(response.error, "x509: unknown authority");
  EXPECT_EQ(response.hops[0].error_code, 1310);
  EXPECT_EQ(response.timings.tls_handshaking, 0ns);
  EXPECT_EQ(server.requests().size(), 0U);
}

TEST_F(ClientTlsTest, UnknownAuthorityOfAnotherName) {
  Remake({});  // the system's roots only
  ScriptedServer server({Always(Ok("hello"))}, tls_.get());
  EXPECT_EQ(Get(server.Url("/")).error_code, 1310);
}

TEST_F(ClientTlsTest, HostMismatch) {
  for (const char* names : {"DNS:example.com", "IP:127.0.0.2"}) {
    const ServerTls tls = authority_.Serve(names);
    ScriptedServer server({Always(Ok("hello"))}, tls.get());
    for (const char* host : {"localhost", "127.0.0.1"}) {
      const http::Response response = Get(server.Url("/", host));
      EXPECT_EQ(response.error_code, 1311);
      EXPECT_EQ(response.error, "x509: certificate doesn't match hostname");
    }
  }
}

TEST_F(ClientTlsTest, ExpiredCertificate) {
  const ServerTls tls = authority_.Serve(kLoopback, /*expired=*/true);
  ScriptedServer server({Always(Ok("hello"))}, tls.get());
  const http::Response response = Get(server.Url("/"));
  EXPECT_EQ(response.error_code, 1300);
  EXPECT_THAT(response.error, HasSubstr("expired"));
}

TEST_F(ClientTlsTest, InsecureTakesAnything) {
  Remake({.insecure_skip_tls_verify = true});
  for (const bool expired : {false, true}) {
    const ServerTls tls = authority_.Serve("DNS:example.com", expired);
    ScriptedServer server({Always(Ok("hello"))}, tls.get());
    EXPECT_EQ(Get(server.Url("/")).status, 200);
  }
}

TEST_F(ClientTlsTest, PlainServer) {
  ScriptedServer server({[](Peer& peer) {
    peer.ReadSome();
    peer.Send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  }});
  const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  const http::Response response = Get(url);
  EXPECT_EQ(response.error_code, 1301);
  EXPECT_EQ(response.error, "tls: first record does not look like a TLS handshake");
}

TEST_F(ClientTlsTest, HandshakesEndInManyWays) {
  ScriptedServer closing({[](Peer& peer) { peer.ReadSome(); }});
  http::Response response = Get("https://127.0.0.1:" + std::to_string(closing.port()) + "/");
  EXPECT_EQ(response.error_code, 1000);
  EXPECT_EQ(response.error, "EOF");
  ScriptedServer resetting({[](Peer& peer) {
    peer.ReadSome();
    peer.Reset();
  }});
  response = Get("https://127.0.0.1:" + std::to_string(resetting.port()) + "/");
  EXPECT_EQ(response.error_code, 1220);
  ScriptedServer silent({[](Peer& peer) {
    while (!peer.ReadSome().empty()) continue;
  }});
  response = Get("https://127.0.0.1:" + std::to_string(silent.port()) + "/", 100ms);
  EXPECT_EQ(response.error_code, 1050);
}

TEST_F(ClientTlsTest, CancelEndsAHandshakeAndAWait) {
  ScriptedServer silent({[this](Peer& peer) {
    peer.ReadSome();
    CancelSoon();
    while (!peer.ReadSome().empty()) continue;
  }});
  http::Response response = Get("https://127.0.0.1:" + std::to_string(silent.port()) + "/");
  EXPECT_TRUE(response.hops.back().interrupted);
  client_->Reset();
  ScriptedServer waiting({[this](Peer& peer) {
                           peer.ReadRequest();
                           CancelSoon();
                           peer.ReadSome();
                         }},
                         tls_.get());
  response = Get(waiting.Url("/"));
  EXPECT_TRUE(response.hops.back().interrupted);
}

TEST_F(ClientTlsTest, AFileWithoutCertificatesIsSaidInEachRequest) {
  Remake({.ca_file = "/dev/null"});
  ScriptedServer server({Always(Ok("hello"))}, tls_.get());
  const http::Response response = Get(server.Url("/"));
  EXPECT_EQ(response.error_code, 1300);
  EXPECT_THAT(response.error, HasSubstr("/dev/null"));
}

TEST_F(ClientTlsTest, ManyFibersHandshakeAtOnce) {
  ScriptedServer server({Always(Ok("hello"))}, tls_.get());
  std::vector<std::unique_ptr<HttpClient>> clients;
  std::vector<std::unique_ptr<Fiber>> fibers;
  int good = 0;
  for (size_t i = 0; i < 16; ++i) {
    clients.push_back(std::make_unique<HttpClient>(*shared_));
    fibers.push_back(std::make_unique<Fiber>([&, i](Fiber& fiber) {
      http::Request request;
      request.url = server.Url("/");
      for (int n = 0; n < 5; ++n) good += clients[i]->Fetch(fiber, request).status == 200;
      clients[i]->CloseIdle();
      good += clients[i]->Fetch(fiber, request).status == 200;
    }));
  }
  for (const auto& fiber : fibers) fiber->Resume();
  for (const auto& fiber : fibers) {
    while (!fiber->done()) io_.run_one();
  }
  EXPECT_EQ(good, 16 * 6);
}

TEST_F(ClientTlsTest, SpeaksTheVersionsThatItIsAllowed) {
  for (const auto& [version, text] :
       {std::pair(TlsVersion::k1_0, "tls1.0"), std::pair(TlsVersion::k1_1, "tls1.1"),
        std::pair(TlsVersion::k1_2, "tls1.2"), std::pair(TlsVersion::k1_3, "tls1.3")}) {
    const ServerTls tls = authority_.Serve(kLoopback);
    SSL_CTX_set_security_level(tls.get(), 0);
    SSL_CTX_set_min_proto_version(tls.get(), TLS1_VERSION);
    ScriptedServer server({Always(Ok("hello"))}, tls.get());
    Remake({.ca_file = authority_.file(), .network = {.tls = {.min = version, .max = version}}});
    const http::Response response = Get(server.Url("/"));
    EXPECT_EQ(response.error, "");
    EXPECT_EQ(response.tls_version, text);
  }
}

TEST_F(ClientTlsTest, OffersTheCipherSuitesOfTheScript) {
  SSL_CTX_set_max_proto_version(tls_.get(), TLS1_2_VERSION);
  ScriptedServer server({Always(Ok("hello"))}, tls_.get());
  const std::string suite = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256";
  Remake({.ca_file = authority_.file(), .network = {.tls = {.cipher_suites = {suite}}}});
  EXPECT_EQ(Get(server.Url("/")).tls_cipher_suite, suite);
}

// The server asks for a certificate and takes any.
void AskForCertificate(SSL_CTX* context) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  static const unsigned char kId[] = "kload";
  SSL_CTX_set_session_id_context(context, kId, sizeof(kId));
}

class ClientCertificateTest : public ClientTlsTest {
 protected:
  ClientCertificateTest() { AskForCertificate(tls_.get()); }

  std::vector<HostPattern> Domains(std::vector<std::string> texts) {
    std::vector<HostPattern> domains;
    for (const std::string& text : texts) domains.push_back(ParseHostPattern(text).value());
    return domains;
  }
  ClientCertificate Named(const std::string& name, std::vector<std::string> domains) {
    const PemPair pair = authority_.Client(name, "sesame");
    return {pair.cert, pair.key, "sesame", Domains(std::move(domains))};
  }
  void With(std::vector<ClientCertificate> certificates) {
    Remake({.ca_file = authority_.file(),
            .network = {.tls = {.client_certificates = std::move(certificates)}}});
  }
};

TEST_F(ClientCertificateTest, GoesToItsDomainsOnly) {
  ScriptedServer server({[](Peer& peer) {
                          peer.ReadRequest();
                          peer.Send(Ok(peer.client_name()));
                        }},
                        tls_.get());
  With({Named("everywhere", {}), Named("local", {"localhost"})});
  EXPECT_EQ(Get(server.Url("/", "localhost")).body, "local");
  EXPECT_EQ(Get(server.Url("/")).body, "everywhere");
  With({Named("local", {"*.localhost", "localhost"})});
  EXPECT_EQ(Get(server.Url("/", "localhost")).body, "local");
  EXPECT_EQ(Get(server.Url("/")).body, "none");
}

TEST_F(ClientCertificateTest, ThatIsNoneFailsEveryHandshakeInWords) {
  ScriptedServer server({Always(Ok("hello"))}, tls_.get());
  With({Named("good", {}), {"nonsense", "", "", {}}});
  const http::Response response = Get(server.Url("/"));
  EXPECT_EQ(response.error_code, 1300);
  EXPECT_THAT(response.error, StartsWith("tlsAuth[1].cert: "));
}

}  // namespace
}  // namespace kload::agent
