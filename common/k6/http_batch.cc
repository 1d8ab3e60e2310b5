#include "common/k6/http_batch.h"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/http/url.h"
#include "common/k6/http_response.h"
#include "common/k6/http_send.h"
#include "common/k6/realm.h"

namespace kload::k6 {
namespace {

constexpr char kBatch[] = "http.batch()";
constexpr char kAsync[] = "http.asyncRequest()";

// One entry of a batch.
struct Slot {
  std::string key;
  std::string host;  // with port: what batchPerHost counts by
  Prepared prepared;
  bool begun = false;
};

bool TakesNoBody(const std::string& method) { return method == "GET" || method == "HEAD"; }

// The arguments that an entry stands for; all values are borrowed from `kept`, which owns them.
struct EntryArguments {
  RequestArguments arguments;
  std::vector<js::Value> kept;
};

// False with a pending exception.
bool ReadEntry(JSContext* cx, JSValueConst entry, EntryArguments& into) {
  RequestArguments& arguments = into.arguments;
  arguments = {kBatch, "GET", entry, JS_UNDEFINED, JS_UNDEFINED};
  if (!JS_IsObject(entry)) return true;
  const bool list = JS_IsArray(cx, entry) > 0;
  const auto part = [&](uint32_t index, const char* name) {
    into.kept.push_back(list ? js::Value(cx, JS_GetPropertyUint32(cx, entry, index))
                             : js::Get(cx, entry, name));
    return into.kept.back().get();
  };
  const JSValueConst method = part(0, "method");
  const JSValueConst url = part(1, "url");
  const JSValueConst body = part(2, "body");
  const JSValueConst params = part(3, "params");
  for (const js::Value& value : into.kept) {
    if (value.IsException()) return false;
  }
  if (js::IsNullish(url)) {
    js::ThrowTypeError(cx, fmt::format("{}: a request without a url", kBatch));
    return false;
  }
  if (!js::IsNullish(method)) {
    auto text = ReadMethod(cx, method, kBatch);
    if (!text.has_value()) return false;
    arguments.method = *std::move(text);
  }
  // An object that http.url made is a url, and has a name.
  const bool named =
      !list && js::IsNullish(method) && JS_IsString(js::Get(cx, entry, "name").get());
  arguments.url = named ? entry : url;
  arguments.body = TakesNoBody(arguments.method) ? JSValue(JS_UNDEFINED) : body;
  arguments.params = params;
  return true;
}

// False with a pending exception.
bool ReadSlot(Realm& realm, JSValueConst entry, Slot& slot) {
  EntryArguments read;
  if (!ReadEntry(realm.cx, entry, read)) return false;
  if (!PrepareRequest(realm, read.arguments, slot.prepared)) return false;
  const auto url = http::ParseUrl(slot.prepared.request().url);
  if (!url.has_value()) {
    js::ThrowError(realm.cx,
                   fmt::format("{}: '{}': invalid URL", kBatch, slot.prepared.request().url));
    return false;
  }
  slot.host = url->host_header;
  return true;
}

// Sends a batch's requests within its bounds.
class Sending {
 public:
  Sending(Realm& realm, std::vector<Slot>& slots) : realm_(realm), slots_(slots) {}
  // What is still under way after an error must not come back to this.
  ~Sending() { *alive_ = false; }
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;

  // The exception marker when the entry must stop.
  js::Value Run() {
    while (true) {
      BeginMore();
      if (under_way_ == 0) return js::Undefined(realm_.cx);
      if (auto stopped = realm_.fetches.Await(realm_, std::nullopt); stopped.IsException()) {
        return stopped;
      }
    }
  }

 private:
  void BeginMore() {
    for (Slot& slot : slots_) {
      if (under_way_ >= realm_.settings.batch) return;
      int& of_host = by_host_[slot.host];
      if (slot.begun || of_host >= realm_.settings.batch_per_host) continue;
      slot.begun = true;
      ++of_host;
      ++under_way_;
      realm_.fetches.Begin(realm_, std::move(slot.prepared),
                           [this, &slot, alive = alive_](Prepared prepared) {
                             if (!*alive) return;
                             slot.prepared = std::move(prepared);
                             --by_host_[slot.host];
                             --under_way_;
                           });
    }
  }

