#include "common/http/url.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>

#include "common/base/ascii.h"

namespace kload::http {
namespace {

namespace urls = boost::urls;

std::string_view View(urls::string_view text) { return {text.data(), text.size()}; }
urls::string_view BoostView(std::string_view text) { return {text.data(), text.size()}; }

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool IsAlnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsOneOf(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool IsEscape(std::string_view text, size_t at) {
  return at + 2 < text.size() && IsHex(text[at + 1]) && IsHex(text[at + 2]);
}

// Percent-encodes what is neither alphanumeric nor in `allowed`. A % that starts no escape fails
// when `strict`, else it is encoded itself.
bool AppendEncoded(std::string_view text, std::string_view allowed, bool strict, std::string& out) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (IsEscape(text, i)) {
        out += c;
        continue;
      }
      if (strict) return false;
    }
    if (c != '%' && (IsAlnum(c) || IsOneOf(c, allowed))) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return true;
}

// Where the parts of a URL begin; every part may be empty.
struct Parts {
  std::string_view scheme;
  std::string_view authority;  // without the leading //
  bool has_authority = false;
  std::string_view path;
  std::string_view query;
  bool has_query = false;
};

std::string_view SchemeOf(std::string_view url) {
  const size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon == 0 || !IsAlnum(url[0]) || url[0] <= '9') return {};
  const std::string_view scheme = url.substr(0, colon);
  const bool valid = std::all_of(scheme.begin(), scheme.end(),
                                 [](char c) { return IsAlnum(c) || IsOneOf(c, "+-."); });
  return valid ? scheme : std::string_view();
}

Parts Split(std::string_view url) {
  Parts parts;
  url = url.substr(0, url.find('#'));
  parts.scheme = SchemeOf(url);
  if (!parts.scheme.empty()) url.remove_prefix(parts.scheme.size() + 1);
  if (const size_t mark = url.find('?'); mark != std::string_view::npos) {
    parts.query = url.substr(mark + 1);
    parts.has_query = true;
    url = url.substr(0, mark);
  }
  if (url.substr(0, 2) == "//") {
    url.remove_prefix(2);
    parts.has_authority = true;
    parts.authority = url.substr(0, url.find('/'));
    url.remove_prefix(parts.authority.size());
  }
  parts.path = url;
  return parts;
}

// What Boost.URL lets through behind a host, and what Go does not take in one.
bool IsAuthority(std::string_view authority) {
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    authority.remove_prefix(at + 1);
  }
  const size_t bracket = authority.rfind(']');
  const size_t host_end = bracket == std::string_view::npos
                              ? std::min(authority.find(':'), authority.size())
                              : bracket + 1;
  const std::string_view host = authority.substr(0, host_end);
  const std::string_view port = authority.substr(host_end);
  return std::all_of(host.begin(), host.end(),
                     [](char c) {
                       return static_cast<unsigned char>(c) >= 0x80 || IsAlnum(c) ||
                              IsOneOf(c, "-._~!$&'()*+,;=:[]<>\"%");
                     }) &&
         (port.empty() ||
          (port[0] == ':' && port.find_first_not_of("0123456789", 1) == std::string_view::npos));
}

// The same URL with nothing left that Boost.URL's strict grammar refuses. nullopt: not even Go
// takes it.
std::optional<std::string> Encode(std::string_view url) {
  for (const char c : url) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
  }
  const Parts parts = Split(url);
  std::string out;
  if (!parts.scheme.empty()) out.append(parts.scheme) += ':';
  if (parts.has_authority) {
    out += "//";
    if (!IsAuthority(parts.authority)) return std::nullopt;
    if (!AppendEncoded(parts.authority, "-._~!$&'()*+,;=:@[]", true, out)) return std::nullopt;
  }
  if (!AppendEncoded(parts.path, "-._~!$&'()*+,;=:@/", true, out)) return std::nullopt;
  if (parts.has_query) {
    out += '?';
    AppendEncoded(parts.query, "-._~!$&'()*+,;=:@/?[]{}|\\^`\"<>", false, out);
  }
  return out;
}

