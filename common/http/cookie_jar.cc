#include "common/http/cookie_jar.h"

#include <algorithm>
#include <utility>

#include "common/base/ascii.h"

namespace kload::http {
namespace {

std::string_view PathOnly(const Target& url) {
  return std::string_view(url.path).substr(0, url.path.find('?'));
}

// The directory of a request's path.
std::string DefaultPath(const Target& url) {
  const std::string_view path = PathOnly(url);
  const size_t last = path.rfind('/');
  if (!path.starts_with('/') || last == 0) return "/";
  return std::string(path.substr(0, last));
}

bool PathMatches(std::string_view path, std::string_view cookie_path) {
  if (!path.starts_with(cookie_path)) return false;
  return path.size() == cookie_path.size() || cookie_path.ends_with('/') ||
         path[cookie_path.size()] == '/';
}

bool Matches(const CookieJar::Entry& entry, const Target& url, Nanos now) {
  const Cookie& cookie = entry.cookie;
  const bool host =
      entry.host_only ? url.host == cookie.domain : IsSameOrSubdomain(url.host, cookie.domain);
  return host && now < entry.expires_at && (url.tls() || !cookie.secure) &&
         PathMatches(PathOnly(url), cookie.path);
}

Nanos ExpiresAt(const Cookie& cookie, Nanos now) {
  if (cookie.max_age_s) {
    return *cookie.max_age_s <= 0 ? Nanos::min() : now + std::chrono::seconds(*cookie.max_age_s);
  }
  return cookie.expires.value_or(Nanos::max());
}

// Fills in whom the cookie is for. False: not for `url` to set.
bool Place(const Target& url, Cookie& cookie, bool& host_only) {
  if (cookie.path.empty()) cookie.path = DefaultPath(url);
  host_only = cookie.domain.empty() || url.is_ip;
  if (cookie.domain.empty()) {
    cookie.domain = url.host;
    return true;
  }
  if (url.is_ip) return cookie.domain == url.host;
  // A whole top level is nobody's to set cookies for, except a host that is called so (localhost).
  if (cookie.domain.find('.') == std::string::npos && cookie.domain != url.host) return false;
  return IsSameOrSubdomain(url.host, cookie.domain);
}

}  // namespace

void CookieJar::Set(const Target& url, Cookie cookie, Nanos now) {
  bool host_only = false;
  if (url.host.empty() || !Place(url, cookie, host_only)) return;
  const Nanos expires_at = ExpiresAt(cookie, now);
  const auto known = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.cookie.name == cookie.name && entry.cookie.domain == cookie.domain &&
           entry.cookie.path == cookie.path;
  });
  if (expires_at <= now) {
    if (known != entries_.end()) entries_.erase(known);
    return;
  }
  Entry entry{std::move(cookie), host_only, expires_at};
  if (known != entries_.end()) {
    *known = std::move(entry);  // keeps its place: the time it was created
    return;
  }
  if (entries_.size() >= kCookiesMax) entries_.erase(entries_.begin());
  entries_.push_back(std::move(entry));
}

std::vector<const Cookie*> CookieJar::CookiesFor(const Target& url, Nanos now) const {
  std::vector<const Cookie*> cookies;
  for (const Entry& entry : entries_) {
    if (Matches(entry, url, now)) cookies.push_back(&entry.cookie);
  }
  std::stable_sort(cookies.begin(), cookies.end(), [](const Cookie* a, const Cookie* b) {
    return a->path.size() > b->path.size();
  });
  return cookies;
}

void CookieJar::Clear(const Target& url, Nanos now) {
  std::erase_if(entries_, [&](const Entry& entry) { return Matches(entry, url, now); });
}

void CookieJar::Delete(const Target& url, std::string_view name, Nanos now) {
  std::erase_if(entries_, [&](const Entry& entry) {
    return entry.cookie.name == name && Matches(entry, url, now);
  });
}

std::string CookieLine(const Request& request, const Target& url, const Clock& clock) {
  std::string line;
  for (const RequestCookie& cookie : request.cookies) {
    AppendCookie(cookie.name, cookie.value, false, line);
  }
  if (request.jar == nullptr || request.jar->empty()) return line;
  for (const Cookie* cookie : request.jar->CookiesFor(url, clock.UnixNow())) {
    const bool replaced = std::any_of(
        request.cookies.begin(), request.cookies.end(),
        [&](const RequestCookie& own) { return own.replace && own.name == cookie->name; });
    if (!replaced) AppendCookie(cookie->name, cookie->value, cookie->quoted, line);
  }
  return line;
}

void StoreCookies(const Request& request, const Target& url, const HeaderBlock& headers,
                  const Clock& clock) {
  if (request.jar == nullptr) return;
  for (const auto& [name, value] : headers) {
    if (!EqualsIgnoringCase(name, "set-cookie")) continue;
    if (auto cookie = ParseSetCookie(value)) {
      request.jar->Set(url, *std::move(cookie), clock.UnixNow());
    }
  }
}

}  // namespace kload::http
