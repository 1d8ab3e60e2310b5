// What servers send: responses in pieces, compressed bodies, cookies, dates, addresses. The first byte says how it is cut up.
#include <algorithm>
#include <string>

#include "agent/http/decode.h"
#include "agent/http/response_parser.h"
#include "common/http/cookie.h"
#include "common/http/url.h"
#include "tests/fuzz/target.h"

KLOAD_FUZZ(bytes) {
  if (bytes.empty()) return;
  const auto how = static_cast<unsigned char>(bytes[0]);
  bytes.remove_prefix(1);
  kload::agent::ParsedResponse response;
  kload::agent::ResponseParser parser(response, (how & 1) != 0, (how & 2) != 0);
  const size_t piece = how & 4 ? 1 + how / 8 : bytes.size() + 1;
  auto state = kload::agent::ResponseParser::State::kNeedMore;
  for (size_t at = 0; at < bytes.size() && state == decltype(state)::kNeedMore; at += piece) {
    state = parser.Feed(bytes.substr(at, piece));
  }
  if (state == decltype(state)::kNeedMore) state = parser.FeedEnd();
  if (state == decltype(state)::kDone) {
    (void)parser.leftover();
    for (const auto& [name, value] : response.headers) (void)kload::http::ParseSetCookie(value);
    (void)kload::agent::DecodeBody(response.content_encoding, response.body, 1 << 20);
  } else {
    (void)parser.failure();
  }
  std::string body(bytes);
  static constexpr const char* kEncodings[] = {"gzip", "deflate", "br", "zstd"};
  (void)kload::agent::DecodeBody(kEncodings[how % 4], body, 1 << 20);
  (void)kload::http::ParseSetCookie(bytes);
  (void)kload::http::ParseCookieDate(bytes);
  if (const auto target = kload::http::ParseUrl(bytes)) {
    (void)kload::http::ResolveReference(*target, bytes.substr(bytes.size() / 2));
  }
}
