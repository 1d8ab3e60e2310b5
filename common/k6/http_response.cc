#include "common/k6/http_response.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/js/field_object.h"
#include "common/js/function.h"
#include "common/k6/cookie_jar_class.h"
#include "common/k6/form.h"
#include "common/k6/http_html.h"
#include "common/k6/json_select.h"

namespace kload::k6 {
namespace {

// In k6's order.
enum Field {
  kRemoteIp,
  kRemotePort,
  kUrl,
  kStatus,
  kStatusText,
  kProto,
  kHeaders,
  kCookies,
  kBody,
  kTimings,
  kTlsVersion,
  kTlsCipherSuite,
  kOcsp,
  kError,
  kErrorCode,
  kRequest,
  kFieldCount,
};
constexpr std::array<const char*, kFieldCount> kResponseNames = {
    "remote_ip", "remote_port", "url",        "status",  "status_text", "proto",
    "headers",   "cookies",     "body",       "timings", "tls_version", "tls_cipher_suite",
    "ocsp",      "error",       "error_code", "request"};

constexpr std::array<const char*, 8> kTimingNames = {"duration",   "blocked",         "looking_up",
                                                     "connecting", "tls_handshaking", "sending",
                                                     "waiting",    "receiving"};

// What is made once, when it is first read: fields that are objects, the body, and the results of json() and html().
enum Slot {
  kBodySlot,
  kHeadersSlot,
  kRequestSlot,
  kCookiesSlot,
  kOcspSlot,
  kJsonSlot,
  kPageSlot,
  kSlotCount
};
using Slots = std::array<JSValue, kSlotCount>;  // JS_UNINITIALIZED until made

class State : public js::Fields {
 public:
  State(const js::NameList& names, http::ExchangePtr exchange_in)
      : Fields(names), exchange(std::move(exchange_in)) {}

  js::Value Make(JSContext* cx, size_t field) override;
  void Mark(JSRuntime* runtime, JS_MarkFunc* mark) const override {
    JS_MarkValue(runtime, timings, mark);
    if (made_ == nullptr) return;
    for (const JSValue& slot : *made_) JS_MarkValue(runtime, slot, mark);
  }
  void Free(JSRuntime* runtime) override {
    JS_FreeValueRT(runtime, timings);
    if (made_ == nullptr) return;
    for (const JSValue& slot : *made_) JS_FreeValueRT(runtime, slot);
  }

  http::Request& request() const { return exchange->request; }
  http::Response& response() const { return exchange->response; }
  JSValue& slot(Slot which) {
    if (made_ == nullptr) {
      made_ = std::make_unique<Slots>();
      made_->fill(JS_UNINITIALIZED);
    }
    return (*made_)[which];
  }

  const http::ExchangePtr exchange;
  JSValue timings = JS_UNINITIALIZED;  // until made; most scripts read those, if any
  std::optional<bool> body_is_json;

 private:
  std::unique_ptr<Slots> made_;
};

JSClassID ResponseClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

JSClassID TimingsClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

State* StateOf(JSContext* cx, JSValueConst self) {
  return static_cast<State*>(static_cast<js::Fields*>(JS_GetOpaque2(cx, self, ResponseClass())));
}

bool HasBody(const State& state) {
  return state.response().status != 0 && state.request().response_type != http::ResponseType::kNone;
}

// ---- Making fields ----

js::Value MakeBody(JSContext* cx, const State& state) {
  if (!HasBody(state)) return js::Null(cx);
  return state.request().response_type == http::ResponseType::kBinary
             ? js::Bytes(cx, state.response().body)
             : js::String(cx, state.response().body);
}

js::Value MakeHeaders(JSContext* cx, const State& state) {
  std::vector<std::pair<std::string, std::string>> merged;  // in the order received
  for (const auto& [spelled, value] : state.response().headers) {
    std::string name = CanonicalHeader(spelled);
    auto known = merged.begin();
    while (known != merged.end() && known->first != name) ++known;
    if (known == merged.end()) {
      merged.emplace_back(std::move(name), value);
    } else {
      known->second.append(", ").append(value);
    }
  }
  js::Value headers = js::Object(cx);
  for (const auto& [name, value] : merged) {
    js::Define(cx, headers.get(), name.c_str(), js::String(cx, value));
  }
  return headers;
}

// Milliseconds.
class TimingFields : public js::Fields {
 public:
  TimingFields(const js::NameList& names, const http::Timings& timings)
      : Fields(names), timings_(timings) {}

