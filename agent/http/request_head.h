// The bytes in front of a request's body.
//
// Thread: any; pure.
#pragma once

#include <optional>
#include <string>

#include "agent/http/failure.h"
#include "agent/http/url.h"
#include "common/http/message.h"

namespace kload::agent {

// One request of a redirect chain; borrows from the request that the script made.
struct HopRequest {
  std::string method;
  const http::Headers* headers = nullptr;
  const std::string* body = nullptr;  // nullptr: none
  bool keep_host_header = true;       // false: the script's Host header was for another server
  bool drop_credentials = false;      // Authorization and cookies of the script stay behind
  bool drop_cookie_header = false;    // the script's own Cookie header was for the first hop
  bool digest = false;                // the URL's credentials are for digest authentication
  std::string authorization;          // instead of the URL's Basic one
  std::string cookies;                // joins the script's Cookie header; empty: none
  bool drop_content_headers = false;  // the body they describe is gone
  std::string referer;                // empty: none but the script's own
  bool close = false;                 // ask the server to close the connection afterwards
};

// Replaces `out` by request line and headers. The script's Content-Length and Transfer-Encoding are
// left out (the length is ours), its Host and User-Agent win over ours; an empty User-Agent sends
// none.
// Failure: a method or header that could smuggle another line into the request; `out` is
//          unspecified then.
std::optional<Failure> WriteHead(const HopRequest& request, const Target& target,
                                 const std::string& user_agent, std::string& out);

// For Target::request_start: target, version, Host and User-Agent (empty: none); empty when one of them can not be sent.
std::string RequestStart(const Target& target, const std::string& user_agent);

// True if the script itself asks for `Connection: close`.
bool WantsClose(const http::Headers& headers);

// May be sent again when a kept-alive connection turned out to be closed (Go's rule): GET, HEAD,
// OPTIONS, TRACE or an Idempotency-Key, without a body.
bool IsReplayable(const HopRequest& request);

}  // namespace kload::agent
