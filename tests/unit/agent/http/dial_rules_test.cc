#include "agent/http/dial_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

namespace kload::agent {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::make_address;

Target To(const char* url) { return ParseUrl(url).value(); }

TEST(DialRulesTest, AddressesSurviveTheChangeOfType) {
  for (const char* text : {"127.0.0.1", "255.0.1.2", "::1", "fd00::1:2"}) {
    EXPECT_EQ(ToAsio(FromAsio(make_address(text))).to_string(), text);
  }
  EXPECT_EQ(ToAsio(FromAsio(make_address("::ffff:10.0.0.1"))).to_string(), "10.0.0.1");
}

TEST(DialRulesTest, AllowsAllWithoutOptions) {
  const DialRules rules({});
  std::vector<address> addresses = {make_address("10.0.0.1")};
  EXPECT_FALSE(rules.Blocked(To("http://a.com/")));
  EXPECT_FALSE(rules.Override(To("http://a.com/")));
  EXPECT_FALSE(rules.Refused(addresses));
  addresses.clear();
  EXPECT_FALSE(rules.Refused(addresses));
}

TEST(DialRulesTest, BlocksHosts) {
  NetworkOptions options;
  options.blocked_hosts = {ParseHostPattern("*.a.com").value()};
  const DialRules rules(options);
  const std::optional<Failure> failure = rules.Blocked(To("https://X.A.com/"));
  ASSERT_TRUE(failure);
  EXPECT_EQ(static_cast<int>(failure->code), 1111);
  EXPECT_EQ(failure->text, "hostname is blocked");
  EXPECT_FALSE(rules.Blocked(To("https://a.com/")));
}

TEST(DialRulesTest, SendsHostsElsewhere) {
  NetworkOptions options;
  for (const auto& [host, to] : std::vector<std::pair<const char*, const char*>>{
           {"a.com", "10.0.0.1"}, {"a.com:443", "10.0.0.2:8443"}, {"*.a.com", "10.0.0.3:1"}}) {
    options.hosts.push_back({ParseHostPattern(host).value(), ParseHostAddress(to).value()});
  }
  const DialRules rules(options);
  const auto to = [&](const char* url) { return FormatHostAddress(*rules.Override(To(url))); };
  EXPECT_EQ(to("http://a.com/"), "10.0.0.1:80");
  EXPECT_EQ(to("http://a.com:81/"), "10.0.0.1:81");
  EXPECT_EQ(to("https://a.com/"), "10.0.0.2:8443");
  EXPECT_EQ(to("https://b.a.com/"), "10.0.0.3:1");
  EXPECT_FALSE(rules.Override(To("http://b.com/")));
}

TEST(DialRulesTest, RefusesAddresses) {
  NetworkOptions options;
  options.blacklisted_ips = {ParseCidr("10.0.0.0/8").value(), ParseCidr("fd00::/8").value()};
  const DialRules rules(options);
  std::vector<address> addresses = {make_address("10.1.2.3"), make_address("11.0.0.1")};
  const std::optional<Failure> failure = rules.Refused(addresses);
  ASSERT_TRUE(failure);
  EXPECT_EQ(static_cast<int>(failure->code), 1110);
  EXPECT_EQ(failure->text, "ip is blacklisted");
  addresses = {make_address("11.0.0.1"), make_address("fd00::1"), make_address("::ffff:10.0.0.1")};
  EXPECT_FALSE(rules.Refused(addresses));
  EXPECT_THAT(addresses, testing::ElementsAre(make_address("11.0.0.1")));
}

}  // namespace
}  // namespace kload::agent