// Go sends these as they are in a query; the strict grammar wants them encoded.
std::string StrictQuery(std::string_view encoded) {
  const size_t mark = encoded.find('?');
  if (mark == std::string_view::npos) return std::string(encoded);
  std::string out(encoded.substr(0, mark + 1));
  AppendEncoded(encoded.substr(mark + 1), "-._~!$&'()*+,;=:@/?", false, out);
  return out;
}

std::string Base64(std::string_view text) {
  std::string out((text.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with a NUL
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(length));
  return out;
}

std::string Mask(std::string_view url) {
  const size_t start = url.find("//");
  if (start == std::string_view::npos) return std::string(url);
  const size_t end = std::min(url.find_first_of("/?#", start + 2), url.size());
  const size_t at = url.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < start) return std::string(url);
  const bool password = url.substr(start, at - start).find(':') != std::string_view::npos;
  return fmt::format("{}{}{}", url.substr(0, start + 2), password ? "****:****" : "****",
                     url.substr(at));
}

bool SetPort(const urls::url_view& view, Target& target) {
  if (!view.has_port() || view.port().empty()) {
    target.port = target.scheme == "https" ? 443 : 80;
    return true;
  }
  const std::string_view digits = View(view.port());
  if (view.port_number() == 0 && digits.find_first_not_of('0') != std::string_view::npos) {
    return false;  // above 65535
  }
  target.port = view.port_number();
  return true;
}

}  // namespace

std::optional<Target> ParseUrl(std::string_view url) {
  std::optional<std::string> encoded = Encode(url);
  if (!encoded) return std::nullopt;
  const std::string strict = StrictQuery(*encoded);
  const auto parsed = urls::parse_uri_reference(BoostView(strict));
  if (!parsed) return std::nullopt;
  const urls::url_view view = *parsed;

  Target target;
  target.scheme = Lower(std::string(View(view.scheme())));
  target.is_ip =
      view.host_type() == urls::host_type::ipv4 || view.host_type() == urls::host_type::ipv6;
  target.host = Lower(std::string(view.host_address()));
  if (!SetPort(view, target)) return std::nullopt;
  target.host_header = std::string(View(view.encoded_host()));
  if (view.has_port() && !view.port().empty()) {
    target.host_header.append(":").append(View(view.port()));
  }
  const Parts parts = Split(*encoded);
  target.path = parts.path.empty() ? "/" : std::string(parts.path);
  if (parts.has_query) target.path.append("?").append(parts.query);
  if (view.has_userinfo()) {
    target.user = view.user();
    target.password = view.password();
    target.authorization = "Basic " + Base64(std::string(view.user()) + ":" + view.password());
  }
  target.encoded = std::move(*encoded);
  target.masked = Mask(url);
  return target;
}

std::optional<std::string> ResolveReference(const Target& base, std::string_view reference) {
  const std::optional<std::string> encoded = Encode(reference);
  if (!encoded) return std::nullopt;
  const std::string strict = StrictQuery(*encoded);
  const std::string strict_base = StrictQuery(base.encoded);
  const auto base_view = urls::parse_uri_reference(BoostView(strict_base));
  const auto view = urls::parse_uri_reference(BoostView(strict));
  if (!base_view || !view) return std::nullopt;
  urls::url resolved;
  if (!urls::resolve(*base_view, *view, resolved)) return std::nullopt;
  return std::string(View(resolved.buffer()));
}

bool IsAbsoluteUrl(std::string_view reference) { return !SchemeOf(reference).empty(); }

bool IsSameOrSubdomain(std::string_view host, std::string_view parent) {
  if (host == parent) return true;
  if (host.find_first_of(":%") != std::string_view::npos)
    return false;  // an IPv6 literal has no parents
  return host.size() > parent.size() + 1 && host[host.size() - parent.size() - 1] == '.' &&
         host.substr(host.size() - parent.size()) == parent;
}

}  // namespace kload::http
