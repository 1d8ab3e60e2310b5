#include "agent/http/request_head.h"

#include <gmock/gmock.h>

namespace kload::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RequestHead : public ::testing::Test {
 protected:
  RequestHead() {
    request_.method = "GET";
    request_.headers = &headers_;
  }

  std::string Head(std::string_view url = "http://a/x", std::string_view user_agent = "") {
    std::string out = "left over";
    const std::optional<Failure> failure =
        WriteHead(request_, ParseUrl(url).value(), std::string(user_agent), out);
    return failure ? "failure: " + failure->text : out;
  }

  http::Headers headers_;
  HopRequest request_;
};

TEST_F(RequestHead, IsMinimal) {
  EXPECT_EQ(Head("http://a:81/x?y"), "GET /x?y HTTP/1.1\r\nHost: a:81\r\n\r\n");
}

TEST_F(RequestHead, KeepsTheScriptsHeadersInOrderAndSpelling) {
  headers_ = {{"x-B", "2"}, {"X-a", "1"}, {"x-B", "3"}};
  EXPECT_EQ(Head(), "GET /x HTTP/1.1\r\nHost: a\r\nx-B: 2\r\nX-a: 1\r\nx-B: 3\r\n\r\n");
}

TEST_F(RequestHead, LengthIsOurs) {
  headers_ = {{"Content-Length", "7"}, {"Transfer-Encoding", "chunked"}};
  const std::string body = "hello";
  request_.method = "POST";
  request_.body = &body;
  EXPECT_EQ(Head(), "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
}

TEST_F(RequestHead, EmptyPostSaysSoAndEmptyGetDoesNot) {
  request_.method = "POST";
  EXPECT_THAT(Head(), HasSubstr("Content-Length: 0\r\n"));
  request_.method = "DELETE";
  EXPECT_THAT(Head(), Not(HasSubstr("Content-Length")));
}

TEST_F(RequestHead, UserAgentOfTheScriptWins) {
  EXPECT_THAT(Head("http://a/", "kload/1"), HasSubstr("User-Agent: kload/1\r\n"));
  headers_ = {{"user-agent", "mine"}};
  EXPECT_EQ(Head("http://a/", "kload/1"), "GET / HTTP/1.1\r\nHost: a\r\nuser-agent: mine\r\n\r\n");
  headers_ = {{"User-Agent", ""}};
  EXPECT_EQ(Head("http://a/", "kload/1"), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST_F(RequestHead, HostOfTheScriptWinsUntilItIsForAnotherServer) {
  headers_ = {{"host", "virtual"}};
  EXPECT_EQ(Head(), "GET /x HTTP/1.1\r\nHost: virtual\r\n\r\n");
  request_.keep_host_header = false;
  EXPECT_EQ(Head(), "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST_F(RequestHead, CredentialsOfTheUrlYieldToTheScripts) {
  EXPECT_THAT(Head("http://u:p@a/x"), HasSubstr("Authorization: Basic dTpw\r\n"));
  headers_ = {{"authorization", "Bearer t"}};
  const std::string head = Head("http://u:p@a/x");
  EXPECT_THAT(head, HasSubstr("authorization: Bearer t\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Basic")));
}

TEST_F(RequestHead, DropsWhatARedirectLeavesBehind) {
  headers_ = {{"Authorization", "t"}, {"Cookie", "c"}, {"Content-Type", "text/plain"}, {"X", "1"}};
  request_.drop_credentials = true;
  request_.drop_content_headers = true;
  EXPECT_EQ(Head(), "GET /x HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n");
}

TEST_F(RequestHead, RefererAndCloseAreAddedOnce) {
  request_.referer = "http://b/";
  request_.close = true;
  const std::string head = Head();
  EXPECT_THAT(head, HasSubstr("Referer: http://b/\r\n"));
  EXPECT_THAT(head, HasSubstr("Connection: close\r\n"));
  headers_ = {{"referer", "mine"}, {"connection", "close"}};
  EXPECT_EQ(Head(), "GET /x HTTP/1.1\r\nHost: a\r\nreferer: mine\r\nconnection: close\r\n\r\n");
}

TEST_F(RequestHead, NothingCanSmuggleALine) {
  headers_ = {{"X", "1\r\nY: 2"}};
  EXPECT_THAT(Head(), HasSubstr("failure: invalid header field value"));
  headers_ = {{"X: 1\r\nY", "2"}};
  EXPECT_THAT(Head(), HasSubstr("failure: invalid header field name"));
  headers_ = {{"", "2"}};
  EXPECT_THAT(Head(), HasSubstr("failure: invalid header field name"));
  headers_ = {{"Host", "a\nb"}};
  EXPECT_THAT(Head(), HasSubstr("failure: invalid header field value"));
  headers_ = {};
  EXPECT_THAT(Head("http://a/", "x\r\ny"), HasSubstr("failure: invalid header field value"));
  request_.method = "GET /\r\n";
  EXPECT_THAT(Head(), HasSubstr("failure: invalid method"));
}

TEST_F(RequestHead, SaysWhatMayBeSentTwice) {
  EXPECT_TRUE(IsReplayable(request_));
  request_.method = "POST";
  EXPECT_FALSE(IsReplayable(request_));
  headers_ = {{"idempotency-key", "1"}};
  EXPECT_TRUE(IsReplayable(request_));
  const std::string body = "x";
  request_.body = &body;
  EXPECT_FALSE(IsReplayable(request_));
}

TEST_F(RequestHead, SeesThatTheScriptWantsToClose) {
  EXPECT_FALSE(WantsClose(headers_));
  headers_ = {{"connection", "Close"}};
  EXPECT_TRUE(WantsClose(headers_));
}

}  // namespace
}  // namespace kload::agent
