// A URL as a script spells it -> where to connect and what to ask for.
//
// Thread: plain values.
// Source: lenient as Go's net/url is (k6 scripts rely on it), then parsed by Boost.URL.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace kload::http {

struct Target {
  std::string scheme;       // lower case; may be empty or unknown: the request then fails unsent
  std::string host;         // lower case, without brackets; empty when the URL has none
  uint16_t port = 0;        // 80 or 443 when the URL has none
  std::string host_header;  // host[:port] as the URL spells it
  std::string path;  // origin form: path and query, percent-encoded where needed, no fragment
  std::string user;  // of user:password@, decoded
  std::string password;
  std::string authorization;  // "Basic ..." from user:pass@, else empty
  std::string encoded;        // the whole URL in encoded form: the base of a relative Location
  std::string masked;         // as spelled, credentials as ****
  // What follows the method in a request that the script gave no Host and no User-Agent for, up to the end of both; empty: not
  // prepared (agent/http/url_cache.h).
  std::string request_start;
  bool is_ip = false;  // host is an IP literal

  bool tls() const { return scheme == "https"; }
  bool SameServer(const Target& other) const {
    return port == other.port && host == other.host && scheme == other.scheme;
  }
};

// nullopt: not a URL at all (k6's 1020): control characters, a bad port, bad % escapes in the path.
std::optional<Target> ParseUrl(std::string_view url);

// What the Location header `reference` of a response to `base` leads to, as ParseUrl() wants it;
// nullopt when it can not be parsed.
std::optional<std::string> ResolveReference(const Target& base, std::string_view reference);

// True if `reference` names a scheme of its own.
bool IsAbsoluteUrl(std::string_view reference);

// `host` itself or a name below it ("api.example.com" is below "example.com").
bool IsSameOrSubdomain(std::string_view host, std::string_view parent);

}  // namespace kload::http
