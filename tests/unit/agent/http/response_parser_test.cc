#include "agent/http/response_parser.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace kload::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using State = ResponseParser::State;

constexpr std::string_view kPlain =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello";
constexpr std::string_view kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;ext=1\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: t\r\n\r\n";

struct Parsed {
  State state = State::kNeedMore;
  std::string text;  // what() of a failure
  ParsedResponse response;
  bool leftover = false;
};

// Feeds `bytes` in pieces cut at `cuts`, then the end if `end`.
Parsed Parse(std::string_view bytes, std::vector<size_t> cuts = {}, bool end = false,
             bool head_request = false, bool store_body = true) {
  Parsed parsed;
  ResponseParser parser(parsed.response, head_request, store_body);
  cuts.push_back(bytes.size());
  size_t from = 0;
  for (const size_t cut : cuts) {
    if (cut > from && parsed.state == State::kNeedMore) {
      // A copy, so that a sanitizer sees a look behind the piece's end.
      const std::string piece(bytes.substr(from, cut - from));
      parsed.state = parser.Feed(piece);
    }
    from = std::max(from, cut);
  }
  if (end) parsed.state = parser.FeedEnd();
  if (parsed.state == State::kFailed) parsed.text = parser.failure().text;
  parsed.leftover = parser.leftover();
  return parsed;
}

void ExpectHello(const Parsed& parsed, size_t cut) {
  EXPECT_EQ(parsed.state, State::kDone) << "cut at " << cut;
  EXPECT_EQ(parsed.response.body, "hello") << "cut at " << cut;
  EXPECT_EQ(parsed.response.status, 200);
  EXPECT_EQ(parsed.response.status_text, "200 OK");
  EXPECT_EQ(parsed.response.proto, "HTTP/1.1");
  EXPECT_TRUE(parsed.response.keep_alive);
  EXPECT_FALSE(parsed.leftover);
}

TEST(ResponseParser, TakesTheBytesCutAnywhere) {
  for (size_t cut = 0; cut < kPlain.size(); ++cut) ExpectHello(Parse(kPlain, {cut}), cut);
  for (size_t cut = 0; cut < kChunked.size(); ++cut) ExpectHello(Parse(kChunked, {cut}), cut);
}

TEST(ResponseParser, TakesThemOneByOne) {
  for (const std::string_view bytes : {kPlain, kChunked}) {
    std::vector<size_t> cuts;
    for (size_t i = 1; i < bytes.size(); ++i) cuts.push_back(i);
    ExpectHello(Parse(bytes, cuts), 1);
  }
}

TEST(ResponseParser, KeepsHeadersAsTheyCame) {
  EXPECT_THAT(Parse(kPlain).response.headers,
              ElementsAre(Pair("Content-Length", "5"), Pair("X-A", "1"), Pair("x-a", "2")));
}

