// The module `k6`: check, fail, group, randomSeed, sleep.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "common/js/function.h"
#include "common/k6/realm.h"

namespace kload::k6 {
namespace {

// Names beyond this are turned into text at every check: a script that makes up names must not fill the memory.
constexpr size_t kCheckNamesMax = 1000;
constexpr double kSleepSecondsMax = 86400.0 * 365;

bool IsPromise(JSContext* cx, JSValueConst value) {
  return JS_IsObject(value) && static_cast<int>(JS_PromiseState(cx, value)) >= 0;
}

// ---- check ----

// One call of check(): everything that its entries share.
struct Checks {
  Realm& realm;
  JSValueConst subject;
  const Tags& tags;
  bool all_passed = true;
};

// The name's text, kept for the next time.
std::string_view CheckName(Realm& realm, const js::PropertyName& property, std::string& scratch) {
  if (property.known != nullptr) return *property.known;
  const JSAtom name = property.atom;
  const auto known = realm.check_names.find(name);
  if (known != realm.check_names.end()) return known->second;
  std::string text = js::AtomText(realm.cx, name);
  if (realm.check_names.size() >= kCheckNamesMax) return scratch = std::move(text);
  realm.check_atoms.emplace_back(realm.cx, JS_DupAtom(realm.cx, name));
  return realm.check_names.emplace(name, std::move(text)).first->second;
}

bool RefusePromise(JSContext* cx, std::string_view name) {
  js::ThrowTypeError(cx,
                     fmt::format("check '{}': the function is async; await first, then check the "
                                 "result",
                                 name));
  return false;
}

// Returns false with a pending exception.
bool Evaluate(Checks& checks, const js::PropertyName& property, JSValueConst condition) {
  Realm& realm = checks.realm;
  std::string scratch;
  const std::string_view name = CheckName(realm, property, scratch);
  if (name.find("::") != name.npos) {
    js::ThrowError(realm.cx, fmt::format("check '{}': a name cannot contain '::'", name));
    return false;
  }
  bool passed = false;
  if (JS_IsFunction(realm.cx, condition)) {
    JSValueConst subject = checks.subject;
    const js::Value result(realm.cx, JS_Call(realm.cx, condition, JS_UNDEFINED, 1, &subject));
    if (result.IsException()) {
      // An exception of the script is a failed check; one that ends the VU is not.
      if (realm.engine->stop() == js::StopReason::kNone) {
        realm.host.AddCheck(name, false, checks.tags);
      }
      return false;
    }
    if (IsPromise(realm.cx, result.get())) return RefusePromise(realm.cx, name);
    passed = JS_ToBool(realm.cx, result.get()) > 0;
  } else {
    passed = JS_ToBool(realm.cx, condition) > 0;
  }
  realm.host.AddCheck(name, passed, checks.tags);
  checks.all_passed = checks.all_passed && passed;
  return true;
}

js::Value Check(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  if (auto wrong = RequireRun(realm, "check()"); wrong.IsException()) return wrong;
  if (!JS_IsObject(call.arg(1))) {
    return js::ThrowTypeError(call.cx,
                              "check(): the second argument is an object of names and functions");
  }
  const auto tags = ReadTags(realm, call.arg(2));
  if (!tags.has_value()) return js::Thrown(call.cx);
  Checks checks{.realm = realm, .subject = call.arg(0), .tags = *tags};
  const auto evaluate = [&checks](const js::PropertyName& name, JSValueConst value) {
    return Evaluate(checks, name, value);
  };
  const bool ok = realm.shapes.ForEach(call.arg(1), evaluate);
  return ok ? js::Bool(call.cx, checks.all_passed) : js::Thrown(call.cx);
}

// ---- group ----

js::Value Group(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  if (auto wrong = RequireRun(realm, "group()"); wrong.IsException()) return wrong;
  const auto name = js::ToText(call.cx, call.arg(0));
  if (!name.has_value()) return js::Thrown(call.cx);
  if (name->find("::") != name->npos) {
    return js::ThrowError(call.cx, fmt::format("group '{}': a name cannot contain '::'", *name));
  }
  if (!JS_IsFunction(call.cx, call.arg(1))) {
    return js::ThrowTypeError(
        call.cx, fmt::format("group '{}': the second argument is not a function", *name));
  }
  realm.host.EnterGroup(*name);
  js::Value result(call.cx, JS_Call(call.cx, call.arg(1), JS_UNDEFINED, 0, nullptr));
  if (realm.engine->stop() != js::StopReason::kNone) return result;
  realm.host.LeaveGroup();
  if (IsPromise(call.cx, result.get())) {
    return js::ThrowTypeError(
        call.cx,
        fmt::format("group '{}': the function is async, so that what follows an await would be "
                    "outside of the group; use group() between awaits",
                    *name));
  }
  return result;
}

// ---- the rest ----

js::Value Sleep(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  if (auto wrong = RequireRun(realm, "sleep()"); wrong.IsException()) return wrong;
  const auto seconds = js::ToNumber(call.cx, call.arg(0));
  if (!seconds.has_value()) return js::Thrown(call.cx);
  const double bounded = std::min(*seconds, kSleepSecondsMax);
  if (!(bounded >= 1e-9)) return js::Undefined(call.cx);  // also for not-a-number, as k6
  return SleepFor(realm, Nanos(static_cast<int64_t>(std::llround(bounded * 1e9))), true);
}

js::Value Fail(const js::Call& call) {
  const auto message =
      JS_IsUndefined(call.arg(0)) ? std::string() : js::ToText(call.cx, call.arg(0));
  if (!message.has_value()) return js::Thrown(call.cx);
  return js::ThrowError(call.cx, *message);
}

js::Value RandomSeed(const js::Call& call) {
  int64_t seed = 0;
  if (JS_ToInt64(call.cx, &seed, call.arg(0)) < 0) return js::Thrown(call.cx);
  SeedRandom(RealmOf(call.cx), static_cast<uint64_t>(seed));
  return js::Undefined(call.cx);
}

}  // namespace

js::Value MakeCoreModule(Realm& realm) {
  JSContext* cx = realm.cx;
  js::Value module = js::Object(cx);
  static const std::array kFunctions = {
      js::LazyFunction<Check>("check", 2), js::LazyFunction<Fail>("fail", 1),
      js::LazyFunction<Group>("group", 2), js::LazyFunction<RandomSeed>("randomSeed", 1),
      js::LazyFunction<Sleep>("sleep", 1),
  };
  js::AddLazily(cx, module.get(), kFunctions);
  return module;
}

}  // namespace kload::k6
