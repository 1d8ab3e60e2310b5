#include "common/base/url_text.h"

#include <gtest/gtest.h>

namespace kload {
namespace {

TEST(WithoutCredentials, LeavesThemOutAndNothingElse) {
  EXPECT_EQ(WithoutCredentials("https://me:secret@host:1/a@b"), "https://host:1/a@b");
  EXPECT_EQ(WithoutCredentials("https://token@host"), "https://host");
  EXPECT_EQ(WithoutCredentials("http://a:b@c@host/x"), "http://host/x");
  EXPECT_EQ(WithoutCredentials("http://host/a@b?c=d@e"), "http://host/a@b?c=d@e");
  EXPECT_EQ(WithoutCredentials("http://host?x=a@b"), "http://host?x=a@b");
  EXPECT_EQ(WithoutCredentials("no url"), "no url");
}

}  // namespace
}  // namespace kload