TEST(ResponseParser, NotesWhatTheClientNeeds) {
  const Parsed parsed = Parse(
      "HTTP/1.1 302 Found\r\nLocation: /a\r\nlocation: /b\r\nContent-Encoding: gzip\r\n"
      "content-encoding: br\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(parsed.state, State::kDone);
  EXPECT_EQ(parsed.response.location, "/a");
  EXPECT_EQ(parsed.response.content_encoding, "gzip,br");
  EXPECT_FALSE(parsed.response.keep_alive);
}

TEST(ResponseParser, NoBodyWhereThereIsNone) {
  const std::string_view long_claim = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
  EXPECT_EQ(Parse(long_claim, {}, false, /*head_request=*/true).state, State::kDone);
  EXPECT_EQ(Parse("HTTP/1.1 204 No Content\r\n\r\n").state, State::kDone);
  EXPECT_EQ(Parse("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").state, State::kDone);
  EXPECT_TRUE(Parse("HTTP/1.1 204 No Content\r\n\r\n").response.keep_alive);
}

TEST(ResponseParser, TheEndEndsABodyWithoutLength) {
  const std::string_view bytes = "HTTP/1.1 200 OK\r\n\r\nhello";
  EXPECT_EQ(Parse(bytes).state, State::kNeedMore);
  const Parsed parsed = Parse(bytes, {20, 22}, /*end=*/true);
  EXPECT_EQ(parsed.state, State::kDone);
  EXPECT_EQ(parsed.response.body, "hello");
  EXPECT_FALSE(parsed.response.keep_alive);
}

TEST(ResponseParser, SkipsInterimResponses) {
  const std::string bytes = std::string("HTTP/1.1 100 Continue\r\n\r\n") +
                            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + std::string(kPlain);
  for (size_t cut = 0; cut < bytes.size(); ++cut) ExpectHello(Parse(bytes, {cut}), cut);
}

TEST(ResponseParser, TooManyInterimsAreAFailure) {
  std::string bytes;
  for (int i = 0; i < 6; ++i) bytes += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(Parse(bytes).text, "too many interim (1xx) responses");
}

TEST(ResponseParser, SwitchingProtocolsIsFinal) {
  const Parsed parsed = Parse("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
  EXPECT_EQ(parsed.state, State::kDone);
  EXPECT_EQ(parsed.response.status, 101);
}

TEST(ResponseParser, AcceptsAStatusLineWithoutReason) {
  const std::string_view bytes = "HTTP/1.1 404\r\nContent-Length: 2\r\n\r\nno";
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    const Parsed parsed = Parse(bytes, {cut});
    EXPECT_EQ(parsed.state, State::kDone) << "cut at " << cut;
    EXPECT_EQ(parsed.response.status_text, "404");
    EXPECT_EQ(parsed.response.body, "no");
  }
}

TEST(ResponseParser, TellsWhenMoreCameThanTheResponse) {
  EXPECT_TRUE(Parse(fmt::format("{}x", kPlain)).leftover);
  EXPECT_TRUE(Parse(fmt::format("{}HTTP/1.1", kChunked)).leftover);
}

TEST(ResponseParser, ABodyCutShortIsAFailure) {
  for (const std::string_view bytes : {kPlain, kChunked}) {
    for (size_t length = 1; length < bytes.size(); ++length) {
      EXPECT_EQ(Parse(bytes.substr(0, length), {}, true).text, "unexpected EOF") << length;
    }
    EXPECT_EQ(Parse("", {}, true).text, "EOF");
  }
}

TEST(ResponseParser, RefusesWhatIsNotHttp) {
  for (const std::string_view bytes :
       {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    EXPECT_THAT(Parse(bytes, {}, true).text, HasSubstr("malformed HTTP response")) << bytes;
  }
}

TEST(ResponseParser, BoundsTheHeader) {
  const std::string line = "X-Long: " + std::string(1000, 'x') + "\r\n";
  std::string bytes = "HTTP/1.1 200 OK\r\n";
  while (bytes.size() < kHeaderBytesMax + line.size()) bytes += line;
  EXPECT_EQ(Parse(bytes).state, State::kFailed);
  // In small pieces, and as one line without end.
  ParsedResponse response;
  ResponseParser by_line(response, false, true);
  State state = by_line.Feed("HTTP/1.1 200 OK\r\n");
  size_t lines = 0;
  for (; state == State::kNeedMore && lines < 1000; ++lines) state = by_line.Feed(line);
  EXPECT_EQ(state, State::kFailed);
  EXPECT_LE(lines * line.size(), kHeaderBytesMax + 2 * line.size());
  ParsedResponse other;
  ResponseParser no_line(other, false, true);
  state = no_line.Feed("HTTP/1.1 200 OK\r\nX: ");
  for (lines = 0; state == State::kNeedMore && lines < 1000; ++lines) {
    state = no_line.Feed(std::string(1000, 'x'));
  }
  EXPECT_EQ(state, State::kFailed);
  EXPECT_LE(lines, kHeaderBytesMax / 1000 + 2);
}

TEST(ResponseParser, BoundsTrailers) {
  ParsedResponse response;
  ResponseParser parser(response, false, true);
  State state = parser.Feed(kChunked.substr(0, kChunked.size() - 2));
  size_t lines = 0;
  for (; state == State::kNeedMore && lines < 1000; ++lines) {
    state = parser.Feed("X-Long: " + std::string(1000, 'x') + "\r\n");
  }
  EXPECT_EQ(state, State::kFailed);
}

TEST(ResponseParser, DropsABodyThatNobodyWants) {
  const Parsed parsed = Parse(kChunked, {}, false, false, /*store_body=*/false);
  EXPECT_EQ(parsed.state, State::kDone);
  EXPECT_EQ(parsed.response.body, "");
}

TEST(ResponseParser, AHugeClaimReservesLittle) {
  const Parsed parsed = Parse("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx");
  EXPECT_EQ(parsed.state, State::kNeedMore);
  EXPECT_LE(parsed.response.body.capacity(), 2U * 1024 * 1024);
}

}  // namespace
}  // namespace kload::agent
