#include "agent/http/url_cache.h"

#include <gmock/gmock.h>

namespace kload::agent {
namespace {

TEST(UrlCache, ParsesOnce) {
  UrlCache cache;
  const auto target = cache.Parse("http://a/x");
  ASSERT_NE(target, nullptr);
  EXPECT_EQ(target->path, "/x");
  EXPECT_EQ(cache.Parse("http://a/x"), target);
  EXPECT_NE(cache.Parse("http://a/y"), target);
  EXPECT_EQ(cache.Parse("http://a:x/"), nullptr);
}

TEST(UrlCache, IsBounded) {
  UrlCache cache;
  const auto first = cache.Parse("http://a/first");
  for (size_t i = 0; i < UrlCache::kUrlsMax; ++i) cache.Parse("http://a/" + std::to_string(i));
  EXPECT_NE(cache.Parse("http://a/first"), first);
  EXPECT_EQ(first->path, "/first");
  const std::string longest = "http://a/" + std::string(UrlCache::kUrlBytesMax, 'x');
  EXPECT_NE(cache.Parse(longest), cache.Parse(longest));
}

}  // namespace
}  // namespace kload::agent
