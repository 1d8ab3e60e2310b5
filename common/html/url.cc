#include "common/html/url.h"

#include <algorithm>

#include "common/html/ascii.h"

namespace kload::html {
namespace {

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

size_t SchemeSize(std::string_view url) {
  const size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon == 0 || !IsAlpha(url[0])) return 0;
  const bool valid =
      std::all_of(url.begin(), url.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
        return IsAlpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
      });
  return valid ? colon : 0;
}

std::string_view Trimmed(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// "/a/./b/../c" -> "/a/c"
std::string WithoutDots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    const bool last = end == path.size();
    path.remove_prefix(end);
    if (segment == "/.." || segment == "..") {
      const size_t slash = out.rfind('/');
      out.resize(slash == std::string::npos ? 0 : slash);
    } else if (segment != "/." && segment != ".") {
      out += segment;
      continue;
    }
    if (last) out += '/';
  }
  return out;
}

std::string Merged(const UrlParts& base, const std::string& path) {
  if (base.has_authority && base.path.empty()) return "/" + path;
  const size_t slash = base.path.rfind('/');
  return slash == std::string::npos ? path : base.path.substr(0, slash + 1) + path;
}

std::string_view UserInfo(std::string_view authority) {
  const size_t at = authority.rfind('@');
  return at == std::string_view::npos ? std::string_view() : authority.substr(0, at);
}

// Where the port's colon is; npos without one.
size_t PortColon(std::string_view host) {
  const size_t colon = host.rfind(':');
  const size_t bracket = host.rfind(']');
  return bracket != std::string_view::npos && colon != std::string_view::npos && colon < bracket
             ? std::string_view::npos
             : colon;
}

}  // namespace

std::string UrlParts::username() const {
  const std::string_view user = UserInfo(authority);
  return std::string(user.substr(0, user.find(':')));
}

std::string UrlParts::password() const {
  const std::string_view user = UserInfo(authority);
  const size_t colon = user.find(':');
  return colon == std::string_view::npos ? std::string() : std::string(user.substr(colon + 1));
}

std::string UrlParts::host() const {
  const size_t at = authority.rfind('@');
  return Lower(at == std::string::npos ? authority : authority.substr(at + 1));
}

std::string UrlParts::hostname() const {
  const std::string whole = host();
  return whole.substr(0, PortColon(whole));
}

std::string UrlParts::port() const {
  const std::string whole = host();
  const size_t colon = PortColon(whole);
  return colon == std::string::npos ? std::string() : whole.substr(colon + 1);
}

UrlParts SplitUrl(std::string_view url) {
  UrlParts parts;
  if (const size_t mark = url.find('#'); mark != std::string_view::npos) {
    parts.has_fragment = true;
    parts.fragment = url.substr(mark + 1);
    url = url.substr(0, mark);
  }
  if (const size_t size = SchemeSize(url); size > 0) {
    parts.scheme = Lower(url.substr(0, size));
    url.remove_prefix(size + 1);
  }
  if (const size_t mark = url.find('?'); mark != std::string_view::npos) {
    parts.has_query = true;
    parts.query = url.substr(mark + 1);
    url = url.substr(0, mark);
  }
  if (url.substr(0, 2) == "//") {
    parts.has_authority = true;
    url.remove_prefix(2);
    parts.authority = url.substr(0, url.find('/'));
    url.remove_prefix(parts.authority.size());
  }
  parts.path = url;
  return parts;
}

std::string JoinUrl(const UrlParts& parts) {
  std::string url;
  if (!parts.scheme.empty()) url += parts.scheme + ":";
  if (parts.has_authority) url += "//" + parts.authority;
  url += parts.path;
  if (parts.has_query) url += "?" + parts.query;
  if (parts.has_fragment) url += "#" + parts.fragment;
  return url;
}

std::string ResolveUrl(std::string_view base_url, std::string_view reference) {
  reference = Trimmed(reference);
  if (base_url.empty()) return std::string(reference);
  UrlParts result = SplitUrl(reference);
  const UrlParts base = SplitUrl(base_url);
  if (!result.scheme.empty()) {
    if (result.has_authority) result.path = WithoutDots(result.path);
    return JoinUrl(result);
  }
  result.scheme = base.scheme;
  if (result.has_authority) {
    result.path = WithoutDots(result.path);
    return JoinUrl(result);
  }
  result.has_authority = base.has_authority;
  result.authority = base.authority;
  if (result.path.empty()) {
    result.path = base.path;
    if (!result.has_query) {
      result.has_query = base.has_query;
      result.query = base.query;
    }
  } else {
    result.path = WithoutDots(result.path[0] == '/' ? result.path : Merged(base, result.path));
  }
  return JoinUrl(result);
}

}  // namespace kload::html
