#include "common/net/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/status.h"

namespace kload {
namespace {

using testing::HasSubstr;

IpAddress Ip(std::string_view text) { return ParseIp(text).value(); }

TEST(IpTest, KeepsItsText) {
  for (const char* text : {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "fd00::1:2"}) {
    EXPECT_EQ(FormatIp(Ip(text)), text);
  }
}

TEST(IpTest, AMappedAddressIsTheOneItStandsFor) {
  EXPECT_EQ(Ip("::ffff:10.0.0.1"), Ip("10.0.0.1"));
}

TEST(IpTest, RefusesOtherTexts) {
  for (const char* text : {"", "10", "10.0.0", "10.0.0.256", "10.0.0.1 ", "[::1]", "localhost"}) {
    const auto parsed = ParseIp(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_THAT(Message(parsed.status()), HasSubstr('"' + std::string(text) + '"'));
  }
}

TEST(CidrTest, IsTheWholeBlock) {
  const auto range = [](const char* text) { return FormatRange(ParseCidr(text).value()); };
  EXPECT_EQ(range("10.1.2.3/8"), "10.0.0.0-10.255.255.255");
  EXPECT_EQ(range("192.168.1.77/26"), "192.168.1.64-192.168.1.127");
  EXPECT_EQ(range("1.2.3.4/32"), "1.2.3.4-1.2.3.4");
  EXPECT_EQ(range("1.2.3.4"), "1.2.3.4-1.2.3.4");
  EXPECT_EQ(range("0.0.0.0/0"), "0.0.0.0-255.255.255.255");
  EXPECT_EQ(range("fd00::5/126"), "fd00::4-fd00::7");
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "fd00::/129", "x/8"}) {
    EXPECT_FALSE(ParseCidr(text).ok()) << text;
  }
}

TEST(CidrTest, ContainsWhatLiesBetween) {
  const IpRange range = ParseCidr("10.0.0.0/30").value();
  EXPECT_FALSE(Contains(range, Ip("9.255.255.255")));
  EXPECT_TRUE(Contains(range, Ip("10.0.0.0")));
  EXPECT_TRUE(Contains(range, Ip("10.0.0.3")));
  EXPECT_FALSE(Contains(range, Ip("10.0.0.4")));
  EXPECT_FALSE(Contains(range, Ip("a00::")));
  EXPECT_FALSE(Contains(ParseCidr("::/0").value(), Ip("10.0.0.1")));
}

TEST(IpListTest, DealsItsAddressesOutInTurn) {
  const auto list = ParseIpList("127.0.0.2, 127.0.1.254-127.0.2.1,10.0.0.0/30").value();
  const char* const expected[] = {"127.0.0.2", "127.0.1.254", "127.0.1.255", "127.0.2.0",
                                  "127.0.2.1", "10.0.0.1",    "10.0.0.2"};
  for (int64_t vu = 1; vu <= 21; ++vu) {
    EXPECT_EQ(FormatIp(AddressOfVu(list, vu).value()), expected[(vu - 1) % 7]) << vu;
  }
  EXPECT_EQ(FormatIp(AddressOfVu(list, 0).value()), "127.0.0.2");
  EXPECT_FALSE(AddressOfVu({}, 1).has_value());
}

TEST(IpListTest, SmallBlocksLeaveNothingOut) {
  const auto text = [](const char* list) { return FormatRange(ParseIpList(list)->front()); };
  EXPECT_EQ(text("10.0.0.0/31"), "10.0.0.0-10.0.0.1");
  EXPECT_EQ(text("10.0.0.7/32"), "10.0.0.7-10.0.0.7");
  EXPECT_EQ(text("fd00::/127"), "fd00::-fd00::1");
}

TEST(IpListTest, HugeBlocksCount) {
  const auto list = ParseIpList("fd00::/8").value();
  EXPECT_EQ(FormatIp(AddressOfVu(list, 1).value()), "fd00::");
  EXPECT_EQ(FormatIp(AddressOfVu(list, 70'000).value()), "fd00::1:116f");
}

TEST(IpListTest, RefusesWhatIsNoList) {
  for (const char* text : {"", ",", "10.0.0.1,", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "eth0"}) {
    EXPECT_FALSE(ParseIpList(text).ok()) << text;
  }
}

}  // namespace
}  // namespace kload
