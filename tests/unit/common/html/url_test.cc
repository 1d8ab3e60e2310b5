// References against a page's address.
#include "common/html/url.h"

#include <gtest/gtest.h>

#include <map>

namespace kload::html {
namespace {

TEST(UrlTest, ResolvesAsTheRfcShows) {
  // RFC 3986, section 5.4, but for references without scheme and authority that the RFC leaves open.
  const std::map<std::string, std::string> cases = {{"g:h", "g:h"},
                                                    {"g", "http://a/b/c/g"},
                                                    {"./g", "http://a/b/c/g"},
                                                    {"g/", "http://a/b/c/g/"},
                                                    {"/g", "http://a/g"},
                                                    {"//g", "http://g"},
                                                    {"?y", "http://a/b/c/d;p?y"},
                                                    {"g?y", "http://a/b/c/g?y"},
                                                    {"#s", "http://a/b/c/d;p?q#s"},
                                                    {"g?y#s", "http://a/b/c/g?y#s"},
                                                    {";x", "http://a/b/c/;x"},
                                                    {"", "http://a/b/c/d;p?q"},
                                                    {".", "http://a/b/c/"},
                                                    {"./", "http://a/b/c/"},
                                                    {"..", "http://a/b/"},
                                                    {"../g", "http://a/b/g"},
                                                    {"../..", "http://a/"},
                                                    {"../../g", "http://a/g"},
                                                    {"../../../g", "http://a/g"},
                                                    {"/./g", "http://a/g"},
                                                    {"/../g", "http://a/g"},
                                                    {"g.", "http://a/b/c/g."},
                                                    {"..g", "http://a/b/c/..g"},
                                                    {"./../g", "http://a/b/g"},
                                                    {"g/./h", "http://a/b/c/g/h"},
                                                    {"g/../h", "http://a/b/c/h"},
                                                    {"g?y/../x", "http://a/b/c/g?y/../x"},
                                                    {" g \n", "http://a/b/c/g"},
                                                    {"a b?c d", "http://a/b/c/a b?c d"},
                                                    {"HTTPS://X/y", "https://X/y"},
                                                    {"mailto:me@x", "mailto:me@x"}};
  for (const auto& [reference, resolved] : cases) {
    EXPECT_EQ(ResolveUrl("http://a/b/c/d;p?q", reference), resolved) << reference;
  }
  EXPECT_EQ(ResolveUrl("http://a:80", "x"), "http://a:80/x");
  EXPECT_EQ(ResolveUrl("http://a/?q", "#f"), "http://a/?q#f");
  EXPECT_EQ(ResolveUrl("", "x/../y"), "x/../y");
}

TEST(UrlTest, Parts) {
  const UrlParts url = SplitUrl("https://me:pa@Host.example:8080/p/q?a=1#frag");
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.username(), "me");
  EXPECT_EQ(url.password(), "pa");
  EXPECT_EQ(url.host(), "host.example:8080");
  EXPECT_EQ(url.hostname(), "host.example");
  EXPECT_EQ(url.port(), "8080");
  EXPECT_EQ(url.path, "/p/q");
  EXPECT_EQ(url.query, "a=1");
  EXPECT_EQ(url.fragment, "frag");
  EXPECT_EQ(JoinUrl(url), "https://me:pa@Host.example:8080/p/q?a=1#frag");
  const UrlParts v6 = SplitUrl("http://[::1]:90/");
  EXPECT_EQ(v6.hostname(), "[::1]");
  EXPECT_EQ(v6.port(), "90");
  EXPECT_EQ(SplitUrl("http://[::1]/").port(), "");
  EXPECT_EQ(SplitUrl("/only/path").authority, "");
}

}  // namespace
}  // namespace kload::html
