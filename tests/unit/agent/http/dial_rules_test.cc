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

TEST(DialRulesTest, AnAgentSendsOnlyWhereItMay) {
  NetworkOptions options;
  options.hosts.push_back(
      {ParseHostPattern("api.test").value(), ParseHostAddress("192.168.1.1").value()});
  const DialRules rules(options, ParseAllowList({"*.test", "b.com:81", "10.0.0.0/8"}).value());
  const auto forbidden = [&](const char* url, bool overridden, std::vector<address> addresses) {
    return rules.Forbidden(To(url), overridden, addresses).has_value();
  };
  const address inside = make_address("10.1.2.3");
  const address outside = make_address("192.168.1.1");
  EXPECT_FALSE(forbidden("http://api.test/", false, {outside}));
  // The script says where the name leads: the name counts for nothing.
  EXPECT_TRUE(forbidden("http://api.test/", true, {outside}));
  EXPECT_FALSE(forbidden("http://api.test/", true, {inside}));
  EXPECT_FALSE(forbidden("http://b.com:81/", false, {outside}));
  EXPECT_TRUE(forbidden("http://b.com/", false, {outside}));
  EXPECT_FALSE(forbidden("http://c.com/", false, {inside}));
  std::vector<address> both = {outside, inside};
  EXPECT_FALSE(rules.Forbidden(To("http://c.com/"), false, both));
  EXPECT_EQ(both, std::vector<address>{inside});
  std::vector<address> none = {outside};
  EXPECT_EQ(rules.Forbidden(To("http://c.com:8080/"), false, none)->text,
            "this agent may not send to c.com:8080 (kload-agent --allow)");
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
