#include "controller/merge/selector.h"

#include <gtest/gtest.h>

namespace kload::controller {
namespace {

TEST(Selector, MatchesWhenAllTagsHaveTheValue) {
  const Tags tags = {{"group", ""}, {"name", "login"}, {"status", "200"}};
  EXPECT_TRUE(Matches({"m", {}}, tags));
  EXPECT_TRUE(Matches({"m", {{"name", "login"}, {"status", "200"}}}, tags));
  EXPECT_TRUE(Matches({"m", {{"group", ""}}}, tags));
  EXPECT_FALSE(Matches({"m", {{"name", "login"}, {"status", "500"}}}, tags));
  EXPECT_FALSE(Matches({"m", {{"check", ""}}}, tags));
}

TEST(Selector, IsWrittenAsInK6) {
  EXPECT_EQ(ToString({"http_reqs", {}}), "http_reqs");
  EXPECT_EQ(ToString({"http_reqs", {{"name", "a b"}, {"status", "200"}}}),
            "http_reqs{name:a b,status:200}");
}

}  // namespace
}  // namespace kload::controller