  Realm& realm_;
  std::vector<Slot>& slots_;
  std::map<std::string, int> by_host_;
  int under_way_ = 0;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

js::Value ToResult(JSContext* cx, bool list,
                   std::vector<std::pair<std::string, js::Value>> values) {
  js::Value result = list ? js::Array(cx) : js::Object(cx);
  for (auto& [key, value] : values) {
    if (list) {
      js::Append(cx, result.get(), std::move(value));
    } else {
      js::Define(cx, result.get(), key.c_str(), std::move(value));
    }
  }
  return result;
}

// The responses, or the first failure as an exception where that is wanted.
js::Value ToResponses(Realm& realm, bool list, std::vector<Slot> slots) {
  std::vector<std::pair<std::string, js::Value>> values;
  for (Slot& slot : slots) {
    if (HasFailed(slot.prepared.response())) {
      if (auto failed = Report(realm, slot.prepared); failed.IsException()) return failed;
    }
    values.emplace_back(slot.key, NewResponse(realm, std::move(slot.prepared.exchange)));
  }
  return ToResult(realm.cx, list, std::move(values));
}

// k6's answer to a batch with a wrong entry, of which nothing is sent: without `throw` there are responses without a
// status up to the wrong one, and nulls behind.
js::Value Refused(Realm& realm, bool list, const std::vector<std::string>& keys, size_t wrong) {
  JSContext* cx = realm.cx;
  if (realm.settings.throw_on_error || realm.engine->stop() != js::StopReason::kNone) {
    return js::Thrown(cx);
  }
  const std::string text = realm.engine->TakeException().text;
  realm.host.Log(LogLevel::kWarning, fmt::format("{}: no request was sent: {}", kBatch, text), "");
  std::vector<std::pair<std::string, js::Value>> values;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i > wrong) {
      values.emplace_back(keys[i], js::Null(cx));
      continue;
    }
    http::ExchangePtr nothing = http::NewExchange();
    nothing->response.error = text;
    values.emplace_back(keys[i], NewResponse(realm, std::move(nothing)));
  }
  return ToResult(cx, list, std::move(values));
}

// The two ends of a promise.
struct Settlers {
  js::Value resolve;
  js::Value reject;
};

void Settle(Realm& realm, const Settlers& settlers, Prepared prepared) {
  JSContext* cx = realm.cx;
  js::Value result = js::Undefined(cx);
  if (HasFailed(prepared.response())) result = Report(realm, prepared);
  if (!result.IsException()) result = NewResponse(realm, std::move(prepared.exchange));
  const bool failed = result.IsException();
  if (failed) result = js::Value(cx, JS_GetException(cx));
  JSValueConst argument = result.get();
  const js::Value& settle = failed ? settlers.reject : settlers.resolve;
  const js::Value called(cx, JS_Call(cx, settle.get(), JS_UNDEFINED, 1, &argument));
  if (called.IsException()) JS_FreeValue(cx, JS_GetException(cx));  // no memory: the entry stops
}

}  // namespace

js::Value Batch(const js::Call& call) {
  JSContext* cx = call.cx;
  Realm& realm = RealmOf(cx);
  if (auto wrong = RequireRun(realm, kBatch); wrong.IsException()) return wrong;
  const JSValueConst requests = call.arg(0);
  if (!JS_IsObject(requests)) {
    return js::ThrowTypeError(
        cx, fmt::format("{}: expected an array or an object of requests", kBatch));
  }
  const bool list = JS_IsArray(cx, requests) > 0;
  std::vector<std::string> keys;
  std::vector<js::Value> entries;
  const bool read = js::ForEachProperty(cx, requests, [&](JSAtom key, JSValueConst entry) {
    keys.push_back(js::AtomText(cx, key));
    entries.push_back(js::Value::Share(cx, entry));
    return true;
  });
  if (!read) return js::Thrown(cx);
  std::vector<Slot> slots(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    slots[i].key = keys[i];
    if (!ReadSlot(realm, entries[i].get(), slots[i])) return Refused(realm, list, keys, i);
  }
  if (auto stopped = Sending(realm, slots).Run(); stopped.IsException()) return stopped;
  return ToResponses(realm, list, std::move(slots));
}

js::Value AsyncRequest(const js::Call& call) {
  JSContext* cx = call.cx;
  Realm& realm = RealmOf(cx);
  if (auto wrong = RequireRun(realm, kAsync); wrong.IsException()) return wrong;
  auto method = ReadMethod(cx, call.arg(0), kAsync);
  if (!method.has_value()) return js::Thrown(cx);
  Prepared prepared;
  js::Value instead = js::Undefined(cx);
  const bool ready = PrepareRequest(
      realm, {kAsync, *std::move(method), call.arg(1), call.arg(2), call.arg(3)}, prepared);
  if (!ready) instead = Refuse(realm, kAsync, prepared);
  if (instead.IsException()) return instead;
  JSValue ends[2] = {JS_UNDEFINED, JS_UNDEFINED};
  js::Value promise(cx, JS_NewPromiseCapability(cx, ends));
  if (promise.IsException()) return promise;
  auto settlers =
      std::make_shared<Settlers>(Settlers{js::Value(cx, ends[0]), js::Value(cx, ends[1])});
  if (!ready) {
    JSValueConst argument = instead.get();
    const js::Value called(cx, JS_Call(cx, settlers->resolve.get(), JS_UNDEFINED, 1, &argument));
    return called.IsException() ? js::Thrown(cx) : std::move(promise);
  }
  realm.fetches.Begin(realm, std::move(prepared), [&realm, settlers](Prepared sent) {
    Settle(realm, *settlers, std::move(sent));
  });
  return promise;
}

}  // namespace kload::k6
