// The cookies of one VU: what servers set and scripts add, and which of them a request carries.
//
// Thread: plain value; one thread.
// Source: RFC 6265 sections 5.3 and 5.4; like k6's jar it has no list of public suffixes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/http/cookie.h"
#include "common/http/message.h"
#include "common/http/url.h"

namespace kload::http {

class CookieJar {
 public:
  // Bound: so many cookies; the one set longest ago goes then.
  static constexpr size_t kCookiesMax = 3000;

  struct Entry {
    Cookie cookie;     // domain and path are filled in
    bool host_only;    // exactly this host
    Nanos expires_at;  // since 1970; Nanos::max(): never
  };

  // Takes a cookie that a response to `url` set (or deletes the one that it names, when it is over at `now`, a time since
  // 1970). Ignored: one for a domain that `url` does not belong to.
  void Set(const Target& url, Cookie cookie, Nanos now);
  // What a request to `url` carries: longest path first, then in the order they were set. Valid until the next change.
  std::vector<const Cookie*> CookiesFor(const Target& url, Nanos now) const;
  // Deletes what CookiesFor(url) gives, or the one of that name.
  void Clear(const Target& url, Nanos now);
  void Delete(const Target& url, std::string_view name, Nanos now);

  bool empty() const { return entries_.empty(); }
  void Reset() { entries_.clear(); }

 private:
  std::vector<Entry> entries_;  // in the order they were set
};

// The Cookie header's line for one hop of `request`: the request's own cookies, then the jar's, without those that a
// `replace` stands for. Empty: no such header.
std::string CookieLine(const Request& request, const Target& url, const Clock& clock);
// Takes every Set-Cookie of a response to `url` into the request's jar.
void StoreCookies(const Request& request, const Target& url, const HeaderBlock& headers,
                  const Clock& clock);

}  // namespace kload::http
