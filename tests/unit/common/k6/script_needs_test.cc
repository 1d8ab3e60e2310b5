#include "common/k6/script_needs.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "common/js/engine.h"

namespace kload::k6 {
namespace {

using ::testing::ElementsAre;

ScriptNeeds Of(std::string_view source) {
  ScriptNeeds needs;
  needs.Add(source);
  return needs;
}

// All that a script can reach by names, as paths such as `Array.prototype.at`.
constexpr char kPaths[] = R"(
  (() => {
    const paths = [];
    const seen = new Array();
    const walk = (value, path) => {
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
      if (seen.includes(value)) return;
      seen.push(value);
      for (const key of Reflect.ownKeys(value)) {
        if (value === globalThis && key === 'globalThis') continue;
        const next = path + String(key);
        paths.push(next);
        const of = Reflect.getOwnPropertyDescriptor(value, key);
        walk('value' in of ? of.value : of.get, next + '.');
      }
    };
    walk(globalThis, '');
    return paths.join('\n');
  })()
)";

std::vector<std::string> Paths(const js::Intrinsics& intrinsics) {
  auto engine = js::Engine::Create({}, intrinsics);
  EXPECT_TRUE(engine.ok());
  (*engine)->Enter(std::nullopt);
  JSContext* const cx = (*engine)->cx();
  const js::Value text(cx, JS_Eval(cx, kPaths, sizeof(kPaths) - 1, "paths", JS_EVAL_TYPE_GLOBAL));
  std::vector<std::string> paths;
  std::istringstream lines(js::ToTextOr(cx, text.get()));
  for (std::string line; std::getline(lines, line);) paths.push_back(line);
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<std::string> Missing(const std::vector<std::string>& all,
                                 const std::vector<std::string>& some) {
  std::vector<std::string> missing;
  std::set_difference(all.begin(), all.end(), some.begin(), some.end(),
                      std::back_inserter(missing));
  return missing;
}

TEST(ScriptNeeds, WhateverAScriptNamesIsThere) {
  const std::vector<std::string> all = Paths(js::Intrinsics());
  const std::vector<std::string> missing = Missing(all, Paths(js::Intrinsics::None()));
  size_t names = 0;
  for (const std::string& path : missing) {
    if (path.find('.') != std::string::npos) continue;
    ++names;
    const auto left = Missing(all, Paths(Of("const x = " + path + ";").intrinsics));
    EXPECT_EQ(std::count(left.begin(), left.end(), path), 0) << path;
  }
  EXPECT_GE(names, 20U);  // Date, Proxy, Map, Set, ... Uint8Array
}

TEST(ScriptNeeds, WhatIsLeftOutIsNoPartOfWhatIsThere) {
  const std::vector<std::string> all = Paths(js::Intrinsics());
  const std::vector<std::string> missing = Missing(all, Paths(js::Intrinsics::None()));
  for (const std::string& path : missing) {
    const std::string global = path.substr(0, path.find('.'));
    EXPECT_TRUE(std::binary_search(missing.begin(), missing.end(), global)) << path;
  }
}

TEST(ScriptNeeds, APlainScriptNeedsNone) {
  const ScriptNeeds needs = Of(R"(
    import http from 'k6/http';
    import { check, sleep } from 'k6';
    export default function () {
      check(http.get(`${__ENV.BASE_URL}/x`), { ok: (r) => r.status === 200 });
      sleep(1);  // required by the plan
    })");
  EXPECT_FALSE(needs.intrinsics.dates || needs.intrinsics.proxies || needs.intrinsics.collections);
  EXPECT_FALSE(needs.intrinsics.typed_arrays || needs.intrinsics.weak_references || needs.random);
  EXPECT_THAT(*needs.env, ElementsAre("BASE_URL"));
}

TEST(ScriptNeeds, ModulesAddUp) {
  ScriptNeeds needs = Of("new Map(); __ENV.A");
  needs.Add("Math.random(); __ENV.B || __ENV.A");
  EXPECT_TRUE(needs.intrinsics.collections && needs.random);
  EXPECT_FALSE(needs.intrinsics.dates);
  EXPECT_THAT(*needs.env, ElementsAre("A", "B"));
}

TEST(ScriptNeeds, WhatCanNameAnythingNeedsAll) {
  for (const char* source : {"globalThis[a]", "global[a]", "eval(a)", "new Function(a)",
                             "f.constructor(a)", "M\\u0061p", "require(a)", "const r = require"}) {
    const ScriptNeeds needs = Of(source);
    EXPECT_TRUE(needs.intrinsics.dates && needs.intrinsics.typed_arrays && needs.random) << source;
    EXPECT_FALSE(needs.env.has_value()) << source;
  }
}

TEST(ScriptNeeds, EnvironmentsThatAreNotNamedOneByOneAreWhole) {
  for (const char* source :
       {"Object.keys(__ENV)", "__ENV[a]", "const { A } = __ENV", "__ENV?.A", "__ENV.A; f(__ENV)",
        "__ENV.hasOwnProperty('A')", "__ENV.valueOf()[a]", "__ENV.__proto__", "__ENV.$A",
        "__ENV.A$", "__ENV.\xc3\xa4", "__ENV ."}) {
    EXPECT_FALSE(Of(source).env.has_value()) << source;
  }
  EXPECT_TRUE(Of("__ENV[a]").NeedsEnv("X"));
  EXPECT_FALSE(Of("__ENV.A").NeedsEnv("X"));
}

}  // namespace
}  // namespace kload::k6
