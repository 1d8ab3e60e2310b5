// http.batch() and http.asyncRequest().
#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using Kind = Outcome::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using BatchTest = ScriptTest;

TEST_F(BatchTest, TakesEveryFormOfARequest) {
  host_.responses = {FakeHost::Answer(201, "a"), FakeHost::Answer(202, "b"),
                     FakeHost::Answer(203, "c"), FakeHost::Answer(204, "d")};
  EXPECT_THAT(Printed(R"(
    const r = http.batch([
      'http://h/1',
      ['POST', 'http://h/2', { a: 1 }, { headers: { x: 'y' }, tags: { t: 'v' } }],
      { method: 'get', url: 'http://h/3', body: 'dropped', params: { tags: { name: 'n' } } },
      http.url`http://h/${4}`,
    ]);
    console.log(r.map((x) => x.status + x.body).join());
  )"),
              ElementsAre("201a,202b,203c,204d"));
  ASSERT_EQ(host_.sent.size(), 4U);
  EXPECT_EQ(host_.sent[0].request.method, "GET");
  EXPECT_EQ(host_.sent[1].request.body, "a=1");
  EXPECT_THAT(host_.sent[1].tags, ElementsAre(std::pair("t", "v")));
  EXPECT_FALSE(host_.sent[2].request.has_body);
  EXPECT_EQ(host_.sent[3].request.url, "http://h/4");
  EXPECT_THAT(host_.sent[3].tags,
              ElementsAre(std::pair("name", "http://h/${}"), std::pair("url", "http://h/${}")));
}

TEST_F(BatchTest, ObjectsKeepTheirKeys) {
  EXPECT_THAT(Printed(R"(
    const r = http.batch({ front: 'http://h/1', back: ['GET', 'http://h/2'] });
    console.log(Object.keys(r).join(), r.back.status, JSON.stringify(http.batch([])));
  )"),
              ElementsAre("front,back 200 []"));
}

TEST_F(BatchTest, IsBoundedInAllAndPerHost) {
  settings_.batch = 5;
  settings_.batch_per_host = 2;
  Printed(R"(
    const all = [];
    for (let i = 0; i < 12; i++) all.push('http://' + (i < 9 ? 'a' : 'b') + '/' + i);
    http.batch(all);
  )");
  EXPECT_EQ(host_.sent.size(), 12U);
  EXPECT_EQ(host_.most_under_way, 4);  // two of each host
  settings_.batch_per_host = 100;
  host_.most_under_way = 0;
  Printed("http.batch(Array.from({ length: 12 }, (_, i) => 'http://a/' + i));");
  EXPECT_EQ(host_.most_under_way, 5);
}

TEST_F(BatchTest, AWrongEntryKeepsTheRestFromBeingSent) {
  EXPECT_THAT(Printed(R"(
    const r = http.batch(['http://h/', { method: 'GET' }, 'http://h/']);
    console.log(r.length, r[0].status, r[1].error, r[2]);
  )"),
              ElementsAre(HasSubstr("no request was sent"),
                          "3 0 TypeError: http.batch(): a request without a url null"));
  EXPECT_THAT(host_.sent, IsEmpty());
  settings_.throw_on_error = true;
  EXPECT_THAT(Thrown("http.batch(['http://h/', 'http://h:x/']);"), HasSubstr("invalid URL"));
  EXPECT_THAT(Thrown("http.batch('http://h/');"), HasSubstr("an array or an object"));
}

TEST_F(BatchTest, FailedRequestsAreResponsesOrThrow) {
  http::Response refused;
  refused.error = "dial: connection refused";
  refused.error_code = 1212;
  host_.responses = {FakeHost::Answer(200, ""), refused};
  EXPECT_THAT(Printed("const r = http.batch(['http://h/', 'http://h/2']);"
                      "console.log(r[1].error_code, r[0].status);"),
              ElementsAre(HasSubstr("Request failed: GET http://h/2"), "1212 200"));
  host_.responses = {refused};
  EXPECT_THAT(Thrown("http.batch([['GET', 'http://h/', null, { throw: true }]]);"),
              HasSubstr("connection refused"));
}

