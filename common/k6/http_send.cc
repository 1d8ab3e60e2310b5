#include "common/k6/http_send.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/k6/http_response.h"

namespace kload::k6 {
namespace {

constexpr int kBodyNotDecoded = 1701;  // k6's code: there is a status, and yet the request failed

bool IsMethod(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

std::optional<std::string> ReadMethod(JSContext* cx, JSValueConst method, const char* function) {
  auto text = js::ToText(cx, method);
  if (!text.has_value()) return std::nullopt;
  for (char& c : *text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  if (IsMethod(*text)) return text;
  js::ThrowTypeError(cx, fmt::format("{}: '{}' is not a method such as GET", function, *text));
  return std::nullopt;
}

bool HasFailed(const http::Response& response) {
  return response.status == 0 || response.error_code == kBodyNotDecoded;
}

js::Value Report(Realm& realm, const Prepared& prepared) {
  const http::Response& response = prepared.response();
  const std::string& url = response.hops.empty() ? response.url : response.hops.back().url;
  const std::string text = fmt::format("{} {}: {}", prepared.request().method,
                                       url.empty() ? prepared.request().url : url, response.error);
  if (prepared.throw_on_error) return js::ThrowError(realm.cx, text);
  realm.host.Log(LogLevel::kWarning, "Request failed: " + text, "");
  return js::Undefined(realm.cx);
}

js::Value Refuse(Realm& realm, const char* function, const Prepared& prepared) {
  const bool stops = realm.engine->stop() != js::StopReason::kNone;
  if (!prepared.refused || realm.settings.throw_on_error || stops) return js::Thrown(realm.cx);
  http::ExchangePtr nothing = http::NewExchange();
  http::Response& none = nothing->response;
  none.error = realm.engine->TakeException().text;
  none.error_code = prepared.refused_code;
  realm.host.Log(LogLevel::kWarning,
                 fmt::format("{}: no request was sent: {}", function, none.error), "");
  return NewResponse(realm, std::move(nothing));
}

}  // namespace kload::k6
