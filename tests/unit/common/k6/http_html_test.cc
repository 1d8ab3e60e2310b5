// Response.html(), submitForm() and clickLink().
#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HttpHtmlTest : public ScriptTest {
 protected:
  void Answer(const std::string& body, const std::string& url = "http://x/dir/page?q=1") {
    http::Response response = FakeHost::Answer(200, body);
    response.url = url;
    host_.responses = {response};
    host_.sent.clear();
  }
  // What the page's only form or link makes the script send.
  http::Request Sent(const std::string& body, const std::string& call) {
    Answer(body);
    const Outcome outcome = Run("http.get('http://x/')." + call + ";");
    EXPECT_EQ(outcome.kind, Outcome::Kind::kOk) << outcome.message;
    if (host_.sent.size() != 2) {
      ADD_FAILURE() << host_.sent.size() << " requests: " << call;
      return {};
    }
    return host_.sent[1].request;
  }
  std::string Error(const std::string& body, const std::string& call) {
    Answer(body);
    const std::string message = Thrown("http.get('http://x/')." + call + ";");
    EXPECT_EQ(host_.sent.size(), 1u) << call;
    return message;
  }
};

TEST_F(HttpHtmlTest, Html) {
  Answer("<title>T</title><p class=a>1</p><p>2</p><a href='../up'>l</a>");
  EXPECT_THAT(Printed("const r = http.get('http://x/'); console.log(r.html('p').text(), "
                      "r.html().find('.a').text(),"
                      " r.html() === r.html(), r.html('p').end().find('title').text(), "
                      "r.html('a').get(0).href())"),
              ElementsAre("12 1 true T http://x/up"));
  EXPECT_THAT(Error("", "html('p:foo')"), HasSubstr("Response.html(): selector \"p:foo\""));
}

TEST_F(HttpHtmlTest, WithoutABody) {
  EXPECT_THAT(
      Thrown("http.get('http://x/', { responseType: 'none' }).html();"),
      HasSubstr("Response.html(): GET http://x/ (status 200) has no body: it was discarded"));
  http::Response failed;
  failed.error = "dial: connection refused";
  host_.responses = {failed};
  EXPECT_THAT(Thrown("http.get('http://x/').submitForm();"),
              HasSubstr("has no body: dial: connection refused"));
  EXPECT_THAT(Thrown("http.get('http://x/').html.call({});"), HasSubstr("TypeError"));
}

TEST_F(HttpHtmlTest, PostsAForm) {
  const http::Request request = Sent(
      "<form action='/login' method=post><input name=user value=nobody><input name=token value='a "
      "b' type=hidden>"
      "<input type=submit name=go value=In></form>",
      "submitForm({ fields: { user: 'me', extra: 5 }, params: { headers: { 'X-A': '1' } } })");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "http://x/login");
  EXPECT_EQ(request.body, "extra=5&go=In&token=a+b&user=me");
  EXPECT_EQ(request.headers,
            (http::Headers{{"X-A", "1"}, {"Content-Type", "application/x-www-form-urlencoded"}}));
}

TEST_F(HttpHtmlTest, GetsAForm) {
  const http::Request request = Sent(
      "<form action='search?old=1#part'><input name=q value='a&b'><select multiple name=s><option "
      "selected>1"
      "<option selected>2</select></form>",
      "submitForm({ fields: { none: null } })");
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.url, "http://x/dir/search?none=&q=a%26b&s=1&s=2");
  EXPECT_FALSE(request.has_body);
}

TEST_F(HttpHtmlTest, WhereFormsGo) {
  EXPECT_EQ(Sent("<form method=post></form>", "submitForm()").url, "http://x/dir/page?q=1");
  EXPECT_EQ(Sent("<form></form>", "submitForm()").url, "http://x/dir/page");
  EXPECT_EQ(Sent("<form action='//y/z' method=PUT></form>", "submitForm()").url, "http://y/z");
  EXPECT_EQ(Sent("<form action='//y/z' method=put></form>", "submitForm()").method, "PUT");
}

TEST_F(HttpHtmlTest, ChoosesFormAndButton) {
  const std::string page =
      "<form id=a action=/a></form><form id=b action=/b method=post><input type=submit name=x "
      "value=1>"
      "<button type=submit name=y value=2></button><button id=z name=z value=3></button></form>";
  EXPECT_EQ(Sent(page, "submitForm({ formSelector: '#b' })").body, "x=1");
  EXPECT_EQ(Sent(page, "submitForm({ formSelector: '#b', submitSelector: 'button' })").body, "y=2");
  EXPECT_EQ(Sent(page, "submitForm({ formSelector: '#b', submitSelector: '#z' })").body, "z=3");
  EXPECT_THAT(
      Error(page, "submitForm({ formSelector: '#c' })"),
      HasSubstr("Response.submitForm(): nothing matches \"#c\" in the page of GET http://x/"));
  EXPECT_THAT(Error(page, "submitForm({ submitSelector: '#z' })"),
              HasSubstr("nothing matches \"#z\""));
  EXPECT_THAT(Error(page, "submitForm({ formSelector: 'button' })"),
              HasSubstr("finds a button, not a form"));
  EXPECT_THAT(Error("<p>", "submitForm()"), HasSubstr("nothing matches \"form\""));
  EXPECT_THAT(Error(page, "submitForm({ formSelector: 'a:foo' })"), HasSubstr("\"a:foo\""));
  EXPECT_THAT(Error(page, "submitForm({ fields: 5 })"), HasSubstr("fields: expected an object"));
  EXPECT_THAT(Error(page, "submitForm('form')"), HasSubstr("expected an object such as"));
  settings_.throw_on_error = true;
  EXPECT_THAT(Error(page, "submitForm({ params: { timeout: 'soon' } })"),
              HasSubstr("Response.submitForm(): params.timeout"));
  EXPECT_THAT(Error(page, "submitForm({ get fields() { throw new Error('mine'); } })"),
              HasSubstr("mine"));
}

TEST_F(HttpHtmlTest, ClicksALink) {
  const std::string page =
      "<a name=top>no link</a><a href='next?p=2#x'>n</a><a id=far href='https://y/'>f</a><a "
      "id=none>x</a>";
  EXPECT_EQ(Sent(page, "clickLink()").url, "http://x/dir/next?p=2#x");
  EXPECT_EQ(Sent(page, "clickLink({ selector: '#far' })").url, "https://y/");
  EXPECT_EQ(Sent(page, "clickLink({ params: { redirects: 0 } })").max_redirects, 0);
  EXPECT_THAT(Error(page, "clickLink({ selector: '#none' })"),
              HasSubstr("the a that the selector finds has no href"));
  EXPECT_THAT(Error(page, "clickLink({ selector: '#no' })"), HasSubstr("nothing matches \"#no\""));
  EXPECT_THAT(Error("<p>", "clickLink()"), HasSubstr("nothing matches \"a[href]\""));
}

TEST_F(HttpHtmlTest, ReturnsTheNewResponse) {
  Answer("<a href=/b>b</a>");
  host_.responses.push_back(FakeHost::Answer(201, "<p>second"));
  EXPECT_THAT(
      Printed(
          "const r = http.get('http://x/').clickLink(); console.log(r.status, r.html('p').text())"),
      ElementsAre("201 second"));
}

}  // namespace
}  // namespace kload::k6
