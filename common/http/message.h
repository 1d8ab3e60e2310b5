// One HTTP request of a script and what came back, as plain values: the words that the k6 API and the HTTP
// client share.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/http/header_block.h"

namespace kload::http {

using Headers = std::vector<std::pair<std::string, std::string>>;  // order and spelling kept

enum class ResponseType { kText, kBinary, kNone };

// Both ends included.
struct StatusRange {
  int low = 0;
  int high = 0;
};

// Which responses a script expects, in place of the default: 200 to 399.
struct ResponseRule {
  bool judged = true;  // false: neither http_req_failed nor the tag expected_response
  std::vector<StatusRange> expected;
};

// What the rule says of a response; drives http_req_failed and the tag expected_response.
enum class Expectation : uint8_t { kByDefaultRule, kMet, kFailed, kNotJudged };

inline Expectation Judge(const ResponseRule& rule, int status) {
  if (!rule.judged) return Expectation::kNotJudged;
  for (const StatusRange& range : rule.expected) {
    if (status >= range.low && status <= range.high) return Expectation::kMet;
  }
  return Expectation::kFailed;
}

class CookieJar;

// A cookie that the script gives to one request.
struct RequestCookie {
  std::string name;
  std::string value;
  bool replace = false;  // stands for the jar's cookie of that name, not beside it
};

struct Request {
  static constexpr Nanos kDefaultTimeout = std::chrono::seconds(60);
  static constexpr int kDefaultRedirects = 10;

  std::string method = "GET";  // upper case
  std::string url;             // absolute, http or https; user:pass@ means basic authentication
  Headers headers;             // as the script gave them
  std::string body;
  bool has_body = false;
  Nanos timeout = kDefaultTimeout;        // over all redirects
  int max_redirects = kDefaultRedirects;  // 0: the first response is the result
  ResponseType response_type = ResponseType::kText;
  // Null: the default rule. Shared with the script's object; nothing changes it.
  std::shared_ptr<const ResponseRule> rule;
  bool digest_auth = false;  // the URL's credentials answer a 401 instead of going out at once
  std::vector<RequestCookie> cookies;  // sent with every hop
  // Gives cookies to every hop and takes those of every response; null: none are kept.
  std::shared_ptr<CookieJar> jar;

  // As made anew, but for the memory of the texts.
  void Clear();
};

// k6's phases; duration = sending + waiting + receiving. Phases that were not reached are 0.
struct Timings {
  Nanos blocked{0}, connecting{0}, tls_handshaking{0}, sending{0}, waiting{0}, receiving{0};
  Nanos duration() const { return sending + waiting + receiving; }
};

// One request on the wire: a redirect chain makes one of them per hop.
struct Hop {
  std::string method;
  std::string url;          // credentials masked as ****
  int status = 0;           // 0: no response
  std::string proto;        // HTTP/1.1, empty without a response
  std::string tls_version;  // tls1.2, tls1.3 or empty
  std::string remote_ip;    // empty unless the client was asked to tell it per hop
  std::string error;        // k6's short text, empty when there was none
  int error_code = 0;  // k6's table: 1050 timeout, 1212 refused, 1404 ...; 0 when there was none
  Timings timings;
  uint64_t bytes_sent = 0;      // on the socket's plain side: request line, headers and body
  uint64_t bytes_received = 0;  // likewise for the response
  Expectation expectation = Expectation::kByDefaultRule;
  bool interrupted = false;  // cut off because the VU was stopped: not a sample
};

struct Response {
  int status = 0;
  std::string status_text;  // "200 OK"
  std::string proto;
  std::string url;      // of the last hop
  HeaderBlock headers;  // in the order received
  std::string body;     // decoded; empty when the response type is kNone
  std::string remote_ip;
  uint16_t remote_port = 0;
  std::string tls_version;
  std::string tls_cipher_suite;
  std::string error;
  int error_code = 0;
  Timings timings;           // of the last hop
  std::string sent_cookies;  // the Cookie header's line of the first hop; empty: it had none
  std::vector<Hop> hops;     // in order, at least one unless the URL was invalid

  // As made anew, but for the memory of the texts and the hops.
  void Clear();
};

}  // namespace kload::http
