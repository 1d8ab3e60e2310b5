#include "common/k6/realm.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/base/status.h"
#include "common/k6/http_request.h"
#include "common/k6/http_response.h"

namespace kload::k6 {

Realm::Realm(std::shared_ptr<const Program> program_in, Host& host_in,
             const ScriptSettings& settings_in, std::unique_ptr<js::Engine> engine_in)
    : host(host_in),
      engine(std::move(engine_in)),
      cx(engine->cx()),
      cookies(std::make_shared<http::CookieJar>()),
      param_names(cx, ParamNames()),
      response_names(cx, ResponseNames()),
      timing_names(cx, TimingNames()),
      shapes(cx),
      settings(settings_in),
      url_name(cx, "url"),
      name_name(cx, "name"),
      program(std::move(program_in)) {
  JS_SetContextOpaque(cx, this);
}

Realm::~Realm() { JS_SetContextOpaque(cx, nullptr); }

Realm& RealmOf(JSContext* cx) { return *static_cast<Realm*>(JS_GetContextOpaque(cx)); }

js::Value RequireRun(Realm& realm, const char* what) {
  if (realm.engine->stop() != js::StopReason::kNone) return realm.engine->StopNow();
  if (realm.phase == Phase::kRun) return js::Undefined(realm.cx);
  return js::ThrowError(
      realm.cx,
      fmt::format("{} is only available in setup, iterations and teardown, not in init code",
                  what));
}

js::Value RequireInit(Realm& realm, const char* what) {
  if (realm.phase == Phase::kInit) return js::Undefined(realm.cx);
  return js::ThrowError(
      realm.cx,
      fmt::format("{} is only available in init code (the top level of the script)", what));
}

js::Value AfterHost(Realm& realm, const absl::Status& status) {
  if (absl::IsCancelled(status) || realm.engine->stop() != js::StopReason::kNone) {
    return realm.engine->StopNow();
  }
  // A host that cannot do such a thing at all.
  if (!status.ok()) return js::ThrowError(realm.cx, Message(status));
  return js::Undefined(realm.cx);
}

std::string OutOfMemoryText(const Realm& realm) {
  return fmt::format("out of memory: the script needs more than {} MiB for its values",
                     realm.settings.memory_limit_bytes >> 20);
}

std::optional<Tags> ReadTags(Realm& realm, JSValueConst tags) {
  Tags result;
  if (js::IsNullish(tags)) return result;
  if (!JS_IsObject(tags)) {
    js::ThrowTypeError(realm.cx, "tags must be an object of strings, numbers and booleans");
    return std::nullopt;
  }
  const bool ok = realm.shapes.ForEach(tags, [&](const js::PropertyName& name, JSValueConst value) {
    if (!JS_IsString(value) && !JS_IsNumber(value) && !JS_IsBool(value)) {
      js::ThrowTypeError(
          realm.cx, fmt::format("tag '{}': only strings, numbers and booleans can be tag values",
                                name.Text(realm.cx)));
      return false;
    }
    auto text = js::ToText(realm.cx, value);
    if (!text.has_value()) return false;
    result.emplace_back(name.Text(realm.cx), *std::move(text));
    return true;
  });
  if (!ok) return std::nullopt;
  std::sort(result.begin(), result.end());
  return result;
}

std::optional<std::string> ReadBytes(JSContext* cx, JSValueConst value) {
  if (const auto bytes = js::ViewBytes(cx, value)) return std::string(*bytes);
  return js::ToText(cx, value);
}

Nanos ScriptNow(Realm& realm) { return SystemClock().Now() + realm.slept_extra; }

js::Value SleepFor(Realm& realm, Nanos duration, bool may_group) {
  const Nanos before = SystemClock().Now();
  const absl::Status status = realm.host.Sleep(duration, may_group);
  realm.slept_extra += duration - (SystemClock().Now() - before);
  return AfterHost(realm, status);
}

}  // namespace kload::k6
