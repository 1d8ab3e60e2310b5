// The module `k6/metrics`: Counter, Gauge, Rate, Trend.

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "common/base/status.h"
#include "common/js/function.h"
#include "common/k6/realm.h"

namespace kload::k6 {
namespace {

struct Kind {
  const char* name;
  MetricType type;
};
constexpr std::array<Kind, 4> kKinds = {{
    {"Counter", MetricType::kCounter},
    {"Gauge", MetricType::kGauge},
    {"Rate", MetricType::kRate},
    {"Trend", MetricType::kTrend},
}};

JSClassID MetricClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

// The object's opaque pointer is its id plus one, so that it is never null.
void* ToOpaque(MetricId id) { return reinterpret_cast<void*>(uintptr_t{id} + 1); }
MetricId ToMetricId(void* opaque) {
  return static_cast<MetricId>(reinterpret_cast<uintptr_t>(opaque) - 1);
}

// null, text that is no number and the like are refused, as k6 does.
std::optional<double> ReadValue(JSContext* cx, JSValueConst value) {
  if (!JS_IsNumber(value) && !JS_IsBool(value) && !JS_IsString(value)) return std::nullopt;
  const auto number = js::ToNumber(cx, value);
  if (!number.has_value()) JS_FreeValue(cx, JS_GetException(cx));
  if (!number.has_value() || !std::isfinite(*number)) return std::nullopt;
  return number;
}

js::Value RefuseValue(Realm& realm, MetricId id, JSValueConst value) {
  const std::string text =
      fmt::format("metric {}: {} is not a value; expected a number or a boolean",
                  realm.metrics[id].name, js::ToTextOr(realm.cx, value));
  if (realm.settings.throw_on_error) return js::ThrowTypeError(realm.cx, text);
  realm.host.Log(LogLevel::kWarning, text + ". The sample is ignored", "");
  return js::Bool(realm.cx, false);
}

js::Value Add(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  if (auto wrong = RequireRun(realm, "add() of a metric"); wrong.IsException()) return wrong;
  void* const opaque = JS_GetOpaque2(call.cx, call.self, MetricClass());
  if (opaque == nullptr) return js::Thrown(call.cx);
  const MetricId id = ToMetricId(opaque);
  const auto value = ReadValue(call.cx, call.arg(0));
  if (!value.has_value()) return RefuseValue(realm, id, call.arg(0));
  const auto tags = ReadTags(realm, call.arg(1));
  if (!tags.has_value()) return js::Thrown(call.cx);
  realm.host.AddSample(id, *value, *tags);
  return js::Bool(call.cx, true);
}

js::Value Construct(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  const Kind& kind = kKinds[static_cast<size_t>(call.magic)];
  if (auto wrong = RequireInit(realm, fmt::format("new {}()", kind.name).c_str());
      wrong.IsException()) {
    return wrong;
  }
  if (!JS_IsString(call.arg(0))) {
    return js::ThrowTypeError(
        call.cx, fmt::format("new {}(): the first argument is the metric's name", kind.name));
  }
  MetricDef def;
  const auto name = js::ToText(call.cx, call.arg(0));
  if (!name.has_value()) return js::Thrown(call.cx);
  def.name = *name;
  def.type = kind.type;
  def.contains = JS_ToBool(call.cx, call.arg(1)) > 0 ? ValueKind::kTime : ValueKind::kDefault;
  const auto id = realm.host.DeclareMetric(def);
  if (!id.ok()) {
    return js::ThrowError(call.cx, fmt::format("new {}(): {}", kind.name, Message(id.status())));
  }
  if (realm.metrics.size() <= *id) realm.metrics.resize(*id + 1);
  realm.metrics[*id] = def;

  const js::Value prototype = js::Get(call.cx, call.self, "prototype");  // of a subclass, perhaps
  if (prototype.IsException()) return js::Thrown(call.cx);
  js::Value metric(call.cx, JS_NewObjectProtoClass(call.cx, prototype.get(), MetricClass()));
  if (metric.IsException()) return metric;
  JS_SetOpaque(metric.get(), ToOpaque(*id));
  js::Define(call.cx, metric.get(), "name", js::String(call.cx, def.name));
  return metric;
}

}  // namespace

js::Value MakeMetricsModule(Realm& realm) {
  JSContext* cx = realm.cx;
  const JSClassDef definition = {.class_name = "Metric",
                                 .finalizer = nullptr,
                                 .gc_mark = nullptr,
                                 .call = nullptr,
                                 .exotic = nullptr};
  if (JS_NewClass(JS_GetRuntime(cx), MetricClass(), &definition) < 0) return js::Thrown(cx);
  js::Value module = js::Object(cx);
  for (size_t i = 0; i < kKinds.size(); ++i) {
    const js::Value prototype = js::Object(cx);
    js::AddMethod<Add>(cx, prototype.get(), "add", 1);
    js::Define(
        cx, module.get(), kKinds[i].name,
        js::NewConstructor<Construct>(cx, kKinds[i].name, 1, static_cast<int>(i), prototype.get()));
  }
  return module;
}

}  // namespace kload::k6
