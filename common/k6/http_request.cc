#include "common/k6/http_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "common/http/token.h"
#include "common/k6/body_encoding.h"
#include "common/k6/cookie_jar_class.h"
#include "common/k6/form.h"
#include "common/k6/http_body.h"
#include "common/k6/response_rule.h"

namespace kload::k6 {
namespace {

enum Param : size_t {
  kHeaders,
  kTags,
  kTimeout,
  kRedirects,
  kResponseType,
  kResponseCallback,
  kThrow,
  kAuth,
  kCookies,
  kJar,
  kCompression,
  kParamCount,
};
constexpr std::array<const char*, kParamCount> kParamNames = {
    "headers", "tags", "timeout", "redirects", "responseType", "responseCallback",
    "throw",   "auth", "cookies", "jar",       "compression"};

constexpr int kRedirectsMax = 1000;
constexpr size_t kRememberedUrlBytesMax = 1024;
constexpr int kInvalidUrl = 1020;  // k6's code

void SetIfAbsent(Tags& tags, const char* name, const std::string& value) {
  const auto place =
      std::lower_bound(tags.begin(), tags.end(), name,
                       [](const auto& tag, const char* key) { return tag.first < key; });
  if (place != tags.end() && place->first == name) return;
  tags.insert(place, {name, value});
}

// One call; every function returns false when an exception is pending.
class Preparation {
 public:
  Preparation(Realm& realm, const RequestArguments& arguments, Prepared& prepared)
      : realm_(realm),
        cx_(realm.cx),
        arguments_(arguments),
        prepared_(prepared),
        request_(prepared.request()) {}

  bool Run() {
    request_.method = arguments_.method;
    request_.timeout = realm_.settings.request_timeout;
    request_.max_redirects = realm_.settings.max_redirects;
    if (realm_.settings.discard_response_bodies) request_.response_type = http::ResponseType::kNone;
    request_.rule = realm_.response_rule;
    request_.jar = realm_.cookies;
    prepared_.throw_on_error = realm_.settings.throw_on_error;
    return ReadParams() && ReadUrl() &&
           ReadRequestBody(realm_, arguments_.function, arguments_.body, encodings_, request_);
  }

 private:
  bool Wrong(std::string_view parameter, std::string_view what) {
    prepared_.refused = true;
    js::ThrowTypeError(cx_, fmt::format("{}: {}: {}", arguments_.function, parameter, what));
    return false;
  }
  std::string Shown(JSValueConst value) { return js::ToTextOr(cx_, value); }

  // ---- url ----

  bool ReadUrl() {
    if (JS_IsObject(arguments_.url)) {
      const js::Value url = js::Get(cx_, arguments_.url, realm_.url_name);
      if (url.IsException()) return false;
      if (JS_IsString(url.get())) return ReadNamedUrl(url.get());
    }
    if (!JS_IsString(arguments_.url)) {
      prepared_.refused_code = kInvalidUrl;
      return Wrong("url", fmt::format("invalid URL: {} is no text", Shown(arguments_.url)));
    }
    return ReadUrlText(arguments_.url);
  }

  bool ReadUrlText(JSValueConst url) {
    // While it is kept nothing changes a string, and no other one has its address.
    if (JS_IsString(realm_.last_url.get()) &&
        JS_VALUE_GET_PTR(url) == JS_VALUE_GET_PTR(realm_.last_url.get())) {
      request_.url = realm_.last_url_text;
      return true;
    }
    auto text = js::ToText(cx_, url);
    if (!text.has_value()) return false;
    request_.url = *std::move(text);
    if (request_.url.size() <= kRememberedUrlBytesMax) {
      realm_.last_url = js::Value::Share(cx_, url);
      realm_.last_url_text = request_.url;
    }
    return true;
  }

  bool ReadNamedUrl(JSValueConst url) {
    const js::Value name = js::Get(cx_, arguments_.url, realm_.name_name);
    if (name.IsException()) return false;
    auto url_text = js::ToText(cx_, url);
    const auto name_text = js::ToText(cx_, JS_IsString(name.get()) ? name.get() : url);
    if (!url_text.has_value() || !name_text.has_value()) return false;
    request_.url = *std::move(url_text);
    SetIfAbsent(prepared_.tags, "name", *name_text);
    SetIfAbsent(prepared_.tags, "url", *name_text);
    return true;
  }

