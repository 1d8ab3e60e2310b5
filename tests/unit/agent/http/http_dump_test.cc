#include "agent/http/http_dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kload::agent {
namespace {

using testing::HasSubstr;

ParsedResponse Found() {
  ParsedResponse response;
  response.proto = "HTTP/1.1";
  response.status_text = "200 OK";
  response.headers = {{"Server", "x"}, {"Content-Length", "5"}};
  response.body = "hello";
  return response;
}

TEST(HttpDumpTest, ShowsHeadsAsTheyTravel) {
  EXPECT_EQ(DumpRequest("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "body", false, "7-1"),
            "Request: request_id=7-1\nGET / HTTP/1.1\nHost: a");
  EXPECT_EQ(DumpResponse(Found(), false, "7-1"),
            "Response: request_id=7-1\nHTTP/1.1 200 OK\nServer: x\nContent-Length: 5");
}

TEST(HttpDumpTest, ShowsBodiesUpToABound) {
  EXPECT_EQ(DumpRequest("POST / HTTP/1.1\r\n\r\n", "a=1", true, "7-1"),
            "Request: request_id=7-1\nPOST / HTTP/1.1\n\na=1");
  EXPECT_THAT(DumpResponse(Found(), true, "7-1"), HasSubstr("Content-Length: 5\n\nhello"));
  const std::string dump = DumpRequest("", std::string(kDumpBodyBytes + 3, 'x'), true, "7-1");
  EXPECT_THAT(dump, HasSubstr("x\n... and 3 more bytes"));
  EXPECT_LT(dump.size(), kDumpBodyBytes + 100);
}

TEST(HttpDumpTest, CountsItsRequests) {
  std::vector<std::string> lines;
  HttpDump dump("7-2", true, [&](std::string_view text) { lines.emplace_back(text); });
  for (int i = 0; i < 2; ++i) {
    dump.Request("GET / HTTP/1.1\r\n\r\n", "");
    dump.Response(Found());
  }
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_THAT(lines[0], HasSubstr("request_id=7-2-1\n"));
  EXPECT_THAT(lines[1], HasSubstr("request_id=7-2-1\n"));
  EXPECT_THAT(lines[2], HasSubstr("request_id=7-2-2\n"));
  EXPECT_THAT(lines[3], HasSubstr("request_id=7-2-2\n"));
}

}  // namespace
}  // namespace kload::agent
