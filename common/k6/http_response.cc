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
#include "common/js/function.h"
#include "common/k6/cookie_jar_class.h"
#include "common/k6/form.h"
#include "common/k6/http_html.h"
#include "common/k6/json_select.h"

namespace kload::k6 {
namespace {

enum Field {
  kRemoteIp,
  kRemotePort,
  kUrl,
  kStatus,
  kStatusText,
  kProto,
  kHeaders,
  kBody,
  kTimings,
  kTlsVersion,
  kTlsCipherSuite,
  kError,
  kErrorCode,
  kRequest,
  kCookies,
  kOcsp,
  kFieldCount,
};
constexpr std::array<const char*, kFieldCount> kFieldNames = {
    "remote_ip",  "remote_port", "url",     "status",      "status_text",      "proto",
    "headers",    "body",        "timings", "tls_version", "tls_cipher_suite", "error",
    "error_code", "request",     "cookies", "ocsp"};

// Fields that are made when they are first read, and the results of json() and html().
enum Slot {
  kBodySlot,
  kHeadersSlot,
  kTimingsSlot,
  kRequestSlot,
  kCookiesSlot,
  kOcspSlot,
  kJsonSlot,
  kPageSlot,
  kSlotCount
};

struct State {
  http::ExchangePtr exchange;
  std::optional<bool> body_is_json;
  std::array<JSValue, kSlotCount> slots;  // JS_UNINITIALIZED until made

  http::Request& request() const { return exchange->request; }
  http::Response& response() const { return exchange->response; }
};

JSClassID ResponseClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

State* StateOf(JSContext* cx, JSValueConst self) {
  return static_cast<State*>(JS_GetOpaque2(cx, self, ResponseClass()));
}

void Finalize(JSRuntime* runtime, JSValue self) noexcept {
  const std::unique_ptr<State> state(static_cast<State*>(JS_GetOpaque(self, ResponseClass())));
  if (state == nullptr) return;
  for (const JSValue& slot : state->slots) JS_FreeValueRT(runtime, slot);
}

void Mark(JSRuntime* runtime, JSValueConst self, JS_MarkFunc* mark) noexcept {
  const auto* state = static_cast<State*>(JS_GetOpaque(self, ResponseClass()));
  if (state == nullptr) return;
  for (const JSValue& slot : state->slots) JS_MarkValue(runtime, slot, mark);
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

js::Value MakeTimings(JSContext* cx, const State& state) {
  Realm& realm = RealmOf(cx);
  const Names& names = realm.names;
  const http::Timings& timings = state.response().timings;
  const std::array<std::pair<const js::Atom&, Nanos>, 8> phases = {{
      {names.duration, timings.duration()},
      {names.blocked, timings.blocked},
      {names.looking_up, Nanos::zero()},
      {names.connecting, timings.connecting},
      {names.tls_handshaking, timings.tls_handshaking},
      {names.sending, timings.sending},
      {names.waiting, timings.waiting},
      {names.receiving, timings.receiving},
  }};
  js::Value object = js::Object(cx);
  std::array<JSPropertyEnum, phases.size()> made{};
  for (size_t i = 0; i < phases.size(); ++i) {
    const auto& [name, duration] = phases[i];
    js::Define(cx, object.get(), name,
               js::Number(cx, std::chrono::duration<double, std::milli>(duration).count()));
    made[i].atom = name.get();
  }
  if (!object.IsException()) realm.shapes.KeepLiteral(made);
  return object;
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
  const Names& names = RealmOf(cx).names;
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
  js::Define(cx, request.get(), names.method, js::String(cx, state.request().method));
  js::Define(cx, request.get(), names.url, js::String(cx, state.request().url));
  js::Define(cx, request.get(), names.headers, std::move(headers));
  js::Define(cx, request.get(), names.body, js::String(cx, state.request().body));
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

js::Value FromSlot(JSContext* cx, State& state, Slot slot,
                   js::Value (*make)(JSContext*, const State&)) {
  JSValue& kept = state.slots[slot];
  if (JS_IsUninitialized(kept)) {
    js::Value made = make(cx, state);
    if (made.IsException()) return made;
    kept = made.Release();
  }
  return js::Value::Share(cx, kept);
}

js::Value GetField(const js::Call& call) {
  JSContext* cx = call.cx;
  State* state = StateOf(cx, call.self);
  if (state == nullptr) return js::Thrown(cx);
  const http::Response& response = state->response();
  switch (call.magic) {
    case kStatus:
      return js::Number(cx, response.status);
    case kBody:
      return FromSlot(cx, *state, kBodySlot, MakeBody);
    case kHeaders:
      return FromSlot(cx, *state, kHeadersSlot, MakeHeaders);
    case kTimings:
      return FromSlot(cx, *state, kTimingsSlot, MakeTimings);
    case kRequest:
      return FromSlot(cx, *state, kRequestSlot, MakeRequest);
    case kCookies:
      return FromSlot(cx, *state, kCookiesSlot, [](JSContext* cx, const State& state) {
        return MakeResponseCookies(cx, state.response().headers);
      });
    case kOcsp:
      return FromSlot(cx, *state, kOcspSlot, MakeOcsp);
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

// k6's fields can be assigned: the object gets a property of its own then.
js::Value SetField(const js::Call& call) {
  js::Define(call.cx, call.self, kFieldNames[static_cast<size_t>(call.magic)],
             js::Value::Share(call.cx, call.arg(0)));
  return js::Undefined(call.cx);
}

// Own properties, which getters are not, for JSON.stringify() and console.log().
js::Value ToJson(const js::Call& call) {
  js::Value object = js::Object(call.cx);
  for (const char* name : kFieldNames) {
    js::Value value = js::Get(call.cx, call.self, name);
    if (value.IsException()) return value;
    js::Define(call.cx, object.get(), name, std::move(value));
  }
  return object;
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
  JSValue& kept = state.slots[kJsonSlot];
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

bool InstallResponseClass(Realm& realm) {
  JSContext* cx = realm.cx;
  const JSClassDef definition = {.class_name = "Response",
                                 .finalizer = Finalize,
                                 .gc_mark = Mark,
                                 .call = nullptr,
                                 .exotic = nullptr};
  if (JS_NewClass(JS_GetRuntime(cx), ResponseClass(), &definition) < 0) return false;
  realm.response_prototype = js::Object(cx);
  JSValueConst prototype = realm.response_prototype.get();
  if (JS_IsException(prototype)) return false;
  for (int i = 0; i < kFieldCount; ++i) {
    js::AddAccessor<GetField, SetField>(cx, prototype, kFieldNames[static_cast<size_t>(i)], i);
  }
  js::AddMethod<Json>(cx, prototype, "json", 0);
  js::AddMethod<ToJson>(cx, prototype, "toJSON", 0);
  DefineHtmlMethods(cx, prototype);
  realm.shapes.KeepEmpty(prototype);
  return true;
}

js::Value NewResponse(Realm& realm, http::ExchangePtr exchange) {
  js::Value object(
      realm.cx, JS_NewObjectProtoClass(realm.cx, realm.response_prototype.get(), ResponseClass()));
  if (object.IsException()) return object;
  auto state = std::make_unique<State>();
  state->exchange = std::move(exchange);
  state->slots.fill(JS_UNINITIALIZED);
  JS_SetOpaque(object.get(), state.release());
  return object;
}

ResponseParts PartsOf(JSContext* cx, JSValueConst value) {
  State* state = StateOf(cx, value);
  if (state == nullptr) return {};
  return {.request = &state->request(),
          .response = &state->response(),
          .page = &state->slots[kPageSlot]};
}

}  // namespace kload::k6
