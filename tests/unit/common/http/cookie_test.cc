#include "common/http/cookie.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/clock.h"
#include "common/http/cookie_jar.h"

namespace kload::http {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Nanos kNow = seconds(1'800'000'000);

TEST(CookieTest, ReadsNameValueAndAttributes) {
  const auto cookie = ParseSetCookie(
      "sid=a=b; Path=/api; DOMAIN=.Example.com; Max-Age=60; Secure; HttpOnly; SameSite=Lax; ;x=");
  ASSERT_TRUE(cookie);
  EXPECT_EQ(cookie->name, "sid");
  EXPECT_EQ(cookie->value, "a=b");
  EXPECT_EQ(cookie->path, "/api");
  EXPECT_EQ(cookie->domain, "example.com");
  EXPECT_EQ(cookie->max_age_s, 60);
  EXPECT_TRUE(cookie->secure);
  EXPECT_TRUE(cookie->http_only);
  EXPECT_FALSE(cookie->expires);
}

TEST(CookieTest, QuotesAreNotPartOfTheValueButGoBack) {
  const auto cookie = ParseSetCookie("a=\"b c\"");
  ASSERT_TRUE(cookie);
  EXPECT_EQ(cookie->value, "b c");
  std::string line = "x=1";
  AppendCookie(cookie->name, cookie->value, cookie->quoted, line);
  EXPECT_EQ(line, "x=1; a=\"b c\"");
}

TEST(CookieTest, RefusesWhatIsNoCookie) {
  for (const char* header : {"", ";", "=v", "no equals", "a b=c", "a=b\x01", "a=b\"c"}) {
    EXPECT_FALSE(ParseSetCookie(header)) << header;
  }
  EXPECT_EQ(ParseSetCookie("a=")->value, "");
  EXPECT_EQ(ParseSetCookie("a=1; max-age=soon; expires=never; path=x")->path, "");
}

TEST(CookieTest, DatesInAllTheirForms) {
  const Nanos expected = seconds(784'111'777);
  for (const char* text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994", "06 November 1994 8:49:37", "1994 6 nov 08:49:37"}) {
    EXPECT_EQ(ParseCookieDate(text), std::string_view(text).starts_with("1994")
                                         ? ParseCookieDate(text)
                                         : std::optional<Nanos>(expected))
        << text;
  }
  for (const char* text : {"", "tomorrow", "Sun, 31 Feb 1994 08:49:37 GMT", "06 Nov 1994 24:00:00",
                           "06 Nov 1500 00:00:00", "06 Nov 08:49:37"}) {
    EXPECT_FALSE(ParseCookieDate(text)) << text;
  }
}

TEST(CookieTest, NothingCanBeSmuggledIntoTheLine) {
  std::string line;
  AppendCookie("a\r\nX: y", "1\r\nY: z;\"\\", false, line);
  EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos);
  EXPECT_EQ(line, "a--X: y=\"1Y: z\"");
}

// ---- The jar ----

class CookieJarTest : public ::testing::Test {
 protected:
  void Set(const char* url, const char* header, Nanos now = kNow) {
    jar_.Set(*ParseUrl(url), *ParseSetCookie(header), now);
  }
  std::vector<std::string> For(const char* url, Nanos now = kNow) {
    std::vector<std::string> cookies;
    for (const Cookie* cookie : jar_.CookiesFor(*ParseUrl(url), now)) {
      cookies.push_back(cookie->name + "=" + cookie->value);
    }
    return cookies;
  }
  CookieJar jar_;
};

TEST_F(CookieJarTest, HostOnlyUnlessADomainIsNamed) {
  Set("http://a.example.com/", "host=1");
  Set("http://a.example.com/", "tree=2; Domain=example.com");
  Set("http://a.example.com/", "other=3; Domain=other.com");
  Set("http://a.example.com/", "top=4; Domain=com");
  EXPECT_THAT(For("http://a.example.com/"), ElementsAre("host=1", "tree=2"));
  EXPECT_THAT(For("http://b.example.com:8080/"), ElementsAre("tree=2"));
  EXPECT_THAT(For("http://b.a.example.com/"), ElementsAre("tree=2"));
  EXPECT_THAT(For("http://badexample.com/"), IsEmpty());
}

TEST_F(CookieJarTest, AddressesHaveNoSubdomains) {
  Set("http://127.0.0.1:1/", "a=1");
  Set("http://127.0.0.1:1/", "b=2; Domain=127.0.0.1");
  Set("http://127.0.0.1:1/", "c=3; Domain=0.0.1");
  EXPECT_THAT(For("http://127.0.0.1:2/"), ElementsAre("a=1", "b=2"));
}

TEST_F(CookieJarTest, PathsMatchByDirectory) {
  Set("http://h/a/b/c?x=/q", "default=1");
  Set("http://h/", "slash=2; Path=/a/");
  Set("http://h/a", "root=3");
  EXPECT_THAT(For("http://h/a/b/d"), ElementsAre("default=1", "slash=2", "root=3"));
  EXPECT_THAT(For("http://h/a/bb"), ElementsAre("slash=2", "root=3"));
  EXPECT_THAT(For("http://h/a"), ElementsAre("root=3"));
}

TEST_F(CookieJarTest, SecureOnesAreForHttpsOnly) {
  Set("https://h/", "a=1; Secure");
  EXPECT_THAT(For("http://h/"), IsEmpty());
  EXPECT_THAT(For("https://h/"), ElementsAre("a=1"));
}

TEST_F(CookieJarTest, ExpireAndAreDeleted) {
  Set("http://h/", "a=1; Max-Age=10; Expires=Sun, 06 Nov 1994 08:49:37 GMT");
  Set("http://h/", "b=2; Expires=Sun, 06 Nov 2039 08:49:37 GMT");
  EXPECT_THAT(For("http://h/"), ElementsAre("a=1", "b=2"));
  EXPECT_THAT(For("http://h/", kNow + seconds(10)), ElementsAre("b=2"));
  Set("http://h/", "b=; Max-Age=0");
  Set("http://h/", "a=; Expires=Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_THAT(For("http://h/"), IsEmpty());
}

TEST_F(CookieJarTest, ANewValueKeepsItsPlace) {
  Set("http://h/", "a=1");
  Set("http://h/", "b=2");
  Set("http://h/", "a=3");
  EXPECT_THAT(For("http://h/"), ElementsAre("a=3", "b=2"));
  jar_.Delete(*ParseUrl("http://h/"), "a", kNow);
  EXPECT_THAT(For("http://h/"), ElementsAre("b=2"));
  Set("http://other/", "c=4");
  jar_.Clear(*ParseUrl("http://h/"), kNow);
  EXPECT_THAT(For("http://h/"), IsEmpty());
  EXPECT_THAT(For("http://other/"), ElementsAre("c=4"));
}

TEST_F(CookieJarTest, IsBounded) {
  for (size_t i = 0; i < CookieJar::kCookiesMax + 5; ++i) {
    Set("http://h/", ("c" + std::to_string(i) + "=1").c_str());
  }
  const auto cookies = For("http://h/");
  EXPECT_EQ(cookies.size(), CookieJar::kCookiesMax);
  EXPECT_EQ(cookies.front(), "c5=1");
}

TEST(CookieLineTest, TheCallsOwnThenTheJars) {
  Request request;
  request.jar = std::make_shared<CookieJar>();
  const auto url = *ParseUrl("http://h/");
  const SystemClock clock;
  EXPECT_EQ(CookieLine(request, url, clock), "");
  StoreCookies(request, url, {{"set-cookie", "a=1"}, {"X", "y"}, {"Set-Cookie", "b=2"}}, clock);
  EXPECT_EQ(CookieLine(request, url, clock), "a=1; b=2");
  request.cookies = {{"a", "own", false}, {"b", "other", true}};
  EXPECT_EQ(CookieLine(request, url, clock), "a=own; b=other; a=1");
  request.jar = nullptr;
  EXPECT_EQ(CookieLine(request, url, clock), "a=own; b=other");
}

}  // namespace
}  // namespace kload::http
