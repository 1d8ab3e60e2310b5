#include "common/k6/timers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <utility>

#include "common/js/function.h"
#include "common/k6/realm.h"

namespace kload::k6 {
namespace {

constexpr size_t kTimersMax = 10'000;
constexpr double kDelayMsMax = 86'400'000.0 * 365;

enum Kind { kOnce = 0, kRepeating = 1 };

js::Value SetTimer(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  const char* name = call.magic == kRepeating ? "setInterval()" : "setTimeout()";
  if (auto wrong = RequireRun(realm, name); wrong.IsException()) return wrong;
  if (!JS_IsFunction(call.cx, call.arg(0))) {
    return js::ThrowTypeError(call.cx,
                              std::string(name) + ": the first argument is not a function");
  }
  const auto ms = JS_IsUndefined(call.arg(1)) ? 0.0 : js::ToNumber(call.cx, call.arg(1));
  if (!ms.has_value()) return js::Thrown(call.cx);
  const double delay_ms = *ms > 0 ? std::min(*ms, kDelayMsMax) : 0;  // not-a-number counts as 0
  Timer timer;
  timer.id = realm.timers.NewId();
  const Nanos delay(static_cast<int64_t>(std::llround(delay_ms * 1e6)));
  timer.due = ScriptNow(realm) + delay;
  if (call.magic == kRepeating)
    timer.interval = std::max<Nanos>(delay, std::chrono::milliseconds(1));
  timer.callback = js::Value::Share(call.cx, call.arg(0));
  for (int i = 2; i < call.argc; ++i) timer.args.push_back(js::Value::Share(call.cx, call.arg(i)));
  const double id = static_cast<double>(timer.id);
  if (!realm.timers.Add(std::move(timer))) {
    return js::ThrowRangeError(call.cx, std::string(name) + ": more than 10000 timers are waiting");
  }
  return js::Number(call.cx, id);
}

js::Value ClearTimer(const js::Call& call) {
  if (JS_IsNumber(call.arg(0))) {
    const auto id = js::ToNumber(call.cx, call.arg(0));
    if (id.has_value() && *id > 0 && *id < 9e15) {
      RealmOf(call.cx).timers.Cancel(static_cast<int64_t>(*id));
    }
  }
  return js::Undefined(call.cx);
}

}  // namespace

bool Timers::Add(Timer timer) {
  if (waiting_.size() >= kTimersMax) return false;
  const auto behind = [](const Timer& a, const Timer& b) {
    return std::tie(a.due, a.id) < std::tie(b.due, b.id);
  };
  const auto place = std::upper_bound(waiting_.begin(), waiting_.end(), timer, behind);
  waiting_.insert(place, std::move(timer));
  return true;
}

void Timers::Cancel(int64_t id) {
  if (id == taken_id_) taken_cancelled_ = true;
  std::erase_if(waiting_, [&](const Timer& timer) { return timer.id == id; });
}

Timer Timers::TakeNext() {
  Timer timer = std::move(waiting_.front());
  taken_id_ = timer.id;
  taken_cancelled_ = false;
  waiting_.erase(waiting_.begin());
  return timer;
}

namespace {

void DefineTimers(JSContext* cx, JSValueConst object) {
  static const std::array kFunctions = {
      js::LazyFunction<SetTimer>("setTimeout", 1, kOnce),
      js::LazyFunction<SetTimer>("setInterval", 1, kRepeating),
      js::LazyFunction<ClearTimer>("clearTimeout", 1),
      js::LazyFunction<ClearTimer>("clearInterval", 1),
  };
  js::AddLazily(cx, object, kFunctions);
}

}  // namespace

void InstallTimers(Realm& realm) { DefineTimers(realm.cx, realm.engine->global()); }

js::Value MakeTimersModule(Realm& realm) {
  js::Value module = js::Object(realm.cx);
  DefineTimers(realm.cx, module.get());
  return module;
}

}  // namespace kload::k6
