// What stands behind the k6 modules of one script instance: the engine, the host, and the state that k6 keeps
// per VU.
//
// Thread: that of the instance.
#pragma once

#include <absl/status/statusor.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/http/cookie_jar.h"
#include "common/js/engine.h"
#include "common/js/function.h"
#include "common/js/kept_shapes.h"
#include "common/js/name_list.h"
#include "common/k6/fetches.h"
#include "common/k6/host.h"
#include "common/k6/program.h"
#include "common/k6/script.h"
#include "common/k6/timers.h"

namespace kload::k6 {

enum class Phase { kInit, kRun };

struct HtmlObjects;

struct Realm {
  Realm(std::shared_ptr<const Program> program, Host& host, const ScriptSettings& settings,
        std::unique_ptr<js::Engine> engine);
  ~Realm();
  Realm(const Realm&) = delete;
  Realm& operator=(const Realm&) = delete;

  // ---- What a request touches comes first: a VU that thought has left the caches ----
  Host& host;
  const std::unique_ptr<js::Engine> engine;  // before all values below, which die before it
  JSContext* const cx;
  double iteration = 0;  // __ITER
  Phase phase = Phase::kInit;
  Nanos slept_extra{0};                      // nominal minus real time of all sleeps so far
  std::shared_ptr<http::CookieJar> cookies;  // of the VU; never null
  std::shared_ptr<const http::ResponseRule>
      response_rule;  // of requests that have none of their own
  Timers timers;
  Fetches fetches;
  const js::NameList param_names;
  const js::NameList response_names;
  const js::NameList timing_names;
  // The URL of the last request, the script's value and its text: a literal, and most constants, are the same value each time.
  js::Value last_url;
  std::string last_url_text;
  js::KeptShapes shapes;  // of objects that are made in every iteration
  const ScriptSettings settings;
  // Texts of check names by their atom, which stays alive through `check_atoms`. Bounded, see core_module.cc.
  std::unordered_map<JSAtom, std::string> check_names;
  std::vector<js::Atom> check_atoms;

  const js::Atom url_name;   // `url`
  const js::Atom name_name;  // `name`
  const std::shared_ptr<const Program> program;
  // Built-in modules export all they have, not just the names that the script was seen to ask for.
  bool exports_all = false;
  std::map<std::string, js::Value> builtins;  // module name -> its default export
  std::map<std::string, std::set<std::string>> builtin_exports;  // and the names beside that
  // ---- Modules by name; see commonjs.h ----
  std::map<std::string, js::Value>
      commonjs;  // `module` objects; of built-in modules, what require() returns
  std::map<std::string, JSModuleDef*> es_modules;  // those that were loaded; the context owns them
  std::map<std::string, std::set<std::string>> eager_names;  // exports of those that ran at loading
  std::map<std::string, js::Value> eager_errors;             // what these have thrown
  std::vector<std::string> requiring;  // modules that are being run by require()
  bool main_resolved = false;          // all import statements were followed

  js::Value env;  // __ENV
  js::Value jar_prototype;
  js::Value test_options;             // exec.test.options, made when it is first read
  std::vector<MetricDef> metrics;     // by MetricId, as far as this script declared them
  absl::Status open_problem;          // of the last open() that failed
  std::array<uint64_t, 4> random{};   // state of Math.random
  std::shared_ptr<HtmlObjects> html;  // null until a script uses HTML; nobody else owns it
};

Realm& RealmOf(JSContext* cx);

// Raises the error that `what` is only available in setup, iterations and teardown, when this is init code, and the
// uncatchable exception when the entry has to stop: a script must not begin anything while it unwinds. The exception
// marker then, undefined otherwise.
js::Value RequireRun(Realm& realm, const char* what);
// Likewise for what only init code may do.
js::Value RequireInit(Realm& realm, const char* what);
// After a host call: raises the uncatchable exception when the host cancelled or the entry has to stop, an ordinary one for
// another error.
js::Value AfterHost(Realm& realm, const absl::Status& status);

// What is said when an entry was ended for StopReason::kMemory.
std::string OutOfMemoryText(const Realm& realm);

// Reads {name: string | number | bool}, sorted by name. `tags` may be undefined or null: no tags then.
// Nullopt with a pending TypeError for other values.
std::optional<Tags> ReadTags(Realm& realm, JSValueConst tags);

// A copy of an ArrayBuffer's or typed array's bytes, or of a string's as UTF-8. Nullopt, with an exception pending, for a
// value that cannot be turned into a string.
std::optional<std::string> ReadBytes(JSContext* cx, JSValueConst value);

// Script-side time: steady time in which sleep() takes as long as the script said, whatever the time scale.
Nanos ScriptNow(Realm& realm);
// Sleeps through the host. `duration` > 0; `may_group` as there.
js::Value SleepFor(Realm& realm, Nanos duration, bool may_group);

// Installs __ENV, __VU, __ITER, global, console, open, require, timers, Math.random.
void InstallGlobals(Realm& realm);
// Install the globals TextEncoder, TextDecoder and crypto, which are made when a script first names them.
void InstallTextCoding(Realm& realm);
void InstallWebCrypto(Realm& realm);
// Restarts Math.random's sequence.
void SeedRandom(Realm& realm, uint64_t seed);

// ---- The modules' objects: default export and source of the named ones ----
js::Value MakeCoreModule(Realm& realm);
js::Value MakeHttpModule(Realm& realm);
js::Value MakeHtmlModule(Realm& realm);
js::Value MakeMetricsModule(Realm& realm);
js::Value MakeEncodingModule(Realm& realm);
js::Value MakeCryptoModule(Realm& realm);
js::Value MakeDataModule(Realm& realm);
js::Value MakeExecutionModule(Realm& realm);
js::Value MakeSecretsModule(Realm& realm);
js::Value MakeX509Module(Realm& realm);
// {crypto}: the global of that name.
js::Value MakeWebCryptoModule(Realm& realm);
// setTimeout and its like, as the globals of the same names.
js::Value MakeTimersModule(Realm& realm);

}  // namespace kload::k6
