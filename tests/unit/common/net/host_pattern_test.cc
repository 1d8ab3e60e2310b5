#include "common/net/host_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace kload {
namespace {

HostTable Table(const std::vector<std::string>& patterns) {
  HostTable table;
  for (size_t i = 0; i < patterns.size(); ++i) {
    table.Add(ParseHostPattern(patterns[i]).value(), i);
  }
  return table;
}

TEST(HostPatternTest, KeepsItsTextInSmallLetters) {
  const auto text = [](const char* pattern) {
    return FormatHostPattern(ParseHostPattern(pattern).value());
  };
  EXPECT_EQ(text("API.example.com"), "api.example.com");
  EXPECT_EQ(text("*.Example.com:8080"), "*.example.com:8080");
  EXPECT_EQ(text("*"), "*");
  EXPECT_EQ(text("10.0.0.1:80"), "10.0.0.1:80");
  EXPECT_EQ(text("[fd00::1]:80"), "[fd00::1]:80");
  EXPECT_EQ(text("[fd00::1]"), "fd00::1");
  EXPECT_EQ(text("fd00::1"), "fd00::1");
}

TEST(HostPatternTest, RefusesWhatIsNoHost) {
  for (const char* text : {"", "a.*.com", "*a.com", "a*", "*.", ".com", "a..b", "a.", "a b", "a:b",
                           "a:0", "a:70000", "a:", "http://a", "[::1", "[::1]x", "a/b"}) {
    EXPECT_FALSE(ParseHostPattern(text).ok()) << text;
  }
}

TEST(HostAddressTest, KeepsItsText) {
  for (const char* text : {"10.0.0.1", "10.0.0.1:8080", "fd00::1", "[fd00::1]:8080"}) {
    EXPECT_EQ(FormatHostAddress(ParseHostAddress(text).value()), text);
  }
  for (const char* text : {"", "a.com", "10.0.0.1:", "10.0.0.1:http", ":80", "[fd00::1]:"}) {
    EXPECT_FALSE(ParseHostAddress(text).ok()) << text;
  }
}

TEST(HostTableTest, AStarStandsForLabelsBefore) {
  const HostTable table = Table({"*.example.com"});
  EXPECT_TRUE(table.Find("a.example.com", 80));
  EXPECT_TRUE(table.Find("a.b.example.com", 80));
  EXPECT_TRUE(table.Find("a.example.com.", 80));
  EXPECT_FALSE(table.Find("example.com", 80));
  EXPECT_FALSE(table.Find("badexample.com", 80));
  EXPECT_FALSE(table.Find("example.com.org", 80));
}

TEST(HostTableTest, TheBestPatternWins) {
  const HostTable table = Table(
      {"*", "*.com", "*.example.com", "a.example.com", "*.example.com:8080", "a.example.com:443"});
  EXPECT_EQ(table.Find("kload", 80), 0U);
  EXPECT_EQ(table.Find("b.com", 80), 1U);
  EXPECT_EQ(table.Find("b.example.com", 80), 2U);
  EXPECT_EQ(table.Find("a.example.com", 80), 3U);
  EXPECT_EQ(table.Find("a.example.com", 8080), 4U);
  EXPECT_EQ(table.Find("a.example.com", 443), 5U);
}

TEST(HostTableTest, AddressesAreNamesToo) {
  const HostTable table = Table({"10.0.0.1:80", "fd00::1"});
  EXPECT_EQ(table.Find("10.0.0.1", 80), 0U);
  EXPECT_FALSE(table.Find("10.0.0.1", 81));
  EXPECT_EQ(table.Find("fd00::1", 81), 1U);
}

}  // namespace
}  // namespace kload
