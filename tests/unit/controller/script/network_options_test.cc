// The network options of a script: what is read, and what is said of those that are wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"
#include "controller/script/options.h"
#include "tests/unit/agent/http/certificate.h"

namespace kload::controller {
namespace {

using testing::HasSubstr;

PlanRequest With(const std::string& options) {
  PlanRequest request;
  request.options_json = options;
  request.functions = {"default"};
  return request;
}

NetworkOptions Read(const std::string& options) {
  const absl::StatusOr<PlannedTest> test = PlanTest(With(options));
  EXPECT_TRUE(test.ok()) << Message(test.status());
  return test.ok() ? test->plan.options.network : NetworkOptions{};
}

std::string Refused(const std::string& options) {
  const absl::StatusOr<PlannedTest> test = PlanTest(With(options));
  EXPECT_TRUE(absl::IsInvalidArgument(test.status())) << test.status();
  return Message(test.status());
}

TEST(NetworkOptionsTest, AreAtTheirDefaultsWithoutAny) {
  EXPECT_EQ(Read("{}"), NetworkOptions{});
  EXPECT_EQ(Read(R"({"hosts":{},"blockHostnames":[],"blacklistIPs":[],"rps":0,"tlsVersion":"",
                     "tlsAuth":[],"localIPs":"","httpDebug":""})"),
            NetworkOptions{});
}

TEST(NetworkOptionsTest, ReadHosts) {
  const NetworkOptions options =
      Read(R"({"hosts":{"a.Example.com":"10.0.0.1","*.example.com:443":"[fd00::1]:8443"}})");
  ASSERT_EQ(options.hosts.size(), 2U);
  EXPECT_EQ(FormatHostPattern(options.hosts[0].host), "*.example.com:443");
  EXPECT_EQ(FormatHostAddress(options.hosts[0].address), "[fd00::1]:8443");
  EXPECT_EQ(FormatHostPattern(options.hosts[1].host), "a.example.com");
}

TEST(NetworkOptionsTest, RefuseHostsThatAreNone) {
  EXPECT_THAT(Refused(R"({"hosts":{"a.com":"b.com"}})"),
              HasSubstr("options.hosts[\"a.com\"]: \"b.com\" is not an IP address"));
  EXPECT_THAT(Refused(R"({"hosts":{"a.*.com":"10.0.0.1"}})"), HasSubstr("as the first label"));
  EXPECT_THAT(Refused(R"({"hosts":["a.com"]})"), HasSubstr("options.hosts: "));
}

TEST(NetworkOptionsTest, ReadWhatIsBlocked) {
  const NetworkOptions options =
      Read(R"({"blockHostnames":["*.Example.com"],"blacklistIPs":["10.0.0.0/8"]})");
  EXPECT_EQ(FormatHostPattern(options.blocked_hosts.at(0)), "*.example.com");
  EXPECT_EQ(FormatRange(options.blacklisted_ips.at(0)), "10.0.0.0-10.255.255.255");
  EXPECT_THAT(Refused(R"({"blockHostnames":["a","a*"]})"),
              HasSubstr("options.blockHostnames[1]: \"a*\""));
  EXPECT_THAT(Refused(R"({"blacklistIPs":["10.0.0.0/40"]})"),
              HasSubstr("options.blacklistIPs[0]: \"10.0.0.0/40\""));
}

TEST(NetworkOptionsTest, ReadDns) {
  const auto dns = [](const std::string& value) { return Read("{\"dns\":" + value + "}").dns; };
  EXPECT_EQ(dns("{}"), DnsOptions{});
  EXPECT_EQ(dns(R"({"ttl":"1m","select":"first","policy":"onlyIPv6"})"),
            (DnsOptions{std::chrono::minutes(1), DnsSelect::kFirst, DnsPolicy::kOnlyIpv6}));
  EXPECT_EQ(dns(R"("ttl=0,select=roundRobin,policy=any")"),
            (DnsOptions{Nanos(0), DnsSelect::kRoundRobin, DnsPolicy::kAny}));
  EXPECT_EQ(dns(R"({"ttl":"inf"})").ttl, DnsOptions::kForever);
  EXPECT_EQ(dns(R"({"ttl":"0"})").ttl, Nanos(0));
  EXPECT_EQ(dns(R"({"ttl":500})").ttl, std::chrono::milliseconds(500));
}

TEST(NetworkOptionsTest, RefuseOddDns) {
  EXPECT_THAT(Refused(R"({"dns":{"ttl":"soon"}})"), HasSubstr("options.dns.ttl: "));
  EXPECT_THAT(Refused(R"({"dns":{"ttl":"-1s"}})"), HasSubstr("options.dns.ttl: "));
  EXPECT_THAT(Refused(R"({"dns":{"select":"last"}})"),
              HasSubstr("options.dns.select: \"last\" is none of first, random, roundRobin"));
  EXPECT_THAT(Refused(R"({"dns":{"policy":"IPv4"}})"), HasSubstr("preferIPv4, preferIPv6"));
  EXPECT_THAT(Refused(R"({"dns":{"tll":"1s"}})"), HasSubstr("it has ttl, select, policy"));
  EXPECT_THAT(Refused(R"({"dns":"5m"})"), HasSubstr("such as ttl=5m"));
}

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '\n' ? std::string("\\n") : std::string(1, c);
  return quoted + '"';
}

