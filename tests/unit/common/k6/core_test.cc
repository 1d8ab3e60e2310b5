// check, group, sleep, fail, randomSeed; metrics; console.
#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using Kind = Outcome::Kind;
using CheckResult = FakeHost::CheckResult;
using Sample = FakeHost::Sample;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CoreTest : public ScriptTest {};

// ---- check ----

TEST_F(CoreTest, EveryEntryIsOneCheck) {
  EXPECT_THAT(Printed("console.log(check(5, { 'is five': (n) => n === 5, 'is six': (n) => n === 6, "
                      "truthy: 'x', falsy: 0 }));\n"
                      "console.log(check(5, { a: () => true }));"),
              ElementsAre("false", "true"));
  EXPECT_THAT(host_.checks,
              ElementsAre(CheckResult{"is five", true, "", {}},
                          CheckResult{"is six", false, "", {}}, CheckResult{"truthy", true, "", {}},
                          CheckResult{"falsy", false, "", {}}, CheckResult{"a", true, "", {}}));
}

TEST_F(CoreTest, CheckTags) {
  Printed("check(1, { a: () => true }, { z: 1, b: true });");
  EXPECT_THAT(host_.checks, ElementsAre(CheckResult{"a", true, "", {{"b", "true"}, {"z", "1"}}}));
}

TEST_F(CoreTest, ThrowingCheckFailsAndPropagates) {
  EXPECT_EQ(
      Thrown("check(1, { a: () => true, b: () => { throw new Error('boom'); }, c: () => true });"),
      "Error: boom");
  EXPECT_THAT(host_.checks,
              ElementsAre(CheckResult{"a", true, "", {}}, CheckResult{"b", false, "", {}}));
}

TEST_F(CoreTest, CheckRefuses) {
  EXPECT_THAT(Thrown("check(1);"), HasSubstr("second argument"));
  EXPECT_THAT(Thrown("check(1, { a: async () => true });"), HasSubstr("async"));
  EXPECT_THAT(Thrown("check(1, { 'a::b': () => true });"), HasSubstr("cannot contain '::'"));
  EXPECT_THAT(Thrown("check(1, { a: () => true }, { tag: {} });"), HasSubstr("tag 'tag'"));
}

TEST_F(CoreTest, MoreCheckNamesThanAreRemembered) {
  EXPECT_EQ(Run("for (let i = 0; i < 3000; ++i) check(1, { ['c' + i]: () => true });").kind,
            Kind::kOk);
  ASSERT_EQ(host_.checks.size(), 3000u);
  EXPECT_EQ(host_.checks[0].name, "c0");
  EXPECT_EQ(host_.checks[2999].name, "c2999");
}

// ---- group ----

TEST_F(CoreTest, GroupsNestAndReturn) {
  EXPECT_THAT(Printed("console.log(group('a', () => group('b', () => { check(1, { in: () => true "
                      "}); return 7; })));\n"
                      "check(1, { out: () => true });"),
              ElementsAre("7"));
  EXPECT_THAT(host_.checks,
              ElementsAre(CheckResult{"in", true, "::a::b", {}}, CheckResult{"out", true, "", {}}));
  EXPECT_THAT(host_.left, ElementsAre("::a::b", "::a"));
}

TEST_F(CoreTest, ExceptionLeavesTheGroup) {
  EXPECT_EQ(Thrown("group('a', () => { throw new Error('x'); });"), "Error: x");
  EXPECT_THAT(host_.left, ElementsAre("::a"));
}

TEST_F(CoreTest, GroupRefuses) {
  EXPECT_THAT(Thrown("group('a::b', () => 1);"), HasSubstr("cannot contain '::'"));
  EXPECT_THAT(Thrown("group('a');"), HasSubstr("not a function"));
  EXPECT_THAT(Thrown("group('a', async () => 1);"), HasSubstr("async"));
}

// ---- sleep, fail, random ----

TEST_F(CoreTest, SleepTakesSeconds) {
  Printed("sleep(1.5); sleep(0); sleep(-1); sleep(NaN); sleep('0.25');");
  EXPECT_THAT(host_.slept,
              ElementsAre(std::chrono::milliseconds(1500), std::chrono::milliseconds(250)));
}

TEST_F(CoreTest, FailEndsTheIteration) {
  const Outcome outcome = Run("fail('no users left');");
  EXPECT_EQ(outcome.message, "Error: no users left");
  EXPECT_THAT(outcome.stack, HasSubstr("script.js:"));
}