TEST_F(BatchTest, EndsWhenTheVuIsStopped) {
  host_.on_await = [] { return absl::CancelledError(""); };
  EXPECT_EQ(Run("try { http.batch(['http://h/', 'http://h/']); } catch (e) { } "
                "finally { console.log('never'); }")
                .kind,
            Kind::kInterrupted);
  EXPECT_THAT(host_.texts(), IsEmpty());
  EXPECT_EQ(host_.abandoned, 2U);
}

TEST_F(BatchTest, AsyncRequestsEndBeforeTheIteration) {
  host_.responses = {FakeHost::Answer(201, "a"), FakeHost::Answer(202, "b")};
  EXPECT_THAT(Printed(R"(
    http.asyncRequest('GET', 'http://h/1').then((r) => console.log('first', r.body));
    http.asyncRequest('post', 'http://h/2', 'x').then((r) => console.log('second', r.status));
    console.log('sync');
  )"),
              ElementsAre("sync", "first a", "second 202"));
  EXPECT_EQ(host_.sent[1].request.body, "x");
}

TEST_F(BatchTest, AsyncFunctionsAwaitThem) {
  const char* script = R"(
    import http from 'k6/http';
    export default async function () {
      const all = await Promise.all([http.asyncRequest('GET', 'http://h/1'),
                                     http.asyncRequest('GET', 'http://h/2')]);
      console.log(all.map((r) => r.status).join());
      const blocking = http.get('http://h/3');
      console.log(blocking.status, http.batch(['http://h/4'])[0].status);
    })";
  Load(script);
  EXPECT_EQ(script_->CallIteration("default", 0).kind, Kind::kOk);
  EXPECT_THAT(host_.texts(), ElementsAre("200,200", "200 200"));
}

TEST_F(BatchTest, ABatchDoesNotLoseAsyncOnes) {
  host_.responses = {FakeHost::Answer(201, ""), FakeHost::Answer(202, "")};
  EXPECT_THAT(Printed(R"(
    http.asyncRequest('GET', 'http://h/1').then((r) => console.log('async', r.status));
    console.log('batch', http.batch(['http://h/2'])[0].status);
  )"),
              ElementsAre("batch 202", "async 201"));
}

TEST_F(BatchTest, TimersRunWhileARequestIsUnderWay) {
  host_.hold_fetches = true;  // until the timer has run
  host_.on_await = [this] {
    if (!host_.lines.empty()) host_.hold_fetches = false;
    return absl::OkStatus();
  };
  EXPECT_THAT(Printed(R"(
    http.asyncRequest('GET', 'http://h/1').then(() => console.log('response'));
    setTimeout(() => console.log('timer'), 1);
  )"),
              ElementsAre("timer", "response"));
}

TEST_F(BatchTest, RejectionsFailTheIteration) {
  http::Response refused;
  refused.error = "dial: connection refused";
  host_.responses = {refused};
  settings_.throw_on_error = true;
  EXPECT_THAT(Thrown("http.asyncRequest('GET', 'http://h/')"),
              HasSubstr("Uncaught (in promise) Error: GET http://h/: dial"));
  host_.responses = {refused};
  EXPECT_THAT(Printed("http.asyncRequest('GET', 'http://h/').catch((e) => console.log('' + e))"),
              ElementsAre(HasSubstr("connection refused")));
  EXPECT_THAT(Thrown("http.asyncRequest('no method', 'http://h/')"), HasSubstr("not a method"));
}

TEST_F(BatchTest, AnExceptionAbandonsWhatIsUnderWay) {
  EXPECT_THAT(Thrown("http.asyncRequest('GET', 'http://h/'); throw new Error('x');"),
              HasSubstr("x"));
  EXPECT_EQ(host_.abandoned, 1U);
  EXPECT_EQ(script_->CallIteration("default", 1).kind, Kind::kException);
}

}  // namespace
}  // namespace kload::k6
