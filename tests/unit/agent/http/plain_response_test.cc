// Against Beast, which reads whatever does not arrive at once.
#include "agent/http/plain_response.h"

#include <gmock/gmock.h>

#include <array>
#include <random>
#include <string>

#include "agent/http/known_heads.h"

namespace kload::agent {
namespace {

using State = ResponseParser::State;

struct Read {
  State state = State::kNeedMore;
  ParsedResponse response;
  bool leftover = false;
  bool plain = false;  // the short way was taken
};

Read InOnePiece(std::string_view bytes, bool head_request, bool store_body) {
  Read read;
  ParsedResponse plain;
  KnownHeads known;
  read.plain = ParsePlainResponse(bytes, head_request, store_body, plain, &known).has_value();
  // From the head that is known now.
  ResponseParser parser(read.response, head_request, store_body, &known);
  read.state = parser.Feed(bytes);
  read.leftover = parser.leftover();
  return read;
}

// The first byte by itself is no response, so that Beast has it and the rest.
Read ByBeast(std::string_view bytes, bool head_request, bool store_body) {
  Read read;
  ResponseParser parser(read.response, head_request, store_body);
  read.state = parser.Feed(bytes.substr(0, 1));
  if (read.state == State::kNeedMore && bytes.size() > 1) read.state = parser.Feed(bytes.substr(1));
  read.leftover = parser.leftover();
  return read;
}

void ExpectSame(std::string_view bytes, bool head_request, bool store_body) {
  const Read one = InOnePiece(bytes, head_request, store_body);
  if (!one.plain) return;  // Beast read it in both ways
  const Read two = ByBeast(bytes, head_request, store_body);
  ASSERT_EQ(one.state, State::kDone);
  ASSERT_EQ(two.state, State::kDone) << bytes;
  EXPECT_EQ(one.leftover, two.leftover) << bytes;
  const ParsedResponse& a = one.response;
  const ParsedResponse& b = two.response;
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.status_text, b.status_text) << bytes;
  EXPECT_EQ(a.proto, b.proto);
  EXPECT_EQ(a.body, b.body) << bytes;
  EXPECT_EQ(a.content_encoding, b.content_encoding) << bytes;
  EXPECT_EQ(a.location, b.location) << bytes;
  EXPECT_EQ(a.sets_cookies, b.sets_cookies) << bytes;
  EXPECT_EQ(a.keep_alive, b.keep_alive) << bytes;
  ASSERT_EQ(a.headers.size(), b.headers.size()) << bytes;
  for (auto x = a.headers.begin(), y = b.headers.begin(); x != a.headers.end(); ++x, ++y) {
    EXPECT_EQ(*x, *y) << bytes;
  }
}

constexpr std::array<std::string_view, 9> kSeeds = {
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json\r\nContent-Length: 5\r\n"
    "Connection: keep-alive\r\n\r\nhello",
    "HTTP/1.1 204 No Content\r\nDate: Mon, 30 Nov 2026 02:30:00 GMT\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /a\r\nlocation: /b\r\nContent-Length: 0\r\nSet-Cookie: "
    "a=b\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\ncontent-length:  3 \r\nCONNECTION: Close\r\n\r\nno!",
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: br\r\nContent-Length: "
    "1\r\n\r\nx",
    "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 7\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Empty:\r\nX-Long: 0123456789abcdef\r\n\r\nab and "
    "more",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
};
// What mutations put in.
constexpr std::array<std::string_view, 20> kPieces = {"\r\n",
                                                      "\n",
                                                      " ",
                                                      "\t",
                                                      ":",
                                                      "0",
                                                      "1",
                                                      "Content-Length: 1\r\n",
                                                      "Connection: close\r\n",
                                                      "Connection: upgrade\r\n",
                                                      "Upgrade: h2c\r\n",
                                                      "Proxy-Connection: close\r\n",
                                                      "Transfer-Encoding: identity\r\n",
                                                      "\x7f",
                                                      "\x80",
                                                      "\x01",
                                                      ",",
                                                      "HTTP/1.0",
                                                      "-1",
                                                      "\r"};

std::string Mutated(std::string text, std::mt19937& random) {
  const auto below = [&random](size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(random);
  };
  for (size_t changes = below(3); changes > 0 && !text.empty(); --changes) {
    const size_t at = below(text.size());
    switch (below(4)) {
      case 0:
        text.erase(at, 1 + below(4));
        break;
      case 1:
        text.insert(at, kPieces[below(kPieces.size())]);
        break;
      case 2: {  // at the start of a line
        const size_t line = text.find('\n', at);
        if (line != std::string::npos) text.insert(line + 1, kPieces[below(kPieces.size())]);
        break;
      }
      default:
        text[at] = static_cast<char>(below(256));
    }
  }
  return text;
}

TEST(PlainResponse, IsWhatBeastReads) {
  std::mt19937 random(20261130);
  size_t plain = 0;
  for (int i = 0; i < 60'000 && !HasFailure(); ++i) {
    const std::string bytes =
        Mutated(std::string(kSeeds[static_cast<size_t>(i) % kSeeds.size()]), random);
    const bool head_request = i % 7 == 0;
    const bool store_body = i % 5 != 0;
    ExpectSame(bytes, head_request, store_body);
    plain += InOnePiece(bytes, head_request, store_body).plain ? 1 : 0;
  }
  EXPECT_GT(plain, 10'000U);  // else this tests nothing
}

TEST(PlainResponse, UsualOnesAreTaken) {
  for (size_t i = 0; i < 7; ++i) {
    ParsedResponse response;
    EXPECT_TRUE(ParsePlainResponse(kSeeds[i], false, true, response)) << kSeeds[i];
  }
}

TEST(PlainResponse, WhatIsNotItsOwnLeavesNoTrace) {
  for (const std::string_view bytes :
       {kSeeds[7], kSeeds[8], kSeeds[0].substr(0, kSeeds[0].size() - 1), kSeeds[2].substr(0, 60),
        std::string_view(
            "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nLocation: /\r\n\r\nuntil the end")}) {
    ParsedResponse response;
    EXPECT_FALSE(ParsePlainResponse(bytes, false, true, response)) << bytes;
    EXPECT_EQ(response.status, 0);
    EXPECT_EQ(response.status_text + response.proto + response.body + response.location, "");
    EXPECT_TRUE(response.headers.empty());
    EXPECT_FALSE(response.sets_cookies || response.keep_alive);
  }
}

}  // namespace
}  // namespace kload::agent
