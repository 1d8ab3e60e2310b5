#include "common/k6/cookie_jar_class.h"
#include "common/base/ascii.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "common/k6/form.h"

namespace kload::k6 {
namespace {

using JarPointer = std::shared_ptr<http::CookieJar>;

JSClassID JarClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

void Finalize(JSRuntime*, JSValue self) noexcept {
  delete static_cast<JarPointer*>(JS_GetOpaque(self, JarClass()));
}

// Null with a pending TypeError for another object.
JarPointer* JarOf(const js::Call& call) {
  return static_cast<JarPointer*>(JS_GetOpaque2(call.cx, call.self, JarClass()));
}

js::Value NewJar(JSContext* cx, JSValueConst prototype, JarPointer jar) {
  js::Value object(cx, JS_NewObjectProtoClass(cx, prototype, JarClass()));
  if (object.IsException()) return object;
  JS_SetOpaque(object.get(), std::make_unique<JarPointer>(std::move(jar)).release());
  return object;
}

js::Value Construct(const js::Call& call) {
  const js::Value prototype = js::Get(call.cx, call.self, "prototype");
  if (prototype.IsException()) return js::Thrown(call.cx);
  return NewJar(call.cx, prototype.get(), std::make_shared<http::CookieJar>());
}

// http.cookieJar(): the VU's.
js::Value CurrentJar(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  if (auto wrong = RequireRun(realm, "http.cookieJar()"); wrong.IsException()) return wrong;
  return NewJar(call.cx, realm.jar_prototype.get(), realm.cookies);
}

// The url that every method begins with. Nullopt with a pending exception.
std::optional<http::Target> ReadUrl(const js::Call& call, const char* method) {
  const auto text = js::ToText(call.cx, call.arg(0));
  if (!text.has_value()) return std::nullopt;
  std::optional<http::Target> url = http::ParseUrl(*text);
  if (url.has_value() && !url->host.empty()) return url;
  js::ThrowTypeError(call.cx, fmt::format("CookieJar.{}(): '{}' is not a URL with a host such as "
                                          "https://example.com/",
                                          method, *text));
  return std::nullopt;
}

Nanos UnixNow() { return SystemClock().UnixNow(); }

// {name: [value, ...]}, names in the order they come.
class Lists {
 public:
  explicit Lists(JSContext* cx) : cx_(cx) {}
  void Add(const std::string& name, js::Value value) {
    auto known = lists_.begin();
    while (known != lists_.end() && known->first != name) ++known;
    if (known == lists_.end()) known = lists_.emplace(known, name, js::Array(cx_));
    js::Append(cx_, known->second.get(), std::move(value));
  }
  js::Value Take() {
    js::Value result = js::Object(cx_);
    for (auto& [name, list] : lists_) js::Define(cx_, result.get(), name.c_str(), std::move(list));
    return result;
  }

