#include "agent/http/request_head.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/ascii.h"
#include "common/http/token.h"

namespace kload::agent {
namespace {

bool IsFieldValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  });
}

std::optional<Failure> CheckHeader(const std::string& name, const std::string& value) {
  if (!http::IsToken(name)) {
    return Failure{FailureCode::kUnclassified,
                   fmt::format("invalid header field name \"{}\"", name)};
  }
  if (!IsFieldValue(value)) {
    return Failure{FailureCode::kUnclassified,
                   fmt::format("invalid header field value for \"{}\"", name)};
  }
  return std::nullopt;
}

// What is known of a header that the script gave.
enum class Known {
  kOther,
  kHost,
  kOurs,  // said by us alone
  kUserAgent,
  kAuthorization,
  kCookie,
  kCredential,
  kReferer,
  kConnection,
  kOfBody
};

// By length first: most names are none of these.
Known Recognise(std::string_view name) {
  const auto is = [name](std::string_view known) { return EqualsIgnoringCase(name, known); };
  switch (name.size()) {
    case 4:
      return is("host") ? Known::kHost : Known::kOther;
    case 6:
      return is("cookie") ? Known::kCookie : Known::kOther;
    case 7:
      if (is("cookie2")) return Known::kCredential;
      return is("referer") ? Known::kReferer : Known::kOther;
    case 10:
      if (is("user-agent")) return Known::kUserAgent;
      return is("connection") ? Known::kConnection : Known::kOther;
    case 12:
      return is("content-type") ? Known::kOfBody : Known::kOther;
    case 13:
      return is("authorization") ? Known::kAuthorization : Known::kOther;
    case 14:
      return is("content-length") ? Known::kOurs : Known::kOther;
    case 16:
      if (is("www-authenticate")) return Known::kCredential;
      return is("content-encoding") || is("content-language") || is("content-location")
                 ? Known::kOfBody
                 : Known::kOther;
    case 17:
      return is("transfer-encoding") ? Known::kOurs : Known::kOther;
    default:
      return Known::kOther;
  }
}

bool IsCredential(Known known) {
  return known == Known::kAuthorization || known == Known::kCookie || known == Known::kCredential;
}

void AppendField(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// Which of the headers that we add by ourselves the script gave, and the others written out.
struct Seen {
  bool user_agent = false;
  bool authorization = false;
  bool referer = false;
  bool connection = false;
  bool cookie = false;
};

// Whether the request asks for a Host or a User-Agent that Target::request_start has not.
bool SaysWho(const http::Headers& headers) {
  return std::any_of(headers.begin(), headers.end(), [](const auto& header) {
    const Known known = Recognise(header.first);
    return known == Known::kHost || known == Known::kUserAgent;
  });
}

// False: the header stays out.
bool Goes(const HopRequest& request, Known known) {
  if (known == Known::kHost || known == Known::kOurs) return false;
  if (request.drop_credentials && IsCredential(known)) return false;
  if (request.drop_content_headers && known == Known::kOfBody) return false;
  return known != Known::kCookie || !request.drop_cookie_header;
}

std::optional<Failure> AppendScriptHeaders(const HopRequest& request, Seen& seen,
                                           std::string& out) {
  for (const auto& [name, value] : *request.headers) {
    if (std::optional<Failure> failure = CheckHeader(name, value)) return failure;
    const Known known = Recognise(name);
    if (!Goes(request, known)) continue;
    seen.user_agent |= known == Known::kUserAgent;
    if (known == Known::kUserAgent && value.empty()) continue;
    if (known == Known::kCookie && !request.cookies.empty() && !seen.cookie) {
      seen.cookie = true;
      AppendField(name, fmt::format("{}; {}", value, request.cookies), out);
      continue;
    }
    seen.authorization |= known == Known::kAuthorization;
    seen.referer |= known == Known::kReferer;
    seen.connection |= known == Known::kConnection;
    AppendField(name, value, out);
  }
  return std::nullopt;
}

std::string_view HostHeader(const HopRequest& request, const Target& target) {
  if (request.keep_host_header) {
    for (const auto& [name, value] : *request.headers) {
      if (Recognise(name) == Known::kHost && !value.empty()) return value;
    }
  }
  return target.host_header;
}

void AppendStart(const std::string& path, std::string_view host, const std::string& user_agent,
                 std::string& out) {
  out.append(" ").append(path).append(" HTTP/1.1\r\n");
  AppendField("Host", host, out);
  if (!user_agent.empty()) AppendField("User-Agent", user_agent, out);
}

}  // namespace

std::string RequestStart(const Target& target, const std::string& user_agent) {
  std::string start;
  if (IsFieldValue(target.host_header) && IsFieldValue(user_agent)) {
    AppendStart(target.path, target.host_header, user_agent, start);
  }
  return start;
}

std::optional<Failure> WriteHead(const HopRequest& request, const Target& target,
                                 const std::string& user_agent, std::string& out) {
  if (!http::IsToken(request.method)) {
    return Failure{FailureCode::kUnclassified,
                   fmt::format("invalid method \"{}\"", request.method)};
  }
  out.assign(request.method);
  Seen seen;
  if (!target.request_start.empty() && !SaysWho(*request.headers)) {
    out.append(target.request_start);
    seen.user_agent = true;
  } else {
    const std::string_view host = HostHeader(request, target);
    if (!IsFieldValue(host)) {
      return Failure{FailureCode::kUnclassified, "invalid header field value for \"Host\""};
    }
    AppendStart(target.path, host, "", out);
  }
  if (std::optional<Failure> failure = AppendScriptHeaders(request, seen, out)) return failure;
  if (!seen.user_agent && !user_agent.empty()) {
    if (!IsFieldValue(user_agent)) {
      return Failure{FailureCode::kUnclassified, "invalid header field value for \"User-Agent\""};
    }
    AppendField("User-Agent", user_agent, out);
  }
  const std::string& authorization = request.digest ? request.authorization : target.authorization;
  if (!seen.authorization && !authorization.empty()) {
    AppendField("Authorization", authorization, out);
  }
  if (!seen.cookie && !request.cookies.empty()) AppendField("Cookie", request.cookies, out);
  if (!seen.referer && !request.referer.empty()) AppendField("Referer", request.referer, out);
  if (request.close && !seen.connection) AppendField("Connection", "close", out);
  const size_t length = request.body == nullptr ? 0 : request.body->size();
  if (length > 0 || request.method == "POST" || request.method == "PUT" ||
      request.method == "PATCH") {
    AppendField("Content-Length", fmt::format_int(length).c_str(), out);
  }
  out.append("\r\n");
  return std::nullopt;
}

bool WantsClose(const http::Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (Recognise(name) == Known::kConnection && EqualsIgnoringCase(value, "close")) return true;
  }
  return false;
}

bool IsReplayable(const HopRequest& request) {
  if (request.body != nullptr && !request.body->empty()) return false;
  const std::string& method = request.method;
  if (method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE") return true;
  for (const auto& [name, value] : *request.headers) {
    if (EqualsIgnoringCase(name, "idempotency-key") ||
        EqualsIgnoringCase(name, "x-idempotency-key")) {
      return true;
    }
  }
  return false;
}

}  // namespace kload::agent