  // ---- params ----

  bool ReadParams() {
    if (js::IsNullish(arguments_.params)) return true;
    if (!JS_IsObject(arguments_.params)) {
      return Wrong("params", "expected an object such as { headers: {}, tags: {} }");
    }
    const auto read = [this](const js::PropertyName& name, JSValueConst value) {
      // null is a value for responseCallback alone.
      if (JS_IsNull(value)) return ReadNullParam(name.atom);
      return JS_IsUndefined(value) || ReadParam(name.atom, value);
    };
    return realm_.shapes.ForEach(arguments_.params, read);
  }

  bool ReadParam(JSAtom name, JSValueConst value) {
    const auto param = realm_.param_names.Find(name);
    if (!param.has_value()) return true;  // k6 ignores what it does not know
    switch (*param) {
      case kHeaders:
        return ReadHeaders(value);
      case kTags:
        return ReadCallTags(value);
      case kTimeout:
        return ReadTimeout(value);
      case kRedirects:
        return ReadRedirects(value);
      case kResponseType:
        return ReadResponseType(value);
      case kResponseCallback:
        return ReadResponseCallback(value);
      case kThrow:
        prepared_.throw_on_error = JS_ToBool(cx_, value) > 0;
        return true;
      case kAuth:
        return ReadAuth(value);
      case kCookies:
        return ReadCookies(value);
      case kJar:
        request_.jar = ReadCookieJar(cx_, value, "params.jar");
        return request_.jar != nullptr;
      default:
        return ReadCompression(value);
    }
  }

  bool ReadNullParam(JSAtom name) {
    return realm_.param_names.Find(name) != kResponseCallback || ReadResponseCallback(JS_NULL);
  }

  bool ReadResponseCallback(JSValueConst value) {
    auto rule = ReadResponseRule(cx_, value, "params.responseCallback");
    if (!rule.has_value()) return false;
    request_.rule = *std::move(rule);
    return true;
  }

  bool ReadAuth(JSValueConst value) {
    const auto kind = js::ToText(cx_, value);
    if (!kind.has_value()) return false;
    if (*kind == "basic") return true;  // what user:password@ in the url means anyway
    if (*kind == "digest") {
      request_.digest_auth = true;
      return true;
    }
    // An exception whatever `throw` says: nothing of the script's is wrong, and it must not go unseen.
    js::ThrowTypeError(
        cx_,
        fmt::format("{}: params.auth: '{}' is not available in kload; basic and digest are, with "
                    "https://user:password@host/",
                    arguments_.function, *kind));
    return false;
  }

  bool ReadCompression(JSValueConst value) {
    const auto text = js::ToText(cx_, value);
    if (!text.has_value()) return false;
    auto encodings = ParseEncodings(*text);
    if (!encodings.ok()) return Wrong("params.compression", Message(encodings.status()));
    encodings_ = *std::move(encodings);
    return true;
  }

  // {name: value} or {name: {value, replace}}.
  bool ReadCookies(JSValueConst value) {
    if (!JS_IsObject(value)) {
      return Wrong("params.cookies", "expected an object of names and values");
    }
    return js::ForEachProperty(cx_, value, [this](JSAtom atom, JSValueConst content) {
      if (js::IsNullish(content)) return true;
      http::RequestCookie cookie;
      cookie.name = js::AtomText(cx_, atom);
      std::optional<std::string> text;
      if (JS_IsObject(content)) {
        const js::Value inner = js::Get(cx_, content, "value");
        const js::Value replace = js::Get(cx_, content, "replace");
        if (inner.IsException() || replace.IsException()) return false;
        cookie.replace = JS_ToBool(cx_, replace.get()) > 0;
        text = js::ToText(cx_, inner.get());
      } else {
        text = js::ToText(cx_, content);
      }
      if (!text.has_value()) return false;
      cookie.value = *std::move(text);
      request_.cookies.push_back(std::move(cookie));
      return true;
    });
  }

  bool ReadHeaders(JSValueConst value) {
    if (!JS_IsObject(value))
      return Wrong("params.headers", "expected an object of names and values");
    return realm_.shapes.ForEach(value, [this](const js::PropertyName& atom, JSValueConst content) {
      std::string name = atom.Text(cx_);
      auto text = js::ToText(cx_, content);
      if (!text.has_value()) return false;
      if (!http::IsToken(name))
        return Wrong("params.headers", fmt::format("'{}' is not a header's name", name));
      if (!IsHeaderText(*text)) {
        return Wrong("params.headers",
                     fmt::format("the value of '{}' has a line break or another control "
                                 "character",
                                 name));
      }
      request_.headers.emplace_back(std::move(name), *std::move(text));
      return true;
    });
  }