TEST_F(CoreTest, RandomSeedRepeats) {
  const auto printed = Printed(
      "for (let i = 0; i < 2; ++i) { randomSeed(42); console.log(Math.random(), Math.random()); }\n"
      "let low = 1, high = 0; for (let i = 0; i < 1000; ++i) { const r = Math.random();\n"
      "low = Math.min(low, r); high = Math.max(high, r); }\n"
      "console.log(low >= 0 && low < 0.02 && high > 0.98 && high < 1);");
  ASSERT_EQ(printed.size(), 3u);
  EXPECT_EQ(printed[0], printed[1]);
  EXPECT_EQ(printed[2], "true");
}

TEST_F(CoreTest, RandomDiffersByVu) {
  settings_.vu = 1;
  const auto one = Printed("console.log(Math.random());");
  settings_.vu = 2;
  EXPECT_NE(Printed("console.log(Math.random());"), one);
}

TEST_F(CoreTest, DefaultAndNamespaceImports) {
  Load(
      "import k6 from 'k6'; import * as core from 'k6'; import * as http from 'k6/http'; import { "
      "get } from 'k6/http';\n"
      "export default function () { k6.sleep(1); core.sleep(2); http.get('http://a/'); "
      "get('http://b/'); }");
  EXPECT_EQ(script_->CallIteration("default", 0).kind, Kind::kOk);
  EXPECT_EQ(host_.slept.size(), 2u);
  EXPECT_EQ(host_.sent.size(), 2u);
}

// ---- k6/metrics ----

TEST_F(CoreTest, MetricsAddSamples) {
  EXPECT_THAT(Printed("console.log(hits.add(2), up.add(true), level.add('1.5'), took.add(12, { "
                      "page: 'home', n: 1 }));\n"
                      "console.log(hits.name, took.name);",
                      "const hits = new Counter('hits'); const up = new Rate('up'); const level = "
                      "new Gauge('level');\n"
                      "const took = new Trend('took', true);"),
              ElementsAre("true true true true", "hits took"));
  EXPECT_THAT(host_.samples,
              ElementsAre(Sample{"hits", 2, {}}, Sample{"up", 1, {}}, Sample{"level", 1.5, {}},
                          Sample{"took", 12, {{"n", "1"}, {"page", "home"}}}));
  EXPECT_EQ(host_.metrics.Find("took")->contains, ValueKind::kTime);
  EXPECT_EQ(host_.metrics.Find("level")->type, MetricType::kGauge);
}

TEST_F(CoreTest, MetricRefusesWhatIsNoValue) {
  EXPECT_EQ(
      Printed(
          "console.log(c.add(null), c.add(undefined), c.add('x'), c.add(NaN), c.add({}), c.add());",
          "const c = new Counter('cc');")
          .back(),
      "false false false false false false");
  EXPECT_THAT(host_.samples, IsEmpty());
  EXPECT_EQ(host_.lines[0].level, LogLevel::kWarning);
  EXPECT_THAT(host_.lines[0].text, HasSubstr("metric cc: null is not a value"));
  settings_.throw_on_error = true;
  EXPECT_THAT(Thrown("c.add('x');", "const c = new Counter('cc');"),
              HasSubstr("metric cc: x is not a value"));
}

TEST_F(CoreTest, MetricsAreDeclaredInInitCode) {
  EXPECT_THAT(Thrown("new Counter('late');"),
              HasSubstr("new Counter() is only available in init code"));
  EXPECT_THAT(Message(TryLoad(kImports + "new Counter('no name');")),
              HasSubstr("is not a metric name"));
  EXPECT_THAT(Message(TryLoad(kImports + "new Counter('twice'); new Rate('twice');")),
              HasSubstr("twice"));
  EXPECT_THAT(Message(TryLoad(kImports + "Counter('plain');")), HasSubstr("new"));
  EXPECT_TRUE(TryLoad(kImports + "new Rate('same'); new Rate('same');").ok());
  EXPECT_THAT(Thrown("Counter.prototype.add.call({}, 1);"), HasSubstr("Metric"));
}

// ---- console ----

