// What servers send: responses in pieces, compressed bodies, cookies, dates, addresses. The first byte says how it is cut up.
#include <algorithm>
#include <string>

#include "agent/http/decode.h"
#include "agent/http/known_heads.h"
#include "agent/http/plain_response.h"
#include "agent/http/response_parser.h"
#include "common/base/check.h"
#include "common/http/cookie.h"
#include "common/http/url.h"
#include "tests/fuzz/target.h"

namespace {

using kload::agent::ParsedResponse;
using kload::agent::ResponseParser;

// What the short way (plain_response.h) reads is what Beast reads, which has all that does not come at once.
void CompareWays(std::string_view bytes, bool head_request, bool store_body) {
  kload::agent::KnownHeads known;
  const auto read = [&](ParsedResponse& into) {
    return kload::agent::ParsePlainResponse(bytes, head_request, store_body, into, &known);
  };
  ParsedResponse first;
  if (!read(first)) return;
  ParsedResponse plain;
  const auto taken = read(plain);  // from the head that is known now
  ParsedResponse response;
  ResponseParser parser(response, head_request, store_body);
  (void)parser.Feed(bytes.substr(0, 1));
  const auto state = parser.Feed(bytes.substr(1));
  const bool same =
      state == ResponseParser::State::kDone && taken &&
      parser.leftover() == (*taken < bytes.size()) && plain.status == response.status &&
      plain.status_text == response.status_text && plain.body == response.body &&
      plain.content_encoding == response.content_encoding && plain.location == response.location &&
      plain.sets_cookies == response.sets_cookies && plain.keep_alive == response.keep_alive &&
      std::equal(plain.headers.begin(), plain.headers.end(), response.headers.begin(),
                 response.headers.end());
  KLOAD_CHECK(same, "both ways read the same");
}

}  // namespace

KLOAD_FUZZ(bytes) {
  if (bytes.empty()) return;
  const auto how = static_cast<unsigned char>(bytes[0]);
  bytes.remove_prefix(1);
  CompareWays(bytes, (how & 1) != 0, (how & 2) != 0);
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
