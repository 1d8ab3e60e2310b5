#include "common/net/allow_list.h"

#include <gtest/gtest.h>

namespace kload {
namespace {

TEST(AllowListTest, ReadsHostsAndRanges) {
  const auto list =
      ParseAllowList({"api.example", "*.test:8443", "10.0.0.0/8", "127.0.0.1", "::1"});
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->hosts.size(), 2U);
  EXPECT_EQ(list->hosts[1].name, "*.test");
  EXPECT_EQ(list->hosts[1].port, 8443);
  EXPECT_EQ(list->ranges.size(), 3U);
  EXPECT_TRUE(ParseAllowList({})->empty());
  for (const char* wrong : {"", "10.0.0.0/40", "http://x", "a b"}) {
    EXPECT_FALSE(ParseAllowList({wrong}).ok()) << wrong;
  }
}

}  // namespace
}  // namespace kload
