#include "common/k6/response_rule.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace kload::k6 {
namespace {

using Rule = std::shared_ptr<const http::ResponseRule>;

JSClassID RuleClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

void FreeRule(JSRuntime*, JSValue value) {
  delete static_cast<Rule*>(JS_GetOpaque(value, RuleClass()));
}

std::optional<int> ReadStatus(JSContext* cx, JSValueConst value) {
  double number = 0;
  if (JS_IsNumber(value)) JS_ToFloat64(cx, &number, value);
  if (!(number >= 0 && number <= 999 && number == std::floor(number)) || !JS_IsNumber(value)) {
    js::ThrowTypeError(cx, fmt::format("http.expectedStatuses(): {} is neither a status nor an "
                                       "object such as {{ min: 200, max: 299 }}",
                                       js::ToTextOr(cx, value)));
    return std::nullopt;
  }
  return static_cast<int>(number);
}

std::optional<http::StatusRange> ReadRange(JSContext* cx, JSValueConst value) {
  if (!JS_IsObject(value)) {
    const auto status = ReadStatus(cx, value);
    if (!status.has_value()) return std::nullopt;
    return http::StatusRange{*status, *status};
  }
  const js::Value min = js::Get(cx, value, "min");
  const js::Value max = js::Get(cx, value, "max");
  if (min.IsException() || max.IsException()) return std::nullopt;
  const auto low = ReadStatus(cx, min.get());
  const auto high = low.has_value() ? ReadStatus(cx, max.get()) : std::nullopt;
  if (!high.has_value()) return std::nullopt;
  return http::StatusRange{*low, *high};
}

}  // namespace

bool InstallResponseRules(Realm& realm) {
  const JSClassDef definition = {.class_name = "ExpectedStatuses",
                                 .finalizer = FreeRule,
                                 .gc_mark = nullptr,
                                 .call = nullptr,
                                 .exotic = nullptr};
  return JS_NewClass(JS_GetRuntime(realm.cx), RuleClass(), &definition) >= 0;
}

js::Value ExpectedStatuses(const js::Call& call) {
  if (call.argc == 0) {
    return js::ThrowTypeError(call.cx, "http.expectedStatuses(): no status is given");
  }
  auto rule = std::make_shared<http::ResponseRule>();
  for (int i = 0; i < call.argc; ++i) {
    const auto range = ReadRange(call.cx, call.arg(i));
    if (!range.has_value()) return js::Thrown(call.cx);
    rule->expected.push_back(*range);
  }
  js::Value object(call.cx, JS_NewObjectClass(call.cx, static_cast<int>(RuleClass())));
  if (object.IsException()) return object;
  JS_SetOpaque(object.get(), std::make_unique<Rule>(std::move(rule)).release());
  return object;
}

js::Value SetResponseCallback(const js::Call& call) {
  auto rule = ReadResponseRule(call.cx, call.arg(0), "http.setResponseCallback()");
  if (!rule.has_value()) return js::Thrown(call.cx);
  RealmOf(call.cx).response_rule = *std::move(rule);
  return js::Undefined(call.cx);
}

std::optional<Rule> ReadResponseRule(JSContext* cx, JSValueConst value, const char* what) {
  if (JS_IsNull(value)) {
    static const Rule not_judged =
        std::make_shared<http::ResponseRule>(http::ResponseRule{.judged = false, .expected = {}});
    return not_judged;
  }
  if (const auto* rule = static_cast<const Rule*>(JS_GetOpaque(value, RuleClass()))) return *rule;
  js::ThrowTypeError(cx, fmt::format("{}: expected http.expectedStatuses(...) or null", what));
  return std::nullopt;
}

}  // namespace kload::k6