TEST_F(CoreTest, ConsoleFormatsAsNodeDoes) {
  EXPECT_THAT(
      Printed(
          "console.log('plain', 1, 1.5, true, null, undefined, 10n, Symbol('s'));\n"
          "console.log({ a: 1, b: 'x', 'content-type': [1, 'two', [], {}], f() {} });\n"
          "console.log({}, [], () => 1); const loop = { name: 'l' }; loop.self = loop; "
          "console.log(loop);\n"
          "console.log(new Date(0), [new Date(0)], new Uint8Array([1, 2]), [undefined, null]);\n"
          "console.log(\"it's\", [\"it's\", 'a\\nb']); console.log('%s', 'x'); console.log();"),
      ElementsAre(
          "plain 1 1.5 true null undefined 10 Symbol(s)",
          "{ a: 1, b: 'x', 'content-type': [ 1, 'two', [], {} ], f: [object Function] }",
          "{} [] [object Function]", "{ name: 'l', self: [Circular] }",
          "'1970-01-01T00:00:00.000Z' [ '1970-01-01T00:00:00.000Z' ] [ 1, 2 ] [ undefined, null ]",
          "it's [ \"it's\", 'a\\nb' ]", "%s x", ""));
}

TEST_F(CoreTest, ConsoleLevels) {
  Printed("console.debug(1); console.info(2); console.warn(3); console.error(4);");
  ASSERT_EQ(host_.lines.size(), 4u);
  EXPECT_EQ(host_.lines[0].level, LogLevel::kDebug);
  EXPECT_EQ(host_.lines[1].level, LogLevel::kInfo);
  EXPECT_EQ(host_.lines[2].level, LogLevel::kWarning);
  EXPECT_EQ(host_.lines[3].level, LogLevel::kError);
  EXPECT_EQ(host_.lines[3].source, "console");
}

TEST_F(CoreTest, ConsolePrintsErrorsWithTheirStack) {
  const auto printed =
      Printed("console.log(new RangeError('far')); console.log({ e: new Error('near') });");
  EXPECT_THAT(printed[0], ::testing::MatchesRegex("RangeError: far\n    at .*script.js:.*"));
  EXPECT_EQ(printed[1], "{ e: [Error: near] }");
}

TEST_F(CoreTest, ConsoleIsBounded) {
  const auto printed = Printed(
      "console.log('ä'.repeat(100000)); let deep = {}; for (let i = 0; i < 10000; ++i) deep = { "
      "deep };\n"
      "console.log(deep);");
  EXPECT_LT(printed[0].size(), 70000u);
  EXPECT_TRUE(printed[0].ends_with("\xc3\xa4..."));
  EXPECT_THAT(printed[1], HasSubstr("deep: ..."));
}

// ---- What built-in modules export, however they are imported ----

TEST_F(CoreTest, AStarImportSeesAllOfAModule) {
  Load(
      "import * as http from 'k6/http'; export default function () { console.log(typeof http.get, "
      "typeof http.batch, http.TLS_1_3, typeof http.default.post, Object.keys(http).length > 30); "
      "}");
  script_->CallIteration("default", 0);
  EXPECT_EQ(host_.texts(), std::vector<std::string>({"function function tls1.3 function true"}));
}

TEST_F(CoreTest, ADynamicImportSeesAllOfAModuleThatIsImportedByNameToo) {
  Load(
      "import { get } from 'k6/http'; export default async function () { const m = await "
      "import('k6/http'); console.log(typeof get, typeof m.post, m.get === get); }");
  script_->CallIteration("default", 0);
  EXPECT_EQ(host_.texts(), std::vector<std::string>({"function function true"}));
}

TEST_F(CoreTest, ANameThatAModuleOnlyInheritsIsUndefined) {
  Load(
      "import { toString, hasOwnProperty as has, sleep } from 'k6'; export default function () { "
      "console.log(typeof toString, typeof has, typeof sleep); }");
  script_->CallIteration("default", 0);
  EXPECT_EQ(host_.texts(), std::vector<std::string>({"undefined undefined function"}));
}

TEST_F(CoreTest, ReexportedNamesOfAModuleAreThere) {
  files_["lib.js"] = "export { post } from 'k6/http'; export * from 'k6';";
  Load(
      "import { post, sleep, check } from './lib.js'; export default function () { "
      "console.log(typeof post, typeof sleep, typeof check); }");
  script_->CallIteration("default", 0);
  EXPECT_EQ(host_.texts(), std::vector<std::string>({"function function function"}));
}

// A name that the scan of the source has missed.
TEST_F(CoreTest, AnImportInOddSourceIsFoundAfterAll) {
  Load(
      "const a = 1\nconst b = a /2\nimport { get } from 'k6/http'; const c = b/ 3; import "
      "{ post as p } from 'k6/http'\nexport default function () { console.log(typeof get, typeof "
      "p); }");
  script_->CallIteration("default", 0);
  EXPECT_EQ(host_.texts(), std::vector<std::string>({"function function"}));
}

}  // namespace
}  // namespace kload::k6
