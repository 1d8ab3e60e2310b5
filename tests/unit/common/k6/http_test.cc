// k6/http: what a call sends, and what its response has.
#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using Kind = Outcome::Kind;
using http::Headers;
using http::ResponseType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HttpTest : public ScriptTest {
 protected:
  // The only request of a script with this code.
  http::Request Sent(const std::string& code) {
    host_.sent.clear();
    const Outcome outcome = Run(code);
    EXPECT_EQ(outcome.kind, Kind::kOk) << outcome.message;
    if (host_.sent.size() != 1) {
      ADD_FAILURE() << host_.sent.size() << " requests: " << code;
      return {};
    }
    return host_.sent[0].request;
  }
  Tags SentTags(const std::string& code) {
    Sent(code);
    return host_.sent.empty() ? Tags{} : host_.sent[0].tags;
  }
};

// ---- Requests ----

TEST_F(HttpTest, Methods) {
  const std::map<std::string, std::string> calls = {
      {"http.get('http://x/')", "GET"},         {"http.head('http://x/')", "HEAD"},
      {"http.post('http://x/')", "POST"},       {"http.put('http://x/')", "PUT"},
      {"http.patch('http://x/')", "PATCH"},     {"http.del('http://x/')", "DELETE"},
      {"http.options('http://x/')", "OPTIONS"}, {"http.request('purge', 'http://x/')", "PURGE"}};
  for (const auto& [call, method] : calls) {
    const http::Request request = Sent(call);
    EXPECT_EQ(request.method, method);
    EXPECT_EQ(request.url, "http://x/");
    EXPECT_FALSE(request.has_body) << call;
  }
  EXPECT_THAT(Thrown("http.request('NOT OK', 'http://x/');"), HasSubstr("not a method"));
}

TEST_F(HttpTest, AUrlThatIsPutTogetherIsReadAnew) {
  Run("let url = 'http://x/'; const other = 'http://y/';"
      "for (let i = 0; i < 3; ++i) { http.get(url); http.get(url); url += i; }"
      "http.get(other); http.get(url); http.get(other); http.get(other);"
      "http.get(['http:/', 'z', i()].join('/')); function i() { return 1; }");
  std::vector<std::string> urls;
  for (const auto& sent : host_.sent) urls.push_back(sent.request.url);
  EXPECT_THAT(urls, ElementsAre("http://x/", "http://x/", "http://x/0", "http://x/0", "http://x/01",
                                "http://x/01", "http://y/", "http://x/012", "http://y/",
                                "http://y/", "http://z/1"));
}

TEST_F(HttpTest, Defaults) {
  const http::Request request = Sent("http.get('http://x/')");
  EXPECT_EQ(request.timeout, std::chrono::seconds(60));
  EXPECT_EQ(request.max_redirects, 10);
  EXPECT_EQ(request.response_type, ResponseType::kText);
  EXPECT_THAT(request.headers, IsEmpty());
  settings_.request_timeout = std::chrono::seconds(5);
  settings_.max_redirects = 3;
  settings_.discard_response_bodies = true;
  const http::Request other = Sent("http.get('http://x/', null)");
  EXPECT_EQ(other.timeout, std::chrono::seconds(5));
  EXPECT_EQ(other.max_redirects, 3);
  EXPECT_EQ(other.response_type, ResponseType::kNone);
}

TEST_F(HttpTest, Params) {
  const http::Request request = Sent(
      "http.get('http://x/', { headers: { Authorization: 'Bearer t', 'X-N': 5 }, timeout: '1m30s', "
      "redirects: 0,\n"
      "responseType: 'binary', unknown: 1, auth: 'basic' })");
  EXPECT_EQ(request.headers, (Headers{{"Authorization", "Bearer t"}, {"X-N", "5"}}));
  EXPECT_EQ(request.timeout, std::chrono::seconds(90));
  EXPECT_EQ(request.max_redirects, 0);
  EXPECT_EQ(request.response_type, ResponseType::kBinary);
  EXPECT_EQ(Sent("http.get('http://x/', { timeout: 1500 })").timeout,
            std::chrono::milliseconds(1500));
  EXPECT_EQ(Sent("http.get('http://x/', { timeout: '250' })").timeout,
            std::chrono::milliseconds(250));
  EXPECT_EQ(Sent("http.get('http://x/', { responseType: 'none', tags: null, headers: undefined })")
                .response_type,
            ResponseType::kNone);
}