TEST(NetworkOptionsTest, ReadTlsVersions) {
  const auto versions = [](const std::string& value) {
    const TlsOptions tls = Read("{\"tlsVersion\":" + value + "}").tls;
    return std::pair(tls.min, tls.max);
  };
  using enum TlsVersion;
  EXPECT_EQ(versions(R"("tls1.3")"), std::pair(k1_3, k1_3));
  EXPECT_EQ(versions(R"({"min":"tls1.0","max":"tls1.2"})"), std::pair(k1_0, k1_2));
  EXPECT_EQ(versions(R"({"min":"tls1.1"})"), std::pair(k1_1, k1_3));
  EXPECT_EQ(versions(R"({"max":"tls1.1"})"), std::pair(k1_1, k1_1));
  EXPECT_THAT(Refused(R"({"tlsVersion":"1.2"})"), HasSubstr("options.tlsVersion: \"1.2\" is none"));
  EXPECT_THAT(Refused(R"({"tlsVersion":{"min":"tls1.3","max":"tls1.2"}})"),
              HasSubstr("later version than max"));
}

TEST(NetworkOptionsTest, ReadCipherSuites) {
  EXPECT_EQ(Read(R"({"tlsCipherSuites":["TLS_RSA_WITH_AES_256_CBC_SHA"]})").tls.cipher_suites,
            std::vector<std::string>{"TLS_RSA_WITH_AES_256_CBC_SHA"});
  EXPECT_THAT(Refused(R"({"tlsCipherSuites":["TLS_AES_128_GCM_SHA256","AES"]})"),
              HasSubstr("options.tlsCipherSuites[1]: \"AES\""));
}

TEST(NetworkOptionsTest, ReadClientCertificates) {
  const agent::Authority authority;
  const agent::PemPair pair = authority.Client("someone");
  const auto auth = [&](const std::string& fields) {
    return R"({"tlsAuth":[{"cert":)" + Quoted(pair.cert) + "," + fields + "}]}";
  };
  const TlsOptions tls = Read(auth(R"("domains":["*.example.com"],"key":)" + Quoted(pair.key))).tls;
  ASSERT_EQ(tls.client_certificates.size(), 1U);
  EXPECT_EQ(tls.client_certificates[0].cert, pair.cert);
  EXPECT_EQ(tls.client_certificates[0].key, pair.key);
  EXPECT_EQ(tls.client_certificates[0].domains.at(0).name, "*.example.com");
  EXPECT_THAT(Refused(auth(R"("key":"client.key")")),
              HasSubstr("options.tlsAuth[0].key: is not a private key"));
  EXPECT_THAT(Refused(auth(R"("domains":[])")), HasSubstr("options.tlsAuth[0].key: is missing"));
  EXPECT_THAT(Refused(R"({"tlsAuth":[{"cert":"x","key":"y"}]})"),
              HasSubstr("options.tlsAuth[0].cert: is not a certificate"));
  EXPECT_THAT(Refused(R"({"tlsAuth":{}})"), HasSubstr("list of client certificates"));
}

TEST(NetworkOptionsTest, ReadRps) {
  EXPECT_EQ(Read(R"({"rps":100})").rps, 100);
  EXPECT_EQ(Read(R"({"rps":"100"})").rps, 100);
}

TEST(NetworkOptionsTest, ReadLocalIps) {
  EXPECT_EQ(Read(R"({"localIPs":"127.0.0.2, 127.0.0.5-127.0.0.7"})").local_ips.size(), 2U);
  EXPECT_THAT(Refused(R"({"localIPs":"eth0"})"), HasSubstr("options.localIPs: \"eth0\""));
  EXPECT_THAT(Refused(R"({"localIPs":["10.0.0.1"]})"), HasSubstr("options.localIPs: "));
}

TEST(NetworkOptionsTest, ReadHttpDebug) {
  EXPECT_EQ(Read(R"({"httpDebug":"headers"})").http_debug, HttpDebug::kHeaders);
  EXPECT_EQ(Read(R"({"httpDebug":"full"})").http_debug, HttpDebug::kFull);
  EXPECT_THAT(Refused(R"({"httpDebug":"all"})"),
              HasSubstr("options.httpDebug: \"all\" is none of headers, full"));
}

}  // namespace
}  // namespace kload::controller
