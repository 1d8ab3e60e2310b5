// The pure parts: selectors of JSON, imports, specifiers, forms.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"
#include "common/k6/form.h"
#include "common/k6/import_scan.h"
#include "common/k6/json_path.h"
#include "common/k6/json_select.h"
#include "common/k6/places.h"
#include "common/k6/specifier.h"

namespace kload::k6 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// ---- JSON ----

std::string Selected(std::string_view text, std::string_view path) {
  const auto selected = SelectJson(text, path);
  if (!selected.ok()) return "error";
  return selected->value_or("nothing");
}

TEST(JsonSelect, Paths) {
  constexpr std::string_view kText =
      R"( {"a":{"b":[10,{"c":"x"},[]]},"k.d":1,"list":[{"n":1},{"m":0},{"n":3}],"été":true,"u\u0041":5,"n":null} )";
  EXPECT_EQ(Selected(kText, "a.b.0"), "10");
  EXPECT_EQ(Selected(kText, "a.b.1.c"), "\"x\"");
  EXPECT_EQ(Selected(kText, "a.b.2"), "[]");
  EXPECT_EQ(Selected(kText, "a.b.3"), "nothing");
  EXPECT_EQ(Selected(kText, "a.b.c"), "nothing");
  EXPECT_EQ(Selected(kText, "a.b.#"), "3");
  EXPECT_EQ(Selected(kText, "list.#.n"), "[1,3]");
  EXPECT_EQ(Selected(kText, "k\\.d"), "1");
  EXPECT_EQ(Selected(kText, "l?st.0.*"), "1");
  EXPECT_EQ(Selected(kText, "été"), "true");
  EXPECT_EQ(Selected(kText, "uA"), "5");
  EXPECT_EQ(Selected(kText, "n"), "null");
  EXPECT_EQ(Selected(kText, "n.x"), "nothing");
  EXPECT_EQ(Selected("[]", "#"), "0");
  EXPECT_EQ(Selected("", "a"), "nothing");
}

TEST(JsonSelect, RefusesWhatItLacks) {
  for (const char* path : {"@reverse", "a|b", "a.#(b|c==1)"}) {
    EXPECT_THAT(Message(SelectJson("{}", path).status()), HasSubstr("not available in kload"))
        << path;
  }
  EXPECT_THAT(Message(SelectJson("{}", "a.#(b==1").status()), HasSubstr("is not closed"));
}

TEST(JsonSelect, Queries) {
  constexpr std::string_view kText =
      R"x({"p":[{"n":"anna","a":44,"ok":true,"t":["x","y"]},{"n":"bert","a":68,"ok":false,"t":["x"]},)x"
      R"x({"n":"a.(c)","a":47.5,"ok":true,"t":[]}],"v":[3,1,"3",null,true]})x";
  const std::map<std::string, std::string> wanted = {
      {R"x(p.#(n=="bert").a)x", "68"},
      {R"x(p.#(n = "bert").a)x", "68"},
      {"p.#(a>45).n", R"x("bert")x"},
      {"p.#(a>45)#.n", R"x(["bert","a.(c)"])x"},
      {"p.#(a<=47.5)#.a", "[44,47.5]"},
      {"p.#(a>=100).n", "nothing"},
      {"p.#(a>=100)#", "[]"},
      {"p.#(ok==true)#.a", "[44,47.5]"},
      {"p.#(ok!=true)#.a", "[68]"},
      {R"x(p.#(n%"a*")#.n)x", R"x(["anna","a.(c)"])x"},
      {R"x(p.#(n!%"a*").n)x", R"x("bert")x"},
      {R"x(p.#(n=="a.(c)").a)x", "47.5"},
      {R"x(p.#(n==anna).a)x", "44"},
      {"p.#(none)#", "[]"},
      {"p.#(t.0)#.n", R"x(["anna","bert"])x"},
      {R"x(p.#(t.#(=="y")).n)x", R"x("anna")x"},
      {"p.#(t.#>1)#.n", R"x(["anna"])x"},
      {"v.#(>1)#", "[3]"},
      {R"x(v.#(=="3"))x", R"x("3")x"},
      {"v.#(==null)", "null"},
      {"p.#(ok==true)#.t.#", "[2,0]"}};
  for (const auto& [path, json] : wanted) EXPECT_EQ(Selected(kText, path), json) << path;
}