TEST_F(HttpTest, ExpectedStatuses) {
  EXPECT_EQ(Sent("http.get('http://x/')").rule, nullptr);
  const http::Request request = Sent(
      "http.get('http://x/', { responseCallback: http.expectedStatuses(404, { min: 200, max: 299 "
      "}) })");
  ASSERT_NE(request.rule, nullptr);
  for (const int status : {200, 299, 404}) {
    EXPECT_EQ(http::Judge(*request.rule, status), http::Expectation::kMet) << status;
  }
  for (const int status : {0, 300, 403, 500}) {
    EXPECT_EQ(http::Judge(*request.rule, status), http::Expectation::kFailed) << status;
  }
  const http::Request unjudged = Sent("http.get('http://x/', { responseCallback: null })");
  ASSERT_NE(unjudged.rule, nullptr);
  EXPECT_EQ(http::Judge(*unjudged.rule, 200), http::Expectation::kNotJudged);
}

TEST_F(HttpTest, ResponseCallbackOfAllRequests) {
  const std::string init = "http.setResponseCallback(http.expectedStatuses(201));";
  ASSERT_EQ(Run("http.get('http://x/'); http.get('http://x/', { responseCallback: "
                "http.expectedStatuses(404) }); http.setResponseCallback(null); "
                "http.get('http://x/');",
                init)
                .kind,
            Outcome::Kind::kOk);
  ASSERT_EQ(host_.sent.size(), 3u);
  EXPECT_EQ(http::Judge(*host_.sent[0].request.rule, 201), http::Expectation::kMet);
  EXPECT_EQ(http::Judge(*host_.sent[1].request.rule, 404), http::Expectation::kMet);
  EXPECT_EQ(http::Judge(*host_.sent[2].request.rule, 201), http::Expectation::kNotJudged);
  EXPECT_THAT(Thrown("http.setResponseCallback(200);"),
              HasSubstr("expected http.expectedStatuses"));
  EXPECT_THAT(Thrown("http.expectedStatuses();"), HasSubstr("no status"));
  EXPECT_THAT(Thrown("http.expectedStatuses('200');"), HasSubstr("neither a status"));
  EXPECT_THAT(Thrown("http.expectedStatuses({ min: 200 });"), HasSubstr("neither a status"));
}

TEST_F(HttpTest, ParamsThatAreWrongOrMissing) {
  const std::map<std::string, std::string> wrong = {
      {"{ timeout: 'soon' }", "params.timeout"},
      {"{ timeout: -1 }", "params.timeout"},
      {"{ redirects: -1 }", "params.redirects"},
      {"{ responseType: 'xml' }", "params.responseType: 'xml'"},
      {"{ headers: 'x' }", "params.headers"},
      {"{ headers: { 'a b': 1 } }", "'a b' is not a header's name"},
      {"{ headers: { a: 'x\\r\\ny: z' } }", "control character"},
      {"{ tags: { a: [] } }", "tag 'a'"},
      {"'text'", "params"},
      {"{ responseCallback: 1 }", "params.responseCallback: expected http.expectedStatuses"},
      {"{ auth: 'ntlm' }", "'ntlm' is not available in kload"}};
  settings_.throw_on_error = true;
  for (const auto& [params, message] : wrong) {
    EXPECT_THAT(Thrown("http.get('http://x/', " + params + ");"), HasSubstr(message)) << params;
  }
  EXPECT_THAT(host_.sent, IsEmpty());
}

TEST_F(HttpTest, WithoutThrowWhatIsWrongIsAWarningAndNoStatus) {
  EXPECT_THAT(
      Printed("const r = http.get('http://x/', { timeout: -1 });"
              "console.log(r.status, r.error_code, r.error.includes('params.timeout'));"
              "const u = http.get(undefined);"
              "console.log(u.status, u.error_code, u.body, u.error.includes('invalid URL'));"
              "console.log(http.post(5, 'x').error_code);"),
      ElementsAre(HasSubstr("no request was sent"), "0 0 true", HasSubstr("no request was sent"),
                  "0 1020 null true", HasSubstr("no request was sent"), "1020"));
  // What the script itself throws is its own.
  EXPECT_THAT(Thrown("http.get('http://x/', { get timeout() { throw new Error('mine'); } });"),
              HasSubstr("mine"));
  EXPECT_THAT(Thrown("http.get('http://x/', { auth: 'ntlm' });"), HasSubstr("not available"));
  EXPECT_THAT(host_.sent, IsEmpty());
}

