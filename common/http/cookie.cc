#include "common/http/cookie.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <vector>

#include "common/base/ascii.h"

namespace kload::http {
namespace {

constexpr int64_t kMaxAgeMax = int64_t{100} * 366 * 24 * 3600;  // a century stands for "for ever"

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f &&
           std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
  });
}

bool IsValueByte(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f &&
         c != '"' && c != ';' && c != '\\';
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void SetAttribute(const std::string& name, std::string_view value, Cookie& cookie) {
  if (name == "domain") {
    if (value.starts_with('.')) value.remove_prefix(1);
    cookie.domain = Lower(value);
  } else if (name == "path") {
    cookie.path = value.starts_with('/') ? std::string(value) : std::string();
  } else if (name == "expires") {
    if (const auto date = ParseCookieDate(value)) cookie.expires = date;
  } else if (name == "max-age") {
    if (const auto seconds = ParseInteger(value)) {
      cookie.max_age_s = *seconds <= 0 ? -1 : std::min<int64_t>(*seconds, kMaxAgeMax);
    }
  } else if (name == "secure") {
    cookie.secure = true;
  } else if (name == "httponly") {
    cookie.http_only = true;
  }
}

// ---- Dates: RFC 6265, 5.1.1 ----

struct DateParts {
  std::optional<int> hour, minute, second, day, month, year;
};

// The number at the text's beginning, of `least` to `most` digits and then no further digit.
std::optional<int> LeadingNumber(std::string_view& text, size_t least, size_t most) {
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  if (digits < least || digits > most) return std::nullopt;
  int value = 0;
  std::from_chars(text.data(), text.data() + digits, value);
  text.remove_prefix(digits);
  return value;
}

bool TakeTime(std::string_view token, DateParts& parts) {
  std::array<int, 3> fields{};
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto field = LeadingNumber(token, 1, 2);
    if (!field) return false;
    fields[i] = *field;
    if (i == 2) break;
    if (!token.starts_with(':')) return false;
    token.remove_prefix(1);
  }
  parts.hour = fields[0];
  parts.minute = fields[1];
  parts.second = fields[2];
  return true;
}

std::optional<int> MonthOf(std::string_view token) {
  constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                        "jul", "aug", "sep", "oct", "nov", "dec"};
  const std::string start = Lower(token.substr(0, 3));
  const auto found = std::find(kMonths.begin(), kMonths.end(), start);
  if (found == kMonths.end()) return std::nullopt;
  return static_cast<int>(found - kMonths.begin()) + 1;
}

// The first meaning that is still open and fits.
void TakeToken(std::string_view token, DateParts& parts) {
  if (!parts.hour && TakeTime(token, parts)) return;
  std::string_view rest = token;
  if (!parts.day) {
    if (const auto day = LeadingNumber(rest, 1, 2)) {
      parts.day = day;
      return;
    }
  }
  if (!parts.month) {
    if (const auto month = MonthOf(token)) {
      parts.month = month;
      return;
    }
  }
  rest = token;
  if (parts.year) return;
  if (const auto year = LeadingNumber(rest, 2, 4)) {
    parts.year = *year < 70 ? *year + 2000 : *year < 100 ? *year + 1900 : *year;
  }
}

bool IsDateDelimiter(char c) {
  return c == '\t' || (c >= 0x20 && c <= 0x2f) || (c >= 0x3b && c <= 0x40) ||
         (c >= 0x5b && c <= 0x60) || (c >= 0x7b && c <= 0x7e);
}

}  // namespace

std::optional<Nanos> ParseCookieDate(std::string_view text) {
  DateParts parts;
  size_t at = 0;
  while (at < text.size()) {
    size_t end = at;
    while (end < text.size() && !IsDateDelimiter(text[end])) ++end;
    if (end > at) TakeToken(text.substr(at, end - at), parts);
    at = end + 1;
  }
  if (!parts.hour || !parts.day || !parts.month || !parts.year) return std::nullopt;
  if (*parts.hour > 23 || *parts.minute > 59 || *parts.second > 59) return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{year(*parts.year), month(static_cast<unsigned>(*parts.month)),
                            day(static_cast<unsigned>(*parts.day))};
  // Nanoseconds since 1970 end in 2262.
  if (!date.ok() || *parts.year < 1700 || *parts.year > 2261) return std::nullopt;
  return duration_cast<Nanos>(sys_days(date).time_since_epoch()) + hours(*parts.hour) +
         minutes(*parts.minute) + seconds(*parts.second);
}

std::optional<Cookie> ParseSetCookie(std::string_view header) {
  Cookie cookie;
  std::string_view rest = header;
  const auto take = [&rest] {
    const std::string_view part = Trim(rest.substr(0, rest.find(';')));
    rest.remove_prefix(std::min(
        rest.size(), rest.find(';') == std::string_view::npos ? rest.size() : rest.find(';') + 1));
    return part;
  };
  const std::string_view pair = take();
  const size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  cookie.name = Trim(pair.substr(0, equals));
  std::string_view value = Trim(pair.substr(equals + 1));
  if (!IsToken(cookie.name)) return std::nullopt;
  if (value.size() > 1 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
    cookie.quoted = true;
  }
  if (!std::all_of(value.begin(), value.end(), IsValueByte)) return std::nullopt;
  cookie.value = value;
  while (!rest.empty()) {
    const std::string_view attribute = take();
    const size_t split = std::min(attribute.find('='), attribute.size());
    SetAttribute(Lower(Trim(attribute.substr(0, split))),
                 split < attribute.size() ? Trim(attribute.substr(split + 1)) : std::string_view(),
                 cookie);
  }
  return cookie;
}

void AppendCookie(std::string_view name, std::string_view value, bool quoted, std::string& line) {
  if (!line.empty()) line += "; ";
  for (const char c : name) line += c == '\n' || c == '\r' ? '-' : c;
  line += '=';
  const bool quotes = quoted || value.find_first_of(" ,") != std::string_view::npos;
  if (quotes) line += '"';
  for (const char c : value) {
    if (IsValueByte(c)) line += c;
  }
  if (quotes) line += '"';
}

}  // namespace kload::http
