#include "common/http/url.h"

#include <gmock/gmock.h>

namespace kload::http {
namespace {

Target Parsed(std::string_view url) {
  const std::optional<Target> target = ParseUrl(url);
  EXPECT_TRUE(target.has_value()) << url;
  return target.value_or(Target());
}

std::string Resolved(std::string_view base, std::string_view reference) {
  return ResolveReference(Parsed(base), reference).value_or("(none)");
}

TEST(Url, SplitsWhereToConnectFromWhatToAskFor) {
  const Target target = Parsed("http://Example.COM:8080/a/b?x=1&y=2#part");
  EXPECT_EQ(target.scheme, "http");
  EXPECT_EQ(target.host, "example.com");
  EXPECT_EQ(target.port, 8080);
  EXPECT_EQ(target.host_header, "Example.COM:8080");
  EXPECT_EQ(target.path, "/a/b?x=1&y=2");
  EXPECT_FALSE(target.is_ip);
  EXPECT_FALSE(target.tls());
}

TEST(Url, HasDefaultPortsAndPath) {
  EXPECT_EQ(Parsed("http://a").port, 80);
  EXPECT_EQ(Parsed("HTTPS://a").port, 443);
  EXPECT_TRUE(Parsed("HTTPS://a").tls());
  EXPECT_EQ(Parsed("http://a").path, "/");
  EXPECT_EQ(Parsed("http://a?q").path, "/?q");
  EXPECT_EQ(Parsed("http://a:/x").port, 80);
  EXPECT_EQ(Parsed("http://a:/x").host_header, "a");
}

TEST(Url, KnowsAddressLiterals) {
  const Target v6 = Parsed("http://[::1]:81/");
  EXPECT_EQ(v6.host, "::1");
  EXPECT_EQ(v6.host_header, "[::1]:81");
  EXPECT_TRUE(v6.is_ip);
  EXPECT_TRUE(Parsed("http://127.0.0.1/").is_ip);
}

TEST(Url, EncodesWhatScriptsForget) {
  EXPECT_EQ(Parsed("http://a/b c").path, "/b%20c");
  EXPECT_EQ(Parsed("http://a/ü").path, "/%C3%BC");
  EXPECT_EQ(Parsed("http://a/?q=a b").path, "/?q=a%20b");
  EXPECT_EQ(Parsed("http://a/?q={\"x\":[1]}").path, "/?q={\"x\":[1]}");
  EXPECT_EQ(Parsed("http://a/%41?q=%zz").path, "/%41?q=%25zz");
}

TEST(Url, RefusesWhatIsNone) {
  EXPECT_FALSE(ParseUrl("http://a/\n").has_value());
  EXPECT_FALSE(ParseUrl("http://a/%zz").has_value());
  EXPECT_FALSE(ParseUrl("http://a:70000/").has_value());
  EXPECT_FALSE(ParseUrl("http://a:x/").has_value());
  EXPECT_FALSE(ParseUrl("http://a:8x/").has_value());
  EXPECT_FALSE(ParseUrl("http://[::1]x:80/").has_value());
  EXPECT_FALSE(ParseUrl("http://a b/").has_value());
  EXPECT_FALSE(ParseUrl("http://a\\b/").has_value());
  EXPECT_FALSE(ParseUrl("127.0.0.1:3000/").has_value());
  EXPECT_FALSE(ParseUrl("http://[::1/").has_value());
}

TEST(Url, LeavesUnknownSchemesToTheClient) {
  EXPECT_EQ(Parsed("ftp://a/").scheme, "ftp");
  EXPECT_EQ(Parsed("example.com/x").scheme, "");
  EXPECT_EQ(Parsed("/x").host, "");
  EXPECT_EQ(Parsed("").host, "");
}

TEST(Url, MasksCredentialsAndMakesThemAHeader) {
  const Target both = Parsed("http://user:p%40ss@a/x");
  EXPECT_EQ(both.masked, "http://****:****@a/x");
  EXPECT_EQ(both.authorization, "Basic dXNlcjpwQHNz");  // user:p@ss
  EXPECT_EQ(both.host, "a");
  EXPECT_EQ(both.host_header, "a");
  EXPECT_EQ(Parsed("http://user@a/x").masked, "http://****@a/x");
  EXPECT_EQ(Parsed("http://user@a/x").authorization, "Basic dXNlcjo=");
  EXPECT_EQ(Parsed("http://a/x@y:z").masked, "http://a/x@y:z");
}

TEST(Url, ResolvesReferences) {
  EXPECT_EQ(Resolved("http://a/b/c?d", "/e"), "http://a/e");
  EXPECT_EQ(Resolved("http://a/b/c?d", "e?f=1"), "http://a/b/e?f=1");
  EXPECT_EQ(Resolved("http://a/b/c", "../e"), "http://a/e");
  EXPECT_EQ(Resolved("http://a/b/c", "?x"), "http://a/b/c?x");
  EXPECT_EQ(Resolved("http://a:81/b", "//other/e"), "http://other/e");
  EXPECT_EQ(Resolved("http://a/b", "https://b:8/e"), "https://b:8/e");
  EXPECT_EQ(Resolved("http://u:p@a/b", "/e"), "http://u:p@a/e");
  EXPECT_EQ(Resolved("http://a/b", "/e f"), "http://a/e%20f");
  EXPECT_EQ(Resolved("http://a/b", "/%zz"), "(none)");
}

TEST(Url, KnowsSubdomains) {
  EXPECT_TRUE(IsSameOrSubdomain("example.com", "example.com"));
  EXPECT_TRUE(IsSameOrSubdomain("api.example.com", "example.com"));
  EXPECT_FALSE(IsSameOrSubdomain("badexample.com", "example.com"));
  EXPECT_FALSE(IsSameOrSubdomain("example.com", "api.example.com"));
  EXPECT_FALSE(IsSameOrSubdomain("fe80::1%.example.com", "example.com"));
}

TEST(Url, ComparesServers) {
  EXPECT_TRUE(Parsed("http://a/x").SameServer(Parsed("http://A:80/y")));
  EXPECT_FALSE(Parsed("http://a/x").SameServer(Parsed("https://a:80/x")));
  EXPECT_FALSE(Parsed("http://a/x").SameServer(Parsed("http://a:81/x")));
}

}  // namespace
}  // namespace kload::http