TEST_F(HttpTest, TheRequestShowsWhatTheClientAdds) {
  settings_.user_agent = "agent/1";
  EXPECT_THAT(
      Printed("const a = http.get('http://x/', { headers: { 'x-a': 'b' } }).request;"
              "console.log(JSON.stringify(a.headers));"
              "const b = http.get('http://x/', { headers: { 'user-agent': 'me' } }).request;"
              "console.log(JSON.stringify(b.headers));"),
      ElementsAre(R"({"User-Agent":["agent/1"],"X-A":["b"]})", R"({"User-Agent":["me"]})"));
}

TEST_F(HttpTest, Bodies) {
  EXPECT_EQ(Sent("http.post('http://x/', 'text')").body, "text");
  EXPECT_TRUE(Sent("http.post('http://x/', '')").has_body);
  EXPECT_FALSE(Sent("http.post('http://x/', null)").has_body);
  EXPECT_EQ(Sent("http.put('http://x/', new Uint8Array([65, 66, 67]).buffer)").body, "ABC");
  EXPECT_EQ(Sent("http.put('http://x/', new Uint8Array([65, 66, 67]).subarray(1))").body, "BC");
  EXPECT_THAT(Sent("http.post('http://x/', JSON.stringify({ a: 1 }))").headers, IsEmpty());
  EXPECT_THAT(Thrown("http.post('http://x/', 5);"), HasSubstr("body: 5 is neither"));
}

TEST_F(HttpTest, ObjectsAreForms) {
  const http::Request form =
      Sent("http.post('http://x/', { b: 'two words', a: ['1', 2], none: null, e: 'é&' })");
  EXPECT_EQ(form.body, "a=1&a=2&b=two+words&e=%C3%A9%26&none=");
  EXPECT_EQ(form.headers, (Headers{{"Content-Type", "application/x-www-form-urlencoded"}}));
  EXPECT_EQ(
      Sent("http.post('http://x/', { a: 1 }, { headers: { 'content-type': 'x/y' } })").headers,
      (Headers{{"content-type", "x/y"}}));
  Sent("http.post('http://x/', { a: {} })");
  EXPECT_EQ(host_.lines.back().level, LogLevel::kWarning);
}

TEST_F(HttpTest, TagsAndNames) {
  EXPECT_EQ(SentTags("http.get('http://x/1', { tags: { name: 'item', type: 'a' } })"),
            (Tags{{"name", "item"}, {"type", "a"}}));
  EXPECT_EQ(SentTags("const id = 7; http.get(http.url`http://x/${id}/a?b=${1}`)"),
            (Tags{{"name", "http://x/${}/a?b=${}"}, {"url", "http://x/${}/a?b=${}"}}));
  EXPECT_EQ(host_.sent[0].request.url, "http://x/7/a?b=1");
  EXPECT_EQ(SentTags("http.get(http.url`http://x/${1}`, { tags: { name: 'mine' } })")[0].second,
            "mine");
  EXPECT_EQ(Sent("http.get(http.url('http://plain/'))").url, "http://plain/");
  Printed("group('g', () => http.get('http://x/'));");
  EXPECT_EQ(host_.sent.back().group, "::g");
}

TEST_F(HttpTest, GetHasNoBody) {
  Sent("http.get('http://x/', {}, 'more')");
  EXPECT_THAT(host_.lines.back().text, HasSubstr("further arguments are ignored"));
}

TEST_F(HttpTest, ConstantsHaveTheirValues) {
  EXPECT_THAT(Printed("console.log(http.TLS_1_2, http.OCSP_STATUS_SERVER_FAILED, "
                      "http.OCSP_REASON_KEY_COMPROMISE);"),
              ElementsAre("tls1.2 server_failed key_compromise"));
}

