// One cookie, as a Set-Cookie header says it.
//
// Thread: plain values.
// Source: RFC 6265 sections 5.1.1 (dates) and 5.2 (the header), with Go's rules for names and values, which k6 scripts
//         see.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace kload::http {

struct Cookie {
  std::string name;
  std::string value;    // without the quotes around it
  bool quoted = false;  // it had quotes, and goes back with them
  std::string domain;   // lower case, without the leading dot; empty: only the host that set it
  std::string path;     // empty: the directory of the URL that set it
  std::optional<Nanos> expires;      // since 1970
  std::optional<int64_t> max_age_s;  // wins over `expires`; below 0: gone at once; never 0
  bool secure = false;               // https only
  bool http_only = false;
};

// Attributes that are unknown or make no sense are ignored. Nullopt for a header that sets nothing: no name, or characters
// that cannot be in one.
std::optional<Cookie> ParseSetCookie(std::string_view header);

// A date in any of the forms that servers use, "Wed, 21 Oct 2026 07:28:00 GMT" and older ones. Nullopt when it is none.
std::optional<Nanos> ParseCookieDate(std::string_view text);

// Appends name=value to a Cookie header's line, "; " before it when the line is not empty. What cannot be in a value is
// left out, one with a space or a comma is put in quotes.
void AppendCookie(std::string_view name, std::string_view value, bool quoted, std::string& line);

}  // namespace kload::http
