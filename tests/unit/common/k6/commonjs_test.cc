#include "common/k6/commonjs.h"

#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// ---- The main script ----

TEST_F(ScriptTest, MainScriptMayBeCommonJs) {
  Load(
      "const http = require('k6/http');\nconst { check } = require('k6');\n"
      "exports.options = { vus: 3 };\nexports.setup = function () { return { a: 1 }; };\n"
      "exports.default = function (data) {\n"
      "  check(http.get('http://x/'), { ok: r => r.status === 200 }); console.log(data.a); };");
  EXPECT_EQ(*script_->OptionsJson(), R"({"vus":3})");
  EXPECT_EQ(script_->CallSetup(std::nullopt).json, R"({"a":1})");
  ASSERT_TRUE(script_->SetData(R"({"a":1})").ok());
  const Outcome outcome = script_->CallIteration("default", 0);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kOk) << outcome.message;
  EXPECT_THAT(host_.texts(), ElementsAre("1"));
  EXPECT_EQ(host_.sent.size(), 1u);
}

TEST_F(ScriptTest, ModuleExportsReplacesExports) {
  Load("module.exports = { default() { console.log(typeof this, typeof global.require); } };");
  EXPECT_THAT(script_->ExportedFunctions(), ElementsAre("default"));
}

TEST_F(ScriptTest, MarksAndHashbangsAreSkipped) {
  for (const std::string begin : {"\xef\xbb\xbf", "#!/usr/bin/env k6\n", "\xef\xbb\xbf#!x\n"}) {
    Load(begin + "exports.default = () => {};");
    EXPECT_THAT(script_->ExportedFunctions(), ElementsAre("default"));
    Load(begin + "export default () => {};");
    EXPECT_THAT(script_->ExportedFunctions(), ElementsAre("default"));
  }
}

TEST_F(ScriptTest, PackedScriptsRun) {
  // What webpack makes of `import http from 'k6/http'` for the target commonjs.
  Load(
      "(() => { var m = { 1: (x) => { x.exports = require('k6/http'); } }; var c = {};\n"
      "function r(i) { if (c[i]) return c[i].exports; c[i] = { exports: {} }; m[i](c[i]);\n"
      "  return c[i].exports; }\n"
      "var out = exports; var h = r(1); var d = h && h.__esModule ? () => h.default : () => h;\n"
      "out.default = () => { d().get('http://x/'); };\n"
      "Object.defineProperty(out, '__esModule', { value: true }); })();");
  const Outcome outcome = script_->CallIteration("default", 0);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kOk) << outcome.message;
  EXPECT_EQ(host_.sent.size(), 1u);
}

// ---- Mixing ----

TEST_F(ScriptTest, ImportsOfCommonJs) {
  files_["lib.js"] = "exports.a = 1; exports.default = 'd';";
  files_["whole.js"] = "module.exports = { b: 2 };";
  files_["star.js"] = "const o = {}; o['comp' + 'uted'] = 'yes'; o.b = 3; module.exports = o;";
  files_["fn.js"] = "module.exports = function () { return 'called'; };";
  EXPECT_THAT(Printed("console.log(d, a, missing, whole.b, b, fn(), ns.computed, ns.default.b);",
                      "import d, { a, missing } from './lib.js'; import whole, { b } from "
                      "'./whole.js'; import fn from './fn.js'; import * as ns from './star.js';"),
              ElementsAre("d 1 undefined 2 2 called yes 3"));
}

TEST_F(ScriptTest, RequireOfAnEsModuleIsItsNamespace) {
  files_["lib.js"] = "import './deep.js'; export const a = 1; export default 2;";
  files_["deep.js"] = "globalThis.deep = 'ran'; export {};";
  files_["cjs.js"] = "const lib = require('./lib.js'); module.exports = lib.a + lib.default;";
  EXPECT_THAT(Printed("console.log(sum, deep, lib.a);",
                      "import sum from './cjs.js'; const lib = require('./lib.js');"),
              ElementsAre("3 ran 1"));
}

TEST_F(ScriptTest, ModulesRunOnceAndInOrder) {
  files_["one.js"] = "globalThis.order = (globalThis.order || '') + '1'; module.exports = {};";
  files_["two.js"] = "globalThis.order += '2'; export const x = require('./one.js');";
  EXPECT_THAT(Printed("console.log(order, x === one, x === require_again);",
                      "import one from './one.js'; import { x } from './two.js'; order += '3';"
                      "const require_again = require('./' + 'one.js');"),
              ElementsAre("123 true true"));
}