 private:
  JSContext* const cx_;
  std::vector<std::pair<std::string, js::Value>> lists_;
};

js::Value CookiesForUrl(const js::Call& call) {
  JSContext* cx = call.cx;
  const JarPointer* jar = JarOf(call);
  if (jar == nullptr) return js::Thrown(cx);
  const auto url = ReadUrl(call, "cookiesForURL");
  if (!url) return js::Thrown(cx);
  Lists lists(cx);
  for (const http::Cookie* cookie : (*jar)->CookiesFor(*url, UnixNow())) {
    lists.Add(cookie->name, js::String(cx, cookie->value));
  }
  return lists.Take();
}

// One of set()'s options. False with a pending exception.
bool ReadOption(JSContext* cx, const std::string& name, JSValueConst value, http::Cookie& cookie) {
  if (js::IsNullish(value)) return true;
  if (name == "secure" || name == "http_only") {
    (name == "secure" ? cookie.secure : cookie.http_only) = JS_ToBool(cx, value) > 0;
    return true;
  }
  if (name == "max_age") {
    const auto seconds = js::ToNumber(cx, value);
    if (!seconds.has_value()) return false;
    // 0 says nothing, as for Go: without a time to live, a cookie lives as long as the jar.
    if (*seconds <= -1) cookie.max_age_s = -1;
    if (*seconds >= 1 && *seconds < 1e9) cookie.max_age_s = static_cast<int64_t>(*seconds);
    return true;
  }
  const auto text = js::ToText(cx, value);
  if (!text.has_value()) return false;
  if (name == "domain") {
    cookie.domain = Lower(text->starts_with('.') ? text->substr(1) : *text);
  } else if (name == "path") {
    cookie.path = text->starts_with('/') ? *text : std::string();  // the url's
  } else if (name == "expires" && !text->empty()) {
    cookie.expires = http::ParseCookieDate(*text);
    if (!cookie.expires) {
      js::ThrowTypeError(cx, fmt::format("CookieJar.set(): expires: '{}' is not a date such as "
                                         "Mon, 02 Jan 2006 15:04:05 GMT",
                                         *text));
      return false;
    }
  }
  return true;
}

js::Value Set(const js::Call& call) {
  JSContext* cx = call.cx;
  const JarPointer* jar = JarOf(call);
  if (jar == nullptr) return js::Thrown(cx);
  const auto url = ReadUrl(call, "set");
  if (!url) return js::Thrown(cx);
  auto name = js::ToText(cx, call.arg(1));
  auto value = js::ToText(cx, call.arg(2));
  if (!name.has_value() || !value.has_value()) return js::Thrown(cx);
  http::Cookie cookie;
  cookie.name = *std::move(name);
  cookie.value = *std::move(value);
  if (JS_IsObject(call.arg(3))) {
    const bool ok = js::ForEachProperty(cx, call.arg(3), [&](JSAtom atom, JSValueConst option) {
      return ReadOption(cx, js::AtomText(cx, atom), option, cookie);
    });
    if (!ok) return js::Thrown(cx);
  }
  (*jar)->Set(*url, std::move(cookie), UnixNow());
  return js::Bool(cx, true);
}

js::Value Clear(const js::Call& call) {
  const JarPointer* jar = JarOf(call);
  if (jar == nullptr) return js::Thrown(call.cx);
  const auto url = ReadUrl(call, "clear");
  if (!url) return js::Thrown(call.cx);
  (*jar)->Clear(*url, UnixNow());
  return js::Undefined(call.cx);
}

js::Value Delete(const js::Call& call) {
  const JarPointer* jar = JarOf(call);
  if (jar == nullptr) return js::Thrown(call.cx);
  const auto url = ReadUrl(call, "delete");
  if (!url) return js::Thrown(call.cx);
  const auto name = js::ToText(call.cx, call.arg(1));
  if (!name.has_value()) return js::Thrown(call.cx);
  (*jar)->Delete(*url, *name, UnixNow());
  return js::Undefined(call.cx);
}

js::Value MakeCookie(JSContext* cx, const http::Cookie& cookie) {
  js::Value object = js::Object(cx);
  js::Define(cx, object.get(), "name", js::String(cx, cookie.name));
  js::Define(cx, object.get(), "value", js::String(cx, cookie.value));
  js::Define(cx, object.get(), "domain", js::String(cx, cookie.domain));
  js::Define(cx, object.get(), "path", js::String(cx, cookie.path));
  js::Define(cx, object.get(), "http_only", js::Bool(cx, cookie.http_only));
  js::Define(cx, object.get(), "secure", js::Bool(cx, cookie.secure));
  js::Define(cx, object.get(), "max_age",
             js::Number(cx, static_cast<double>(cookie.max_age_s.value_or(0))));
  const auto expires =
      std::chrono::duration_cast<std::chrono::milliseconds>(cookie.expires.value_or(Nanos::zero()));
  js::Define(cx, object.get(), "expires", js::Number(cx, static_cast<double>(expires.count())));
  return object;
}

}  // namespace

bool InstallCookieJars(Realm& realm, JSValueConst module) {
  JSContext* cx = realm.cx;
  const JSClassDef definition = {.class_name = "CookieJar",
                                 .finalizer = Finalize,
                                 .gc_mark = nullptr,
                                 .call = nullptr,
                                 .exotic = nullptr};
  if (JS_NewClass(JS_GetRuntime(cx), JarClass(), &definition) < 0) return false;
  realm.jar_prototype = js::Object(cx);
  JSValueConst prototype = realm.jar_prototype.get();
  if (JS_IsException(prototype)) return false;
  js::AddMethod<CookiesForUrl>(cx, prototype, "cookiesForURL", 1);
  js::AddMethod<Set>(cx, prototype, "set", 4);
  js::AddMethod<Clear>(cx, prototype, "clear", 1);
  js::AddMethod<Delete>(cx, prototype, "delete", 2);
  js::Define(cx, module, "CookieJar",
             js::NewConstructor<Construct>(cx, "CookieJar", 0, 0, prototype));
  js::Define(cx, module, "cookieJar", js::NewFunction<CurrentJar>(cx, "cookieJar", 0));
  return true;
}

std::shared_ptr<http::CookieJar> ReadCookieJar(JSContext* cx, JSValueConst value,
                                               const char* what) {
  const auto* jar = static_cast<JarPointer*>(JS_GetOpaque(value, JarClass()));
  if (jar != nullptr) return *jar;
  js::ThrowTypeError(cx, fmt::format("{}: expected a CookieJar, from http.cookieJar() or new "
                                     "http.CookieJar()",
                                     what));
  return nullptr;
}

void ResetCookies(Realm& realm) {
  if (realm.cookies.use_count() == 1) {
    realm.cookies->Reset();
  } else {
    realm.cookies = std::make_shared<http::CookieJar>();
  }
}

js::Value MakeResponseCookies(JSContext* cx, const http::HeaderBlock& headers) {
  Lists lists(cx);
  for (const auto& [name, value] : headers) {
    if (CanonicalHeader(name) != "Set-Cookie") continue;
    if (const auto cookie = http::ParseSetCookie(value)) {
      lists.Add(cookie->name, MakeCookie(cx, *cookie));
    }
  }
  return lists.Take();
}

}  // namespace kload::k6