TEST(JsonSelect, WildcardsTakeLinearTime) {
  EXPECT_FALSE(MatchesWildcard("*a*a*a*a*a*a*a*a*a*a*b", std::string(5000, 'a')));
  EXPECT_TRUE(MatchesWildcard("a*c?e", "abbbcde"));
  EXPECT_FALSE(MatchesWildcard("", "a"));
  EXPECT_TRUE(MatchesWildcard("**", ""));
}

TEST(JsonSelect, FindsErrors) {
  EXPECT_EQ(FindJsonError(R"({"a":[1,2.5e3,"\u00e9"],"b":null} )"), std::nullopt);
  EXPECT_EQ(FindJsonError("{\"a\":}"), 5u);
  EXPECT_EQ(FindJsonError("[1,]"), 3u);
  EXPECT_EQ(FindJsonError("{} x"), 3u);
  EXPECT_EQ(FindJsonError("\"a\nb\""), 2u);
  EXPECT_EQ(FindJsonError(""), 0u);
  EXPECT_NE(FindJsonError(std::string(100'000, '[')), std::nullopt);
  EXPECT_EQ(LineAndColumn("ab\ncd", 4), "line 2, column 2");
}

// ---- Imports ----

TEST(ImportScan, FindsImportsAndTheirPlaces) {
  const auto sites = ScanImports(
      "// import a from 'comment';\nimport http, { get as g, post } from 'k6/http';\n  import * as "
      "all from \"./all.js\";\n"
      "import './effect.js'; export { x } from './x.js';\nexport * from './star.js';\nconst s = "
      "\"import b from 'text'\";\n"
      "const r = /import c from 'regexp'/; obj.import('no'); import('./dynamic.js');\n"
      "export default function () {}\nexport const y = `import d from 'template'`;");
  std::vector<std::string> seen;
  for (const ImportSite& site : sites) {
    seen.push_back(site.specifier + ":" + std::to_string(site.line) + ":" +
                   std::to_string(site.column));
  }
  EXPECT_THAT(seen, ElementsAre("k6/http:2:1", "./all.js:3:3", "./effect.js:4:1", "./x.js:4:23",
                                "./star.js:5:1"));
  EXPECT_THAT(sites[0].names, ElementsAre("default", "get", "post"));
  EXPECT_THAT(sites[1].names, IsEmpty());
}

TEST(ImportScan, TellsModulesFromCommonJs) {
  EXPECT_TRUE(LooksLikeModule("export default function () {}"));
  EXPECT_FALSE(LooksLikeModule("// import x\nfoo.import()"));
}

TEST(ImportScan, FindsRequires) {
  const auto sites = ScanRequires(
      "const a = require('./a.js');\na.require('./b.js'); 'require(\"./c.js\")'; require(name);\n"
      "  f(require( \"./d.js\" )); require('./e' + '.js');");
  ASSERT_EQ(sites.size(), 2u);
  EXPECT_EQ(sites[0].specifier, "./a.js");
  EXPECT_EQ(sites[1].specifier, "./d.js");
  EXPECT_EQ(sites[1].line, 3);
  EXPECT_EQ(sites[1].column, 5);
}

// ---- Places ----

TEST(SourceMap, LeadsBack) {
  // Line 1: columns 0 and 4 are of the source's 1:1 and 1:13; line 2: column 2 of 3:5.
  const auto map =
      SourceMap::Parse(R"({"version":3,"sources":["a.ts"],"mappings":"AAAA,IAAY;EAER"})");
  ASSERT_TRUE(map.ok()) << Message(map.status());
  EXPECT_EQ(map->Original({.line = 1, .column = 1}), (Position{.line = 1, .column = 1}));
  EXPECT_EQ(map->Original({.line = 1, .column = 9}), (Position{.line = 1, .column = 13}));
  EXPECT_EQ(map->Original({.line = 2, .column = 1}), (Position{.line = 3, .column = 5}));
  EXPECT_EQ(map->Original({.line = 9, .column = 2}), (Position{.line = 9, .column = 2}));
  EXPECT_FALSE(SourceMap::Parse("{}").ok());
  EXPECT_FALSE(SourceMap::Parse(R"({"mappings":"A!"})").ok());
}

TEST(Places, TranslateMessagesAndStacks) {
  Places places;
  places.Add("lib/a.js", 10, std::nullopt);
  EXPECT_EQ(places.Translate("    at f (lib/a.js:1:15)\n    at g (lib/a.js:2:15)"),
            "    at f (lib/a.js:1:5)\n    at g (lib/a.js:2:15)");
  EXPECT_EQ(places.Translate("other/lib/a.js:1:15"), "other/lib/a.js:1:15");
  EXPECT_EQ(places.Translate("lib/a.js: no such thing"), "lib/a.js: no such thing");
}

// ---- Specifiers ----

TEST(Specifier, Resolves) {
  EXPECT_EQ(*ResolveImport("main.js", "k6/http"), "k6/http");
  EXPECT_EQ(*ResolveImport("main.js", "./lib/a.js"), "lib/a.js");
  EXPECT_EQ(*ResolveImport("lib/a.js", "../b.js"), "b.js");
  EXPECT_EQ(*ResolveImport("main.js", "../b.js"), "../b.js");
  EXPECT_EQ(*ResolveImport("lib/a.js", "/opt/b.js"), "/opt/b.js");
  EXPECT_EQ(ResolvePath("lib/a.js", "data.csv"), "lib/data.csv");
  EXPECT_EQ(ResolvePath("lib/a.js", "file:///opt/x"), "/opt/x");
}

TEST(Specifier, ResolvesUrls) {
  const std::string base = "https://x.io/lib/1.0/index.js?v=2";
  EXPECT_EQ(*ResolveImport("a/m.js", "https://x.io/a.js?b=c#d"), "https://x.io/a.js?b=c");
  EXPECT_EQ(*ResolveImport(base, "./a.js"), "https://x.io/lib/1.0/a.js");
  EXPECT_EQ(*ResolveImport(base, "../b.js?x=../y"), "https://x.io/lib/b.js?x=../y");
  EXPECT_EQ(*ResolveImport(base, "../../../../b.js"), "https://x.io/b.js");
  EXPECT_EQ(*ResolveImport(base, "/c/d.js"), "https://x.io/c/d.js");
  EXPECT_EQ(*ResolveImport("https://x.io", "./a.js"), "https://x.io/a.js");
  EXPECT_EQ(*ResolveImport(base, "https://y.io/a.js"), "https://y.io/a.js");
  EXPECT_EQ(*ResolveImport(base, "k6/http"), "k6/http");
  EXPECT_TRUE(IsTypeScriptName("https://x.io/a.ts?b"));
  EXPECT_TRUE(IsTypeScriptName("lib/a.ts"));
  EXPECT_FALSE(IsTypeScriptName("https://x.io/a.js?b.ts"));
}

TEST(Specifier, RefusesWithARemedy) {
  EXPECT_THAT(Message(ResolveImport("m.js", "lodash").status()), HasSubstr("'./lodash'"));
  EXPECT_THAT(Message(ResolveImport("m.js", "http://jslib.k6.io/x.js").status()),
              HasSubstr("https only"));
  EXPECT_THAT(Message(ResolveImport("https://x.io/m.js", "file:///etc/passwd").status()),
              HasSubstr("cannot import files of this machine"));
}

// ---- Forms and headers ----

TEST(Form, Encodes) {
  EXPECT_EQ(EncodeForm({{"b", {"1", "2"}}, {"a key", {"x&y=z"}}}), "a+key=x%26y%3Dz&b=1&b=2");
  EXPECT_EQ(CanonicalHeader("x-REQUEST-id"), "X-Request-Id");
  EXPECT_EQ(CanonicalHeader("bad name"), "bad name");
  EXPECT_FALSE(IsHeaderText("a\r\nb"));
}

}  // namespace
}  // namespace kload::k6