TEST_F(ScriptTest, CommonJsCirclesSeeWhatIsThere) {
  files_["a.js"] = "exports.early = 1; const b = require('./b.js'); exports.late = b.seen;";
  files_["b.js"] = "const a = require('./a.js'); exports.seen = [a.early, a.late];";
  EXPECT_THAT(Printed("console.log(a.late);", "const a = require('./a.js');"),
              ElementsAre("[ 1, undefined ]"));
}

TEST_F(ScriptTest, CirclesWithEsModulesAreRefused) {
  files_["cjs.js"] = "module.exports = require('./esm.js');";
  files_["esm.js"] = "import c from './cjs.js'; export const x = 1;";
  EXPECT_THAT(Message(TryLoad("import { x } from './esm.js'; export default function () {}")),
              HasSubstr("require('esm.js')"));
  EXPECT_THAT(Message(TryLoad("export default require('./cjs.js');")), HasSubstr("still running"));
}

TEST_F(ScriptTest, RelativeToTheRequiringFile) {
  files_["lib/a.js"] = "module.exports = require('../other/b.js') + open('c.txt');";
  files_["other/b.js"] = "module.exports = 'b';";
  files_["lib/c.txt"] = "c";
  EXPECT_THAT(Printed("console.log(a);", "const a = require('./lib/a.js');"), ElementsAre("bc"));
}

TEST_F(ScriptTest, ImportMetaResolve) {
  files_["lib/a.js"] =
      "export const url = import.meta.resolve('../data/x.txt'); export const x = open(url);";
  files_["data/x.txt"] = "content";
  EXPECT_THAT(Printed("console.log(url, x, import.meta.resolve('k6/http'), again);",
                      "import { url, x } from './lib/a.js'; const again = open(url);"),
              ElementsAre("file://./data/x.txt content k6/http content"));
}

// ---- Errors ----

TEST_F(ScriptTest, RequireSaysWhatIsWrong) {
  EXPECT_THAT(Message(TryLoad("\nrequire('./nowhere.js');")), HasSubstr("'nowhere.js'"));
  EXPECT_THAT(Message(TryLoad("\nrequire('./nowhere.js');")), HasSubstr("script.js:2:"));
  EXPECT_THAT(Message(TryLoad("require('lodash');")), HasSubstr("neither a k6 module nor a path"));
  EXPECT_THAT(Message(TryLoad("require('./data.json');")), HasSubstr("JSON.parse(open('...'))"));
  EXPECT_THAT(Message(TryLoad("require('k6/browser');")), HasSubstr("k6/browser is not available"));
  EXPECT_THAT(Thrown("require('k6/http');"), HasSubstr("only available in init code"));
  files_["tla.js"] = "await 1; export const x = 1;";
  EXPECT_THAT(Message(TryLoad("require('./tla.js'); exports.default = () => {};")),
              HasSubstr("awaits at its top level"));
}

TEST_F(ScriptTest, ErrorsOfRequiredModulesCanBeCaught) {
  files_["bad.js"] = "throw new Error('on purpose'); export {};";
  files_["worse.js"] = "throw new Error('commonjs');";
  Load(
      "try { require('./bad.js'); } catch (e) { console.log(e.message); }\n"
      "try { require('./worse.js'); } catch (e) { console.log(e.message); }\n"
      "try { require('./none.js'); } catch (e) { console.log('none'); }\n"
      "exports.default = () => {};");
  EXPECT_THAT(host_.texts(), ElementsAre("on purpose", "commonjs", "none"));
}

TEST_F(ScriptTest, ModulesThatThrowAtLoadingStayWhole) {
  files_["throws.js"] = "throw new Error('on purpose');";
  files_["star.js"] = "import * as c from './throws.js'; export const x = c;";
  Load(
      "const again = () => { try { require('./star.js'); } catch (e) { console.log(e.message); } };"
      "again(); again(); exports.default = () => {};");
  EXPECT_THAT(host_.texts(), ElementsAre("on purpose", "on purpose"));
  EXPECT_THAT(Message(TryLoad("import * as c from './throws.js'; export default () => {};")),
              StartsWith("Error: on purpose"));
}

TEST_F(ScriptTest, PlacesInCommonJs) {
  EXPECT_THAT(Message(TryLoad("const = 3;\nexports.x = 1;")), StartsWith("script.js:1:7: "));
  EXPECT_THAT(Message(TryLoad("exports.x = 1;\nconst = 3;")), StartsWith("script.js:2:7: "));
  EXPECT_THAT(Message(TryLoad("  null.x;")), HasSubstr("(script.js:1:"));
  files_["lib.js"] = "module.exports = { fail() { null.x } };";
  Load("const lib = require('./lib.js');\nexports.default = () => lib.fail();");
  EXPECT_THAT(script_->CallIteration("default", 0).stack, HasSubstr("(lib.js:1:33)"));
}

}  // namespace
}  // namespace kload::k6
