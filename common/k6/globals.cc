// What a script finds without importing anything.

#include <fmt/format.h>

#include <array>
#include <bit>
#include <string>

#include "common/base/status.h"
#include "common/js/function.h"
#include "common/k6/commonjs.h"
#include "common/k6/console_format.h"
#include "common/k6/realm.h"
#include "common/k6/specifier.h"

namespace kload::k6 {
namespace {

// ---- console ----

js::Value Print(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  // What is thrown away after a stop must not be heard of.
  if (realm.engine->stop() != js::StopReason::kNone) return realm.engine->StopNow();
  std::string text;
  for (int i = 0; i < call.argc; ++i) {
    if (i > 0) text += ' ';
    if (!AppendConsoleText(call.cx, call.argv[i], text)) return js::Thrown(call.cx);
  }
  realm.host.Log(static_cast<LogLevel>(call.magic), text, "console");
  return js::Undefined(call.cx);
}

void InstallConsole(Realm& realm) {
  JSContext* cx = realm.cx;
  const auto entry = [](const char* name, LogLevel level) {
    return js::LazyFunction<Print>(name, 0, static_cast<int16_t>(level));
  };
  static const std::array kFunctions = {
      entry("debug", LogLevel::kDebug), entry("log", LogLevel::kInfo),
      entry("info", LogLevel::kInfo),   entry("warn", LogLevel::kWarning),
      entry("error", LogLevel::kError),
  };
  js::Value console = js::Object(cx);
  js::AddLazily(cx, console.get(), kFunctions);
  js::Define(cx, realm.engine->global(), "console", std::move(console));
}

// ---- __ITER: read, so that scripts that do not name it have nothing set for each iteration ----

js::Value GetIteration(const js::Call& call) {
  return js::Number(call.cx, RealmOf(call.cx).iteration);
}

// A number, until the next iteration.
js::Value SetIteration(const js::Call& call) {
  const auto number = js::ToNumber(call.cx, call.arg(0));
  if (!number.has_value()) return js::Thrown(call.cx);
  RealmOf(call.cx).iteration = *number;
  return js::Undefined(call.cx);
}

// ---- open() ----

js::Value Open(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  if (auto wrong = RequireInit(realm, "open()"); wrong.IsException()) return wrong;
  if (!JS_IsString(call.arg(0))) {
    return js::ThrowTypeError(call.cx, "open(): the first argument is the file's path, a string");
  }
  const auto path = js::ToText(call.cx, call.arg(0));
  const auto mode = JS_IsUndefined(call.arg(1)) ? std::string() : js::ToText(call.cx, call.arg(1));
  if (!path.has_value() || !mode.has_value()) return js::Thrown(call.cx);
  // Relative to the file whose code calls open(), one frame above this one.
  const JSAtom caller = JS_GetScriptOrModuleName(call.cx, 1);
  std::string module = realm.program->main;
  if (caller != JS_ATOM_NULL) module = js::AtomText(call.cx, js::Atom(call.cx, caller).get());
  const auto content = realm.program->files->Read(ResolvePath(module, *path));
  if (!content.ok()) {
    realm.open_problem = Annotate(content.status(), fmt::format("open('{}')", *path));
    return js::ThrowError(call.cx, Message(realm.open_problem));
  }
  return *mode == "b" ? js::Bytes(call.cx, *content) : js::String(call.cx, *content);
}

// ---- Math.random: xoshiro256**, seeded by splitmix64 ----

js::Value Random(const js::Call& call) {
  auto& state = RealmOf(call.cx).random;
  const uint64_t result = std::rotl(state[1] * 5, 7) * 9;
  const uint64_t shifted = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = std::rotl(state[3], 45);
  return js::Number(call.cx, static_cast<double>(result >> 11) * 0x1p-53);
}

}  // namespace

void SeedRandom(Realm& realm, uint64_t seed) {
  for (uint64_t& word : realm.random) {
    seed += 0x9e3779b97f4a7c15;
    uint64_t mixed = seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    word = mixed ^ (mixed >> 31);
  }
}

void InstallGlobals(Realm& realm) {
  JSContext* cx = realm.cx;
  JSValueConst global = realm.engine->global();
  js::Define(cx, global, "global", js::Value::Share(cx, global));

  realm.env = js::Object(cx);
  if (realm.settings.env != nullptr) {
    for (const auto& [name, value] : *realm.settings.env) {
      if (!realm.program->needs.NeedsEnv(name)) continue;
      js::Define(cx, realm.env.get(), name.c_str(), js::String(cx, value));
    }
  }
  js::Define(cx, global, "__ENV", js::Value::Share(cx, realm.env.get()));
  js::Define(cx, global, "__VU", js::Number(cx, static_cast<double>(realm.settings.vu)));
  js::AddAccessor<GetIteration, SetIteration>(cx, global, "__ITER");

  InstallConsole(realm);
  js::Define(cx, global, "open", js::NewFunction<Open>(cx, "open", 1));
  InstallRequire(realm);
  InstallTimers(realm);
  InstallTextCoding(realm);
  InstallWebCrypto(realm);

  if (!realm.program->needs.random) return;
  // VUs are made within the same microsecond on several threads: their numbers keep them apart, and the clock agents.
  SeedRandom(realm, static_cast<uint64_t>(SystemClock().UnixNow().count()) ^
                        (static_cast<uint64_t>(realm.settings.vu) << 40));
  const js::Value math = js::Get(cx, global, "Math");
  js::AddMethod<Random>(cx, math.get(), "random", 0);
}

}  // namespace kload::k6
