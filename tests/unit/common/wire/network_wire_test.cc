#include "common/wire/network_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"

namespace kload::wire {
namespace {

using testing::HasSubstr;

NetworkOptions Everything() {
  NetworkOptions options;
  options.hosts = {
      {ParseHostPattern("*.example.com:8080").value(), ParseHostAddress("[fd00::1]:80").value()},
      {ParseHostPattern("a").value(), ParseHostAddress("10.0.0.1").value()}};
  options.blocked_hosts = {ParseHostPattern("*").value(), ParseHostPattern("*.org").value()};
  options.blacklisted_ips = {ParseCidr("10.0.0.0/8").value(), ParseCidr("fd00::/8").value()};
  options.dns = {std::chrono::seconds(3), DnsSelect::kRoundRobin, DnsPolicy::kOnlyIpv6};
  options.tls = {TlsVersion::k1_0,
                 TlsVersion::k1_1,
                 {"TLS_RSA_WITH_AES_256_CBC_SHA"},
                 {{"cert", "key", "password", {ParseHostPattern("*.example.com").value()}}, {}}};
  options.rps = 1000;
  options.local_ips = ParseIpList("127.0.0.2-127.0.0.9, 127.1.0.0/24").value();
  options.http_debug = HttpDebug::kFull;
  return options;
}

NetworkOptions Travelled(const NetworkOptions& options) {
  v1::RunOptions message;
  EncodeNetwork(options, message);
  v1::RunOptions arrived;
  EXPECT_TRUE(arrived.ParseFromString(message.SerializeAsString()));
  NetworkOptions decoded;
  const absl::Status status = DecodeNetwork(arrived, decoded);
  EXPECT_TRUE(status.ok()) << Message(status);
  return decoded;
}

TEST(NetworkWireTest, DecodeUndoesEncode) {
  EXPECT_EQ(Travelled({}), NetworkOptions{});
  EXPECT_EQ(Travelled(Everything()), Everything());
  NetworkOptions options;
  options.dns.ttl = DnsOptions::kForever;
  EXPECT_EQ(Travelled(options), options);
  options.dns.ttl = Nanos::zero();
  EXPECT_EQ(Travelled(options), options);
}

TEST(NetworkWireTest, AnEmptyMessageMeansTheDefaults) {
  NetworkOptions decoded = Everything();
  ASSERT_TRUE(DecodeNetwork({}, decoded).ok());
  EXPECT_EQ(decoded, NetworkOptions{});
}

TEST(NetworkWireTest, NamesTheFieldThatIsWrong) {
  const auto refused = [](auto spoil) {
    v1::RunOptions message;
    EncodeNetwork(Everything(), message);
    spoil(message);
    NetworkOptions decoded;
    return Message(DecodeNetwork(message, decoded));
  };
  using Message = v1::RunOptions&;
  EXPECT_THAT(refused([](Message m) { m.mutable_hosts(1)->set_host("a b"); }),
              HasSubstr("hosts[1]: \"a b\""));
  EXPECT_THAT(refused([](Message m) { m.mutable_hosts(0)->set_address("b"); }),
              HasSubstr("hosts[0]: \"b\""));
  EXPECT_THAT(refused([](Message m) { m.set_blocked_hosts(1, ""); }),
              HasSubstr("blocked_hosts[1]: "));
  EXPECT_THAT(refused([](Message m) { m.set_blacklisted_ips(0, "x"); }),
              HasSubstr("blacklisted_ips[0]: "));
  EXPECT_THAT(refused([](Message m) { m.set_local_ips(0, ""); }), HasSubstr("local_ips[0]: "));
  EXPECT_THAT(refused([](Message m) { m.set_dns_ttl_ns(-2); }), HasSubstr("dns_ttl_ns is -2"));
  EXPECT_THAT(refused([](Message m) { m.set_dns_select(v1::DnsSelect(9)); }),
              HasSubstr("dns_select is 9"));
  EXPECT_THAT(refused([](Message m) { m.set_tls_max(v1::TlsVersion(9)); }),
              HasSubstr("tls_max is 9"));
  EXPECT_THAT(refused([](Message m) { m.set_rps(-1); }), HasSubstr("rps is -1"));
  EXPECT_THAT(refused([](Message m) { m.mutable_tls_client_certificates(0)->set_domains(0, "?"); }),
              HasSubstr("tls_client_certificates[0]: domains[0]: "));
}

}  // namespace
}  // namespace kload::wire
