#include "agent/http/request_head.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/ascii.h"

namespace kload::agent {
namespace {

bool IsTokenChar(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}

bool IsFieldValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  });
}

std::optional<Failure> CheckHeader(const std::string& name, const std::string& value) {
  if (!IsToken(name)) {
    return Failure{FailureCode::kUnclassified,
                   fmt::format("invalid header field name \"{}\"", name)};
  }
  if (!IsFieldValue(value)) {
    return Failure{FailureCode::kUnclassified,
                   fmt::format("invalid header field value for \"{}\"", name)};
  }
  return std::nullopt;
}

bool IsCredential(std::string_view name) {
  return EqualsIgnoringCase(name, "authorization") || EqualsIgnoringCase(name, "cookie") ||
         EqualsIgnoringCase(name, "cookie2") || EqualsIgnoringCase(name, "www-authenticate");
}

bool DescribesBody(std::string_view name) {
  return EqualsIgnoringCase(name, "content-type") || EqualsIgnoringCase(name, "content-encoding") ||
         EqualsIgnoringCase(name, "content-language") ||
         EqualsIgnoringCase(name, "content-location");
}

void AppendField(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// Which of the headers that we add by ourselves the script gave, and the others written out.
struct Seen {
  std::string_view host;
  bool user_agent = false;
  bool authorization = false;
  bool referer = false;
  bool connection = false;
  bool cookie = false;
};

std::optional<Failure> AppendScriptHeaders(const HopRequest& request, Seen& seen,
                                           std::string& out) {
  for (const auto& [name, value] : *request.headers) {
    if (std::optional<Failure> failure = CheckHeader(name, value)) return failure;
    if (EqualsIgnoringCase(name, "host") || EqualsIgnoringCase(name, "content-length") ||
        EqualsIgnoringCase(name, "transfer-encoding")) {
      continue;
    }
    if (request.drop_credentials && IsCredential(name)) continue;
    if (request.drop_content_headers && DescribesBody(name)) continue;
    if (EqualsIgnoringCase(name, "user-agent")) {
      seen.user_agent = true;
      if (value.empty()) continue;
    }
    if (EqualsIgnoringCase(name, "cookie")) {
      if (request.drop_cookie_header) continue;
      if (!request.cookies.empty() && !seen.cookie) {
        seen.cookie = true;
        AppendField(name, fmt::format("{}; {}", value, request.cookies), out);
        continue;
      }
    }
    seen.authorization |= EqualsIgnoringCase(name, "authorization");
    seen.referer |= EqualsIgnoringCase(name, "referer");
    seen.connection |= EqualsIgnoringCase(name, "connection");
    AppendField(name, value, out);
  }
  return std::nullopt;
}

std::string_view HostHeader(const HopRequest& request, const Target& target) {
  if (request.keep_host_header) {
    for (const auto& [name, value] : *request.headers) {
      if (EqualsIgnoringCase(name, "host") && !value.empty()) return value;
    }
  }
  return target.host_header;
}

}  // namespace

std::optional<Failure> WriteHead(const HopRequest& request, const Target& target,
                                 const std::string& user_agent, std::string& out) {
  if (!IsToken(request.method)) {
    return Failure{FailureCode::kUnclassified,
                   fmt::format("invalid method \"{}\"", request.method)};
  }
  out.clear();
  out.append(request.method).append(" ").append(target.path).append(" HTTP/1.1\r\n");
  const std::string_view host = HostHeader(request, target);
  if (!IsFieldValue(host)) {
    return Failure{FailureCode::kUnclassified, "invalid header field value for \"Host\""};
  }
  AppendField("Host", host, out);
  Seen seen;
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
    if (EqualsIgnoringCase(name, "connection") && EqualsIgnoringCase(value, "close")) return true;
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
