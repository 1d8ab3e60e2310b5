#include "agent/http/redirect.h"

#include <fmt/format.h>

#include <algorithm>

namespace kload::agent {
namespace {

// The page that a redirect came from, without credentials; none from https to http.
std::string RefererOf(const Target& from, const Target& to) {
  if (from.tls() && to.scheme == "http") return "";
  const size_t authority = from.encoded.find("//");
  if (authority == std::string::npos) return from.encoded;
  const size_t end = std::min(from.encoded.find_first_of("/?", authority + 2), from.encoded.size());
  const size_t at = from.encoded.substr(0, end).rfind('@');
  if (at == std::string::npos || at < authority) return from.encoded;
  return from.encoded.substr(0, authority + 2) + from.encoded.substr(at + 1);
}

}  // namespace

Chain::Chain(const http::Request& script_request, std::shared_ptr<const Target> first)
    : target(std::move(first)) {
  request.method = script_request.method;
  request.headers = &script_request.headers;
  request.digest = script_request.digest_auth;
  has_jar = script_request.jar != nullptr;
  request.body = script_request.has_body ? &script_request.body : nullptr;
  first_host = target->host;
}

bool IsRedirect(int status, std::string_view location) {
  const bool code =
      status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  return code && !location.empty();
}

std::optional<Failure> Follow(int status, std::string_view location, Chain& chain) {
  const std::optional<std::string> url = ResolveReference(*chain.target, location);
  std::optional<Target> next = url ? ParseUrl(*url) : std::nullopt;
  if (!next) {
    return Failure{FailureCode::kUnclassified,
                   fmt::format("failed to parse Location header \"{}\"", location)};
  }
  HopRequest& request = chain.request;
  if (status != 307 && status != 308) {
    if (request.method != "GET" && request.method != "HEAD") request.method = "GET";
    request.body = nullptr;
    request.drop_content_headers = true;
  }
  // These stay dropped, also when the chain comes back.
  if (IsAbsoluteUrl(location)) request.keep_host_header = false;
  if (!IsSameOrSubdomain(next->host, chain.first_host)) request.drop_credentials = true;
  request.authorization.clear();
  // k6's rule: with a jar, the cookies of every further hop are the jar's and the call's.
  request.drop_cookie_header = chain.has_jar;
  request.referer = RefererOf(*chain.target, *next);
  chain.target = std::make_shared<const Target>(std::move(*next));
  return std::nullopt;
}

}  // namespace kload::agent
