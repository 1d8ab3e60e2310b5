// Cookies as scripts see them: jars, params.cookies, params.jar and Response.cookies.
#include "common/http/cookie_jar.h"
#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using CookiesTest = ScriptTest;

http::Response WithCookies(std::vector<std::string> set) {
  http::Response response = FakeHost::Answer(200, "");
  for (const std::string& header : set) response.headers.Add("set-cookie", header);
  return response;
}

TEST_F(CookiesTest, ResponseCookies) {
  host_.responses.push_back(WithCookies({"a=1; Path=/p; HttpOnly", "a=2; Domain=.h.de; Max-Age=5",
                                         "b=3; Secure; Expires=Thu, 01 Jan 1970 00:00:02 GMT"}));
  EXPECT_THAT(
      Printed(R"(
    const res = http.get('http://h.de/');
    console.log(JSON.stringify(res.cookies));
    console.log(res.cookies.a[1].value, res.cookies === res.cookies, res.cookies.c);
  )"),
      ElementsAre(R"({"a":[{"name":"a","value":"1","domain":"","path":"/p","http_only":true,)"
                  R"("secure":false,"max_age":0,"expires":0},{"name":"a","value":"2",)"
                  R"("domain":"h.de","path":"","http_only":false,"secure":false,)"
                  R"("max_age":5,"expires":0}],"b":[{"name":"b","value":"3","domain":"",)"
                  R"("path":"","http_only":false,"secure":true,"max_age":0,)"
                  R"("expires":2000}]})",
                  "2 true undefined"));
}

TEST_F(CookiesTest, JarMethods) {
  EXPECT_THAT(Printed(R"(
    const jar = http.cookieJar();
    console.log(jar instanceof http.CookieJar, jar.set('https://h.de/a', 'n', 'v', { domain: 'h.de',
        path: '/a', secure: true, http_only: true, max_age: 600 }));
    jar.set('https://h.de/', 'm', 7);
    jar.set('https://h.de/', 'old', 'x', { expires: 'Mon, 02 Jan 2006 15:04:05 GMT' });
    console.log(JSON.stringify(jar.cookiesForURL('https://sub.h.de/a/b')));
    console.log(JSON.stringify(jar.cookiesForURL('https://h.de/a')));
    jar.delete('https://h.de/a', 'n');
    console.log(JSON.stringify(http.cookieJar().cookiesForURL('https://h.de/a')));
    jar.clear('https://h.de/');
    console.log(JSON.stringify(jar.cookiesForURL('https://h.de/')));
  )"),
              ElementsAre("true true", R"({"n":["v"]})", R"({"n":["v"],"m":["7"]})",
                          R"({"m":["7"]})", "{}"));
  EXPECT_THAT(Thrown("http.cookieJar().set('nonsense', 'a', 'b')"), HasSubstr("not a URL"));
  EXPECT_THAT(Thrown("http.cookieJar().set('http://h/', 'a', 'b', { expires: 'soon' })"),
              HasSubstr("not a date"));
  EXPECT_THAT(Thrown("http.cookieJar().set.call({}, 'http://h/')"), HasSubstr("CookieJar"));
  EXPECT_THAT(Thrown("", "http.cookieJar();"), HasSubstr("not in init code"));
}

TEST_F(CookiesTest, RequestsCarryTheVusJarOrTheirOwn) {
  Printed(R"(
    http.cookieJar().set('http://h/', 'vu', '1');
    http.get('http://h/', { cookies: { a: 'x', n: 5, r: { value: 'y', replace: true }, no: null } });
    const own = new http.CookieJar();
    own.set('http://h/', 'own', '2');
    const res = http.get('http://h/', { jar: own });
    console.log(Object.keys(res.request.cookies).length);
  )");
  ASSERT_EQ(host_.sent.size(), 2U);
  const auto line = [&](size_t i) {
    return http::CookieLine(host_.sent[i].request, *http::ParseUrl("http://h/"), SystemClock());
  };
  EXPECT_EQ(line(0), "a=x; n=5; r=y; vu=1");
  EXPECT_EQ(line(1), "own=2");
  EXPECT_THAT(Thrown("http.get('http://h/', { jar: {} })"), HasSubstr("params.jar"));
  settings_.throw_on_error = true;
  EXPECT_THAT(Thrown("http.get('http://h/', { cookies: 'a=b' })"), HasSubstr("params.cookies"));
}

TEST_F(CookiesTest, OptionsOfSetAreReadAsGoReadsThem) {
  EXPECT_THAT(Printed(R"(
    const jar = http.cookieJar();
    jar.set('http://h/a/b', 'zero', '1', { max_age: 0 });
    jar.set('http://h/a/b', 'plain', '1', { path: 'no-slash', domain: 'H' });
    jar.set('http://h/a/b', 'gone', '1', { max_age: 10 });
    jar.set('http://h/a/b', 'gone', '1', { max_age: -1 });
    console.log(Object.keys(jar.cookiesForURL('http://h/a/c')).sort().join());
  )"),
              ElementsAre("plain,zero"));
}

TEST_F(CookiesTest, AServersMaxAgeOfZeroIsShownAsGone) {
  http::Response response = FakeHost::Answer(200, "");
  response.headers = {{"Set-Cookie", "a=1; Max-Age=0"}, {"Set-Cookie", "b=2; Max-Age=60"}};
  host_.responses = {response};
  EXPECT_THAT(Printed("const r = http.get('http://h/');"
                      "console.log(r.cookies.a[0].max_age, r.cookies.b[0].max_age);"),
              ElementsAre("-1 60"));
}

TEST_F(CookiesTest, ShowsTheCallsCookiesInItsRequest) {
  EXPECT_THAT(Printed(R"(
    const res = http.get('http://h/', { cookies: { a: 'x' } });
    console.log(JSON.stringify(res.request.cookies));
  )"),
              ElementsAre(R"({"a":[{"name":"a","value":"x","replace":false}]})"));
}

TEST_F(CookiesTest, EveryIterationBeginsWithoutCookies) {
  const char* script = R"(
    import http from 'k6/http';
    let kept;
    export default function () {
      const jar = http.cookieJar();
      console.log(JSON.stringify(jar.cookiesForURL('http://h/')),
                  kept ? JSON.stringify(kept.cookiesForURL('http://h/')) : '');
      jar.set('http://h/', 'a', __ITER);
      kept = jar;
    })";
  Load(script);
  for (int i = 0; i < 2; ++i) script_->CallIteration("default", i);
  EXPECT_THAT(host_.texts(), ElementsAre("{} ", R"({} {"a":["0"]})"));
  host_.lines.clear();
  settings_.no_cookies_reset = true;
  Load(script);
  for (int i = 0; i < 2; ++i) script_->CallIteration("default", i);
  EXPECT_THAT(host_.texts(), ElementsAre("{} ", R"({"a":["0"]} {"a":["0"]})"));
}

}  // namespace
}  // namespace kload::k6