// ---- Failures ----

TEST_F(HttpTest, FailedRequestIsAResponse) {
  http::Response failed;
  failed.error = "dial: connection refused";
  failed.error_code = 1212;
  failed.hops.emplace_back().url = "http://****:****@x/";
  host_.responses = {failed};
  EXPECT_THAT(Printed("const r = http.get('http://u:p@x/'); console.log(r.status, r.body, r.error, "
                      "r.error_code);"),
              ElementsAre("Request failed: GET http://****:****@x/: dial: connection refused",
                          "0 null dial: connection refused 1212"));
  EXPECT_EQ(host_.lines[0].level, LogLevel::kWarning);
}

TEST_F(HttpTest, FailedRequestThrowsWhenAsked) {
  http::Response failed;
  failed.error = "request timeout";
  host_.responses = {failed, failed, failed};
  EXPECT_EQ(Thrown("http.get('http://x/', { throw: true });"),
            "Error: GET http://x/: request timeout");
  settings_.throw_on_error = true;
  EXPECT_EQ(Thrown("http.get('http://x/');"), "Error: GET http://x/: request timeout");
  EXPECT_EQ(Run("http.get('http://x/', { throw: false });").kind, Kind::kOk);
  EXPECT_EQ(Run("http.get('http://x/404');").kind, Kind::kOk);
}

// ---- Responses ----

TEST_F(HttpTest, ResponseFields) {
  http::Response response = FakeHost::Answer(201, "hello");
  response.status_text = "201 Created";
  response.proto = "HTTP/1.1";
  response.url = "http://x/final";
  response.headers = {{"content-type", "text/plain"}, {"SET-COOKIE", "a=1"}, {"set-cookie", "b=2"}};
  response.remote_ip = "127.0.0.1";
  response.remote_port = 8080;
  response.tls_version = "tls1.3";
  response.tls_cipher_suite = "TLS_AES_128_GCM_SHA256";
  response.timings = {.blocked = std::chrono::microseconds(1500),
                      .connecting = std::chrono::milliseconds(1),
                      .tls_handshaking = std::chrono::milliseconds(2),
                      .sending = std::chrono::milliseconds(3),
                      .waiting = std::chrono::milliseconds(4),
                      .receiving = std::chrono::microseconds(500)};
  host_.responses = {response};
  EXPECT_THAT(
      Printed(
          "const r = http.post('http://x/a', 'b', { headers: { 'x-a': '1' } });\n"
          "console.log(r.status, r.status_text, r.proto, r.url, r.body, r.error, r.error_code);\n"
          "console.log(r.headers); console.log(r.remote_ip, r.remote_port, r.tls_version, "
          "r.tls_cipher_suite);\n"
          "console.log(r.timings); console.log(r.request); console.log(r.headers === r.headers, "
          "r.body === r.body);"),
      ElementsAre("201 201 Created HTTP/1.1 http://x/final hello  0",
                  "{ 'Content-Type': 'text/plain', 'Set-Cookie': 'a=1, b=2' }",
                  "127.0.0.1 8080 tls1.3 TLS_AES_128_GCM_SHA256",
                  "{ duration: 7.5, blocked: 1.5, looking_up: 0, connecting: 1, tls_handshaking: "
                  "2, sending: 3, waiting: 4, "
                  "receiving: 0.5 }",
                  "{ method: 'POST', url: 'http://x/a', headers: { 'X-A': [ '1' ] }, body: 'b', "
                  "cookies: {} }",
                  "true true"));
}

TEST_F(HttpTest, ResponseBodiesByType) {
  host_.responses = {FakeHost::Answer(200, "AB"), FakeHost::Answer(200, "")};
  EXPECT_THAT(Printed("const b = http.get('http://x/', { responseType: 'binary' }).body;\n"
                      "console.log(b instanceof ArrayBuffer, new Uint8Array(b));\n"
                      "console.log(http.get('http://x/', { responseType: 'none' }).body, "
                      "http.get('http://x/').body === '');"),
              ElementsAre("true [ 65, 66 ]", "null true"));
}

