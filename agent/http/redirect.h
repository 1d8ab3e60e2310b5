// From one response of a redirect chain to the next request, by Go's rules.
//
// Thread: plain values.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/http/failure.h"
#include "agent/http/request_head.h"
#include "agent/http/url.h"
#include "common/http/message.h"

namespace kload::agent {

// The request to send next; borrows from the script's request.
struct Chain {
  Chain(const http::Request& script_request, std::shared_ptr<const Target> first);

  HopRequest request;
  std::shared_ptr<const Target> target;  // shared with the cache of URLs; never nullptr
  bool has_jar = false;
  std::string first_host;  // credentials go to it and the names below it only
};

// True for a 301, 302, 303, 307 or 308 that says where to go.
bool IsRedirect(int status, std::string_view location);

// Turns `chain` to what `location`, from the response to its request, asks for: after 301, 302 and
// 303 a GET (or HEAD) without body, after 307 and 308 the same request.
// Failure: the location is no URL; `chain` is unspecified then.
std::optional<Failure> Follow(int status, std::string_view location, Chain& chain);

}  // namespace kload::agent