  js::Value Make(JSContext* cx, size_t field) override {
    return js::Number(cx, std::chrono::duration<double, std::milli>(Phase(field)).count());
  }

 private:
  // By the order of kTimingNames.
  Nanos Phase(size_t field) const {
    switch (field) {
      case 0:
        return timings_.duration();
      case 1:
        return timings_.blocked;
      case 3:
        return timings_.connecting;
      case 4:
        return timings_.tls_handshaking;
      case 5:
        return timings_.sending;
      case 6:
        return timings_.waiting;
      case 7:
        return timings_.receiving;
      default:
        return Nanos::zero();  // looking_up
    }
  }

  const http::Timings timings_;
};

js::Value MakeTimings(JSContext* cx, const State& state) {
  return js::NewFieldObject(
      cx, TimingsClass(),
      std::make_unique<TimingFields>(RealmOf(cx).timing_names, state.response().timings));
}

js::Value MakeRequestCookies(JSContext* cx, const http::Request& request) {
  js::Value cookies = js::Object(cx);
  for (const http::RequestCookie& cookie : request.cookies) {
    js::Value each = js::Object(cx);
    js::Define(cx, each.get(), "name", js::String(cx, cookie.name));
    js::Define(cx, each.get(), "value", js::String(cx, cookie.value));
    js::Define(cx, each.get(), "replace", js::Bool(cx, cookie.replace));
    js::Value list = js::Array(cx);
    js::Append(cx, list.get(), std::move(each));
    js::Define(cx, cookies.get(), cookie.name.c_str(), std::move(list));
  }
  return cookies;
}

js::Value MakeRequest(JSContext* cx, const State& state) {
  js::Value headers = js::Object(cx);
  const auto set = [&](const std::string& name, const std::string& value) {
    js::Value list = js::Array(cx);
    js::Append(cx, list.get(), js::String(cx, value));
    js::Define(cx, headers.get(), name.c_str(), std::move(list));
  };
  // What the client adds, unless the script says otherwise.
  const std::string& user_agent = RealmOf(cx).settings.user_agent;
  if (!user_agent.empty()) set("User-Agent", user_agent);
  for (const auto& [name, value] : state.request().headers) set(CanonicalHeader(name), value);
  if (!state.response().sent_cookies.empty()) set("Cookie", state.response().sent_cookies);
  js::Value request = js::Object(cx);
  js::Define(cx, request.get(), "method", js::String(cx, state.request().method));
  js::Define(cx, request.get(), "url", js::String(cx, state.request().url));
  js::Define(cx, request.get(), "headers", std::move(headers));
  js::Define(cx, request.get(), "body", js::String(cx, state.request().body));
  js::Define(cx, request.get(), "cookies", MakeRequestCookies(cx, state.request()));
  return request;
}

// No certificate's status is asked for: what k6 says of a server that staples none.
js::Value MakeOcsp(JSContext* cx, const State& state) {
  js::Value ocsp = js::Object(cx);
  for (const char* time : {"produced_at", "this_update", "next_update", "revoked_at"}) {
    js::Define(cx, ocsp.get(), time, js::Number(cx, 0));
  }
  js::Define(cx, ocsp.get(), "revocation_reason", js::String(cx, ""));
  const bool tls = !state.response().tls_version.empty();
  js::Define(cx, ocsp.get(), "status", js::String(cx, tls ? "unknown" : ""));
  return ocsp;
}

js::Value Once(JSContext* cx, const State& state, JSValue& kept,
               js::Value (*make)(JSContext*, const State&)) {
  if (JS_IsUninitialized(kept)) {
    js::Value made = make(cx, state);
    if (made.IsException()) return made;
    kept = made.Release();
  }
  return js::Value::Share(cx, kept);
}

js::Value State::Make(JSContext* cx, size_t field) {
  const http::Response& response = this->response();
  switch (field) {
    case kStatus:
      return js::Number(cx, response.status);
    case kBody:
      return Once(cx, *this, slot(kBodySlot), MakeBody);
    case kHeaders:
      return Once(cx, *this, slot(kHeadersSlot), MakeHeaders);
    case kTimings:
      return Once(cx, *this, timings, MakeTimings);
    case kRequest:
      return Once(cx, *this, slot(kRequestSlot), MakeRequest);
    case kCookies:
      return Once(cx, *this, slot(kCookiesSlot), [](JSContext* cx, const State& state) {
        return MakeResponseCookies(cx, state.response().headers);
      });
    case kOcsp:
      return Once(cx, *this, slot(kOcspSlot), MakeOcsp);
    case kStatusText:
      return js::String(cx, response.status_text);
    case kUrl:
      return js::String(cx, response.url);
    case kProto:
      return js::String(cx, response.proto);
    case kRemoteIp:
      return js::String(cx, response.remote_ip);
    case kRemotePort:
      return js::Number(cx, response.remote_port);
    case kTlsVersion:
      return js::String(cx, response.tls_version);
    case kTlsCipherSuite:
      return js::String(cx, response.tls_cipher_suite);
    case kError:
      return js::String(cx, response.error);
    case kErrorCode:
      return js::Number(cx, response.error_code);
    default:
      return js::Undefined(cx);
  }
}

// ---- json() ----

js::Value ThrowNoJson(JSContext* cx, const State& state) {
  const std::string& body = state.response().body;
  const size_t at = FindJsonError(body).value_or(body.size());
  return js::ThrowError(
      cx, fmt::format("json(): the body of {} {} (status {}) is no valid JSON: {}",
                      state.request().method, state.request().url, state.response().status,
                      LineAndColumn(body, at)));
}

js::Value WholeJson(JSContext* cx, State& state) {
  JSValue& kept = state.slot(kJsonSlot);
  if (JS_IsUninitialized(kept)) {
    js::Value parsed = js::ParseJson(cx, state.response().body);
    if (parsed.IsException()) {
      if (!FindJsonError(state.response().body).has_value()) return parsed;  // no memory, too deep
      JS_FreeValue(cx, JS_GetException(cx));
      return ThrowNoJson(cx, state);
    }
    kept = parsed.Release();
  }
  return js::Value::Share(cx, kept);
}

js::Value Json(const js::Call& call) {
  JSContext* cx = call.cx;
  State* state = StateOf(cx, call.self);
  if (state == nullptr) return js::Thrown(cx);
  if (!HasBody(*state)) {
    return js::ThrowError(
        cx,
        fmt::format("json(): {} {} has no body: {}", state->request().method, state->request().url,
                    state->response().status == 0 ? state->response().error
                                                  : "it was discarded (responseType none)"));
  }
  if (JS_IsUndefined(call.arg(0))) return WholeJson(cx, *state);
  const auto selector = js::ToText(cx, call.arg(0));
  if (!selector.has_value()) return js::Thrown(cx);
  if (!state->body_is_json.has_value()) {
    state->body_is_json = !FindJsonError(state->response().body).has_value();
  }
  if (!*state->body_is_json) return js::Undefined(cx);
  const auto selected = SelectJson(state->response().body, *selector);
  if (!selected.ok()) return js::ThrowError(cx, Message(selected.status()));
  return selected->has_value() ? js::ParseJson(cx, **selected) : js::Undefined(cx);
}

}  // namespace

std::span<const char* const> ResponseNames() { return kResponseNames; }
std::span<const char* const> TimingNames() { return kTimingNames; }

bool InstallResponseClass(Realm& realm) {
  JSContext* cx = realm.cx;
  js::Value prototype = js::Object(cx);
  if (prototype.IsException()) return false;
  js::AddMethod<Json>(cx, prototype.get(), "json", 0);
  DefineHtmlMethods(cx, prototype.get());
  realm.shapes.KeepEmpty(prototype.get());
  const js::Value object = js::Get(cx, realm.engine->global(), "Object");
  return js::AddFieldClass(cx, ResponseClass(), "Response", std::move(prototype)) &&
         js::AddFieldClass(cx, TimingsClass(), "Timings", js::Get(cx, object.get(), "prototype"));
}

js::Value NewResponse(Realm& realm, http::ExchangePtr exchange) {
  http::ReleaseHops(exchange->response);
  return js::NewFieldObject(realm.cx, ResponseClass(),
                            std::make_unique<State>(realm.response_names, std::move(exchange)));
}

ResponseParts PartsOf(JSContext* cx, JSValueConst value) {
  State* state = StateOf(cx, value);
  if (state == nullptr) return {};
  return {.request = &state->request(),
          .response = &state->response(),
          .page = &state->slot(kPageSlot)};
}

}  // namespace kload::k6