  bool ReadCallTags(JSValueConst value) {
    auto tags = ReadTags(realm_, value);
    if (!tags.has_value()) return false;
    prepared_.tags = *std::move(tags);
    return true;
  }

  bool ReadTimeout(JSValueConst value) {
    if (JS_IsNumber(value)) {
      double ms = 0;
      JS_ToFloat64(cx_, &ms, value);
      if (!(ms >= 0 && ms < 9e12)) {
        return Wrong("params.timeout",
                     fmt::format("{} is not a number of milliseconds", Shown(value)));
      }
      request_.timeout = Nanos(static_cast<int64_t>(ms * 1e6));
      return true;
    }
    const auto text = js::ToText(cx_, value);
    if (!text.has_value()) return false;
    const auto duration = ParseDuration(*text, BareNumber::kMilliseconds);
    if (!duration.ok()) return Wrong("params.timeout", Message(duration.status()));
    if (*duration < Nanos::zero())
      return Wrong("params.timeout", fmt::format("{} is negative", *text));
    request_.timeout = *duration;
    return true;
  }

  bool ReadRedirects(JSValueConst value) {
    const auto count = js::ToNumber(cx_, value);
    if (!count.has_value()) return false;
    if (!(*count >= 0 && *count <= kRedirectsMax)) {
      return Wrong("params.redirects",
                   fmt::format("{} is not between 0 and {}", Shown(value), kRedirectsMax));
    }
    request_.max_redirects = static_cast<int>(*count);
    return true;
  }

  bool ReadResponseType(JSValueConst value) {
    const auto text = js::ToText(cx_, value);
    if (!text.has_value()) return false;
    if (*text == "text") {
      request_.response_type = http::ResponseType::kText;
    } else if (*text == "binary") {
      request_.response_type = http::ResponseType::kBinary;
    } else if (*text == "none") {
      request_.response_type = http::ResponseType::kNone;
    } else {
      return Wrong("params.responseType", fmt::format("'{}' is none of text, binary, none", *text));
    }
    return true;
  }

  Realm& realm_;
  JSContext* const cx_;
  const RequestArguments& arguments_;
  Prepared& prepared_;
  http::Request& request_;
  std::vector<std::string> encodings_;  // of params.compression
};

// Appends element `index` of a template's strings.
bool AppendPiece(JSContext* cx, JSValueConst pieces, uint32_t index, std::string& url,
                 std::string& name) {
  const js::Value piece(cx, JS_GetPropertyUint32(cx, pieces, index));
  if (piece.IsException()) return false;
  const auto text = js::ToText(cx, piece.get());
  if (!text.has_value()) return false;
  url += *text;
  name += *text;
  return true;
}

}  // namespace

std::span<const char* const> ParamNames() { return kParamNames; }

bool PrepareRequest(Realm& realm, const RequestArguments& arguments, Prepared& prepared) {
  return Preparation(realm, arguments, prepared).Run();
}

js::Value MakeNamedUrl(const js::Call& call) {
  JSContext* cx = call.cx;
  std::string url;
  std::string name;
  if (JS_IsArray(cx, call.arg(0)) > 0) {
    for (int i = 1; i <= call.argc; ++i) {
      if (!AppendPiece(cx, call.arg(0), static_cast<uint32_t>(i - 1), url, name))
        return js::Thrown(cx);
      if (i == call.argc) break;
      const auto value = js::ToText(cx, call.argv[i]);
      if (!value.has_value()) return js::Thrown(cx);
      url += *value;
      name += "${}";
    }
  } else {
    const auto text = js::ToText(cx, call.arg(0));
    if (!text.has_value()) return js::Thrown(cx);
    url = name = *text;
  }
  const Realm& realm = RealmOf(cx);
  js::Value result = js::Object(cx);
  js::Define(cx, result.get(), realm.name_name, js::String(cx, name));
  js::Define(cx, result.get(), realm.url_name, js::String(cx, url));
  return result;
}

}  // namespace kload::k6