TEST_F(HttpTest, FieldsOfAResponseAreItsOwn) {
  host_.responses = {FakeHost::Answer(200, "x")};
  EXPECT_THAT(
      Printed("const r = http.get('http://x/');\n"
              "console.log(Object.keys(r).join(' ')); console.log({ ...r }.status);\n"
              "console.log(Object.entries(r.timings).map(([n, ms]) => n + ms).join(' '));\n"
              "const t = r.timings; t.waiting = 'long'; console.log(r.timings.waiting, 'x' in t);\n"
              "console.log(JSON.parse(JSON.stringify(r)).timings.waiting);"),
      ElementsAre("remote_ip remote_port url status status_text proto headers cookies body timings "
                  "tls_version tls_cipher_suite ocsp error error_code request",
                  "200",
                  "duration0 blocked0 looking_up0 connecting0 tls_handshaking0 sending0 waiting0 "
                  "receiving0",
                  "long false", "long"));
}

TEST_F(HttpTest, TimingsOutliveTheirResponse) {
  host_.responses = {FakeHost::Answer(200, "x")};
  host_.responses[0].timings.waiting = std::chrono::milliseconds(4);
  EXPECT_THAT(Printed("let t = http.get('http://x/').timings; console.log(t.waiting);"),
              ElementsAre("4"));
}

TEST_F(HttpTest, ResponseCanBePrintedAssignedAndDestructured) {
  host_.responses = {FakeHost::Answer(200, "x"), FakeHost::Answer(200, "x"),
                     FakeHost::Answer(200, "x")};
  EXPECT_THAT(
      Printed("const r = http.get('http://x/'); r.body = 'mine'; r.extra = 1; console.log(r.body, "
              "r.extra);\n"
              "const { status, body } = http.get('http://x/'); console.log(status, body);\n"
              "console.log(JSON.parse(JSON.stringify(http.get('http://x/'))).status_text);"),
      ElementsAre("mine 1", "200 x", "200 X"));
}

TEST_F(HttpTest, NoCertificateHasAnOcspStatus) {
  http::Response secure = FakeHost::Answer(200, "x");
  secure.tls_version = "tls1.3";
  host_.responses = {secure, FakeHost::Answer(200, "x")};
  EXPECT_THAT(
      Printed("const a = http.get('https://x/'); console.log(JSON.stringify(a.ocsp));\n"
              "console.log(a.ocsp.status === http.OCSP_STATUS_UNKNOWN, a.ocsp === a.ocsp);\n"
              "console.log(JSON.stringify(http.get('http://x/').ocsp.status));"),
      ElementsAre(R"({"produced_at":0,"this_update":0,"next_update":0,"revoked_at":0,)"
                  R"("revocation_reason":"","status":"unknown"})",
                  "true true", R"("")"));
}

// ---- json() ----

TEST_F(HttpTest, JsonOfTheWholeBody) {
  host_.responses = {FakeHost::Answer(200, R"({"a":[1,{"b":"x"}]})")};
  EXPECT_THAT(Printed("const r = http.get('http://x/'); console.log(r.json()); "
                      "console.log(r.json() === r.json());\n"
                      "r.json().self = r; console.log(r.json('a.1.b'), r.json('a.#'), "
                      "r.json('a.9'), r.json('q'));"),
              ElementsAre("{ a: [ 1, { b: 'x' } ] }", "true", "x 2 undefined undefined"));
}

TEST_F(HttpTest, JsonOfWhatIsNone) {
  host_.responses = {FakeHost::Answer(502, "{\n  \"a\": <html>\n"), FakeHost::Answer(502, "<html>"),
                     FakeHost::Answer(200, "{}"), FakeHost::Answer(200, "{}")};
  EXPECT_THAT(Thrown("http.get('http://x/').json();"),
              HasSubstr("status 502) is no valid JSON: line 2, column 8"));
  EXPECT_THAT(Printed("console.log(http.get('http://x/').json('a'));"), ElementsAre("undefined"));
  EXPECT_THAT(Thrown("http.get('http://x/', { responseType: 'none' }).json();"),
              HasSubstr("has no body"));
  EXPECT_THAT(Thrown("http.get('http://x/').json('@reverse');"),
              HasSubstr("not available in kload"));
}

}  // namespace
}  // namespace kload::k6
