#include "common/k6/script.h"

#include <thread>

#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using Kind = Outcome::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

Nanos In(Nanos duration) { return SystemClock().Now() + duration; }

// ---- Loading ----

TEST_F(ScriptTest, OptionsAndFunctions) {
  Load(
      "export const options = { vus: 2, stages: [{ duration: '1m', target: 5 }] };\n"
      "export function setup() {}\nexport const shop = () => 1;\nexport const answer = 42;\n"
      "export default function () {}");
  EXPECT_EQ(*script_->OptionsJson(), R"({"vus":2,"stages":[{"duration":"1m","target":5}]})");
  EXPECT_THAT(script_->ExportedFunctions(),
              ::testing::UnorderedElementsAre("default", "setup", "shop"));
}

TEST_F(ScriptTest, NoOptions) {
  Load("export default function () {}");
  EXPECT_EQ(*script_->OptionsJson(), "{}");
}

TEST_F(ScriptTest, OptionsThatAreNoJson) {
  Load("export const options = {}; options.self = options; export default function () {}");
  EXPECT_THAT(Message(script_->OptionsJson().status()),
              StartsWith("script.js: options cannot be written as JSON"));
}

TEST_F(ScriptTest, SyntaxErrorNamesItsPlace) {
  const absl::Status status =
      TryLoad("import http from 'k6/http';\n\nexport default function () {\n  const = 3;\n}\n");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), StartsWith("script.js:4:"));
}

TEST_F(ScriptTest, MissingImportNamesImporter) {
  const absl::Status status =
      TryLoad("import { x } from './nowhere.js';\nexport default function () {}\n");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(status), StartsWith("script.js:1:1: "));
  EXPECT_THAT(Message(status), HasSubstr("nowhere.js"));
}

TEST_F(ScriptTest, MissingExportNamesItsPlace) {
  files_["lib.js"] = "export const a = 1;";
  const absl::Status status =
      TryLoad("\nimport { b } from './lib.js';\nexport default function () {}\n");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), StartsWith("script.js:2:1: "));
}

TEST_F(ScriptTest, UnavailableModuleIsNamed) {
  EXPECT_THAT(
      Message(TryLoad("import { browser } from 'k6/browser';\nexport default function () {}\n")),
      HasSubstr("k6/browser is not available in kload"));
  EXPECT_THAT(
      Message(TryLoad("import t from 'k6/experimental/timers';")),
      HasSubstr("k6/experimental/timers is not available in kload; k6 has removed it: import "
                "'k6/timers'"));
  EXPECT_THAT(Message(TryLoad("import k from 'k6/x/kafka';")),
              HasSubstr("k6/x/kafka is not available in kload; extensions of k6"));
}

TEST_F(ScriptTest, ExceptionInInitCodeHasItsStack) {
  const absl::Status status = TryLoad(
      "const config = undefined;\nconst url = config.url;\nexport default function () {}\n");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), StartsWith("TypeError: "));
  EXPECT_THAT(Message(status), HasSubstr("(script.js:2:"));
}

TEST_F(ScriptTest, InitCodeMayAwaitButNotForEver) {
  Load("export const options = { vus: await Promise.resolve(3) };\nexport default function () {}");
  EXPECT_EQ(*script_->OptionsJson(), R"({"vus":3})");
  EXPECT_THAT(Message(TryLoad("await new Promise(() => {}); export default function () {}")),
              HasSubstr("never happens"));
  EXPECT_THAT(
      Message(TryLoad("await Promise.reject(new Error('no')); export default function () {}")),
      StartsWith("Error: no"));
}

TEST_F(ScriptTest, InitCodeCannotDoWhatIterationsDo) {
  for (const char* code :
       {"http.get('http://x/')", "sleep(1)", "check(1, {})", "group('a', () => 1)",
        "new Counter('cc').add(1)", "setTimeout(() => 1, 1)"}) {
    const absl::Status status = TryLoad(kImports + code + ";export default function () {}");
    EXPECT_THAT(Message(status), HasSubstr("only available in setup, iterations and teardown"))
        << code;
  }
  EXPECT_THAT(host_.sent, IsEmpty());
}

TEST_F(ScriptTest, ModulesAreSharedWithinOneInstance) {
  files_["lib/counter.js"] =
      "import { name } from '../names.js'; let count = 0;\n"
      "export function next() { return name + ++count; }";
  files_["names.js"] = "export const name = 'n';";
  Load(
      "import { next } from './lib/counter.js'; import * as again from './lib/counter.js';\n"
      "export default function () { console.log(next() + again.next()); }");
  EXPECT_EQ(script_->CallIteration("default", 0).kind, Kind::kOk);
  EXPECT_EQ(script_->CallIteration("default", 1).kind, Kind::kOk);
  EXPECT_THAT(host_.texts(), ElementsAre("n1n2", "n3n4"));
}

TEST_F(ScriptTest, Environment) {
  settings_.env = std::make_shared<const std::map<std::string, std::string>>(
      std::map<std::string, std::string>{{"API", "http://x"}});
  settings_.vu = 7;
  Load(
      "export default function () { console.log(__ENV.API, __ENV.MISSING, __VU, __ITER, global === "
      "globalThis); }");
  script_->OverlayEnv({{"API", "http://y"}, {"MORE", "1"}});
  EXPECT_EQ(script_->CallIteration("default", 5).kind, Kind::kOk);
  EXPECT_THAT(host_.texts(), ElementsAre("http://y undefined 7 5 true"));
}

TEST_F(ScriptTest, IterationNumberIsAVariableUntilTheNextIteration) {
  Load(
      "export default function () { const was = __ITER; __ITER += 10; console.log(was, __ITER); }");
  for (const int64_t iteration : {3, 4}) {
    EXPECT_EQ(script_->CallIteration("default", iteration).kind, Kind::kOk);
  }
  EXPECT_THAT(host_.texts(), ElementsAre("3 13", "4 14"));
}

TEST_F(ScriptTest, OpenReadsTextAndBytes) {
  files_["data/users.json"] = R"([{"name":"ada"}])";
  files_["lib/read.js"] =
      "export const users = JSON.parse(open('../data/users.json'));\n"
      "export const bytes = new Uint8Array(open('../data/users.json', 'b'));";
  Load(
      "import { users, bytes } from './lib/read.js';\n"
      "export default function () { console.log(users[0].name, bytes.length, bytes[0]); open('x'); "
      "}");
  const Outcome outcome = script_->CallIteration("default", 0);
  EXPECT_THAT(host_.texts(), ElementsAre("ada 16 91"));
  EXPECT_THAT(outcome.message, HasSubstr("open() is only available in init code"));
}

TEST_F(ScriptTest, OpenOfAMissingFileNamesItAndWhoAsked) {
  const absl::Status status =
      TryLoad("\nconst users = open('./users.json');\nexport default function () {}");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(status), HasSubstr("users.json"));
  EXPECT_THAT(Message(status), HasSubstr("script.js:2"));
}

// ---- Entries ----

TEST_F(ScriptTest, SetupDataReachesIterationsAndTeardown) {
  Load(
      "export function setup() { return { token: 'abc', list: [1, 2] }; }\n"
      "export default function (data) { data.list.push(3); console.log(data.token, "
      "data.list.length); }\n"
      "export function teardown(data) { console.log('down', data.list.length); }");
  const Outcome setup = script_->CallSetup(In(std::chrono::seconds(10)));
  EXPECT_EQ(setup.kind, Kind::kOk);
  EXPECT_EQ(setup.json, R"({"token":"abc","list":[1,2]})");
  ASSERT_TRUE(script_->SetData(setup.json).ok());
  script_->CallIteration("default", 0);
  script_->CallIteration("default", 1);
  EXPECT_EQ(script_->CallTeardown(setup.json, std::nullopt).kind, Kind::kOk);
  EXPECT_THAT(host_.texts(), ElementsAre("abc 3", "abc 4", "down 2"));
}

TEST_F(ScriptTest, SetupWithoutAnExportOrAResult) {
  Load("export default function (data) { console.log(typeof data); }");
  EXPECT_EQ(script_->CallSetup(std::nullopt).json, "");
  EXPECT_EQ(script_->CallTeardown("", std::nullopt).kind, Kind::kOk);
  ASSERT_TRUE(script_->SetData("").ok());
  script_->CallIteration("default", 0);
  EXPECT_THAT(host_.texts(), ElementsAre("undefined"));
}

TEST_F(ScriptTest, AsyncSetup) {
  Load(
      "export async function setup() { return await Promise.resolve({ a: 1 }); }\nexport default "
      "function () {}");
  EXPECT_EQ(script_->CallSetup(std::nullopt).json, R"({"a":1})");
}

TEST_F(ScriptTest, SetupThatReturnsNoJson) {
  Load(
      "export function setup() { const a = {}; a.a = a; return a; }\nexport default function () "
      "{}");
  const Outcome outcome = script_->CallSetup(std::nullopt);
  EXPECT_EQ(outcome.kind, Kind::kException);
  EXPECT_THAT(outcome.message, StartsWith("setup() returned what is no JSON: "));
}

TEST_F(ScriptTest, ExceptionsHaveMessageAndStack) {
  Load(
      "function explode() {\n  throw new TypeError('on purpose');\n}\n"
      "export default function () {\n  explode();\n}");
  const Outcome outcome = script_->CallIteration("default", 0);
  EXPECT_EQ(outcome.kind, Kind::kException);
  EXPECT_EQ(outcome.message, "TypeError: on purpose");
  EXPECT_THAT(outcome.stack, HasSubstr("at explode (script.js:2:"));
  EXPECT_THAT(outcome.stack, HasSubstr("(script.js:5:"));
}

TEST_F(ScriptTest, ThrownTextHasNoStack) {
  const Outcome outcome = Run("throw 'just text';");
  EXPECT_EQ(outcome.message, "just text");
  EXPECT_EQ(outcome.stack, "");
}

TEST_F(ScriptTest, OtherExportsCanBeIterated) {
  Load("export function shop() { console.log('shop'); }");
  EXPECT_EQ(script_->CallIteration("shop", 0).kind, Kind::kOk);
  EXPECT_THAT(script_->CallIteration("default", 0).message, HasSubstr("no function 'default'"));
}

TEST_F(ScriptTest, EntersFromAnotherStack) {
  settings_.stack_limit_bytes = 200 << 10;
  Load(
      "function deep(n) { return n === 0 ? 0 : 1 + deep(n - 1); }\n"
      "export default function () { console.log(deep(20)); }");
  Outcome outcome;
  std::thread([&] { outcome = script_->CallIteration("default", 0); }).join();
  EXPECT_EQ(outcome.kind, Kind::kOk) << outcome.message;
  EXPECT_EQ(script_->CallIteration("default", 1).kind, Kind::kOk);
  EXPECT_THAT(host_.texts(), ElementsAre("20", "20"));
}

// ---- Promises and timers ----

TEST_F(ScriptTest, AsyncIterationRunsToItsEnd) {
  Load(
      "import { sleep } from 'k6';\n"
      "const wait = (ms) => new Promise((done) => setTimeout(done, ms));\n"
      "export default async function () { await wait(2000); console.log('after'); sleep(1); }");
  EXPECT_EQ(script_->CallIteration("default", 0).kind, Kind::kOk);
  EXPECT_THAT(host_.texts(), ElementsAre("after"));
  ASSERT_EQ(host_.slept.size(), 2u);
  EXPECT_NEAR(static_cast<double>(host_.slept[0].count()), 2e9, 5e7);
  // A timer ends when it is due; sleep() may end with those of other VUs.
  EXPECT_THAT(host_.grouped, ElementsAre(false, true));
}

TEST_F(ScriptTest, TimersRunByDueTime) {
  EXPECT_THAT(
      Printed("setTimeout((a) => console.log(a), 30, 'late'); setTimeout(() => "
              "console.log('early'), 10);\n"
              "const never = setTimeout(() => console.log('never'), 20); clearTimeout(never);\n"
              "let left = 2; const id = setInterval(() => { console.log('tick');\n"
              "if (--left === 0) { clearInterval(id); clearTimeout(12345); } }, 7);"),
      ElementsAre("tick", "early", "tick", "late"));
}

TEST_F(ScriptTest, RejectionsThatNobodyHandles) {
  const Outcome outcome = Run("Promise.reject(new Error('lost'));");
  EXPECT_EQ(outcome.kind, Kind::kException);
  EXPECT_EQ(outcome.message, "Uncaught (in promise) Error: lost");
  EXPECT_EQ(Run("Promise.reject(new Error('kept')).catch(() => 1);").kind, Kind::kOk);
}

TEST_F(ScriptTest, AsyncExceptionIsTheIterations) {
  Load("export default async function () { await null; throw new Error('late'); }");
  const Outcome outcome = script_->CallIteration("default", 0);
  EXPECT_EQ(outcome.message, "Uncaught (in promise) Error: late");
  EXPECT_THAT(outcome.stack, HasSubstr("script.js:1:"));
}

TEST_F(ScriptTest, NothingIsLeftForTheNextIteration) {
  Load(
      "export default function () { if (__ITER === 0) { setTimeout(() => console.log('leak'), 1);\n"
      "Promise.resolve().then(() => console.log('leak')); throw new Error('x'); } "
      "console.log('clean'); }");
  EXPECT_EQ(script_->CallIteration("default", 0).kind, Kind::kException);
  EXPECT_EQ(script_->CallIteration("default", 1).kind, Kind::kOk);
  EXPECT_THAT(host_.texts(), ElementsAre("clean"));
}

// ---- Being stopped ----

TEST_F(ScriptTest, DeadlineEndsALoopThatNeverCallsOut) {
  Load(
      "export function setup() { while (1); }\nexport default function () { console.log('next'); "
      "}");
  EXPECT_EQ(script_->CallSetup(In(std::chrono::milliseconds(30))).kind, Kind::kTimedOut);
  EXPECT_EQ(script_->CallIteration("default", 0).kind, Kind::kOk);
}

TEST_F(ScriptTest, DeadlineEndsPromisesThatGoOnForEver) {
  Load("export async function setup() { for (;;) await null; }\nexport default function () {}");
  EXPECT_EQ(script_->CallSetup(In(std::chrono::milliseconds(30))).kind, Kind::kTimedOut);
  EXPECT_EQ(script_->CallIteration("default", 0).kind, Kind::kOk);
}

TEST_F(ScriptTest, CancelledHostCallCannotBeCaught) {
  host_.on_sleep = [] { return absl::CancelledError("stop"); };
  const Outcome outcome =
      Run("for (;;) { try { sleep(1); } catch (e) { console.log('caught'); }\n"
          "finally { console.log('finally'); http.get('http://x/'); } }");
  EXPECT_EQ(outcome.kind, Kind::kInterrupted);
  EXPECT_THAT(host_.texts(), IsEmpty());
  EXPECT_THAT(host_.sent, IsEmpty());
}

TEST_F(ScriptTest, CancelledHostCallCannotBeCaughtInAsyncCode) {
  host_.on_fetch = [] { return absl::CancelledError("stop"); };
  Load(kImports +
       "export default async function () { try { await null; http.get('http://x/'); }\n"
       "catch (e) { console.log('caught'); } finally { http.get('http://y/'); sleep(1); } }");
  EXPECT_EQ(script_->CallIteration("default", 0).kind, Kind::kInterrupted);
  EXPECT_THAT(host_.texts(), IsEmpty());
  EXPECT_EQ(host_.sent.size(), 1u);
  EXPECT_THAT(host_.slept, IsEmpty());
}

TEST_F(ScriptTest, InterruptEndsTheEntryAndOnlyIt) {
  host_.on_sleep = [&] {
    script_->Interrupt();
    return absl::OkStatus();
  };
  Load(
      "import { sleep, check, group } from 'k6';\nexport default function () {\n"
      "  if (__ITER === 0) group('g', () => check(1, { 'c': () => sleep(1) || true }));\n"
      "  console.log('done'); }");
  EXPECT_EQ(script_->CallIteration("default", 0).kind, Kind::kInterrupted);
  EXPECT_THAT(host_.checks, IsEmpty()) << "an interrupted check is no failed check";
  EXPECT_THAT(host_.left, IsEmpty());
  EXPECT_EQ(script_->CallIteration("default", 1).kind, Kind::kOk);
  EXPECT_THAT(host_.texts(), ElementsAre("done"));
}

// ---- Limits ----

TEST_F(ScriptTest, DeepRecursionIsAnExceptionOfTheIteration) {
  settings_.stack_limit_bytes = 128 << 10;
  Load(
      "function deep() { return 1 + deep(); }\n"
      "export default function () { if (__ITER === 0) deep(); console.log('fine'); }");
  const Outcome outcome = script_->CallIteration("default", 0);
  EXPECT_EQ(outcome.kind, Kind::kException);
  EXPECT_THAT(outcome.message, HasSubstr("stack overflow"));
  EXPECT_EQ(script_->CallIteration("default", 1).kind, Kind::kOk);
}

TEST_F(ScriptTest, MemoryLimitIsAnExceptionOfTheIteration) {
  settings_.memory_limit_bytes = 16 << 20;
  Load(
      "export default function () { if (__ITER === 0) { const all = []; for (;;) all.push(new "
      "Array(1000).fill(1)); }\n"
      "console.log('fine'); }");
  const Outcome outcome = script_->CallIteration("default", 0);
  EXPECT_EQ(outcome.kind, Kind::kException);
  EXPECT_THAT(outcome.message, HasSubstr("out of memory: the script needs more than 16 MiB"));
  EXPECT_THAT(outcome.stack, HasSubstr("script.js:1:"));
  EXPECT_EQ(script_->CallIteration("default", 1).kind, Kind::kOk);
}

TEST_F(ScriptTest, InstancesShareNothing) {
  files_["script.js"] = "let count = 0; export default function () { console.log(++count); }";
  const auto compiled = CompiledScript::Compile({.main = "script.js", .files = files_});
  ASSERT_TRUE(compiled.ok());
  auto a = ScriptInstance::Create(*compiled, host_, settings_);
  auto b = ScriptInstance::Create(*compiled, host_, settings_);
  (*a)->CallIteration("default", 0);
  (*b)->CallIteration("default", 0);
  EXPECT_THAT(host_.texts(), ElementsAre("1", "1"));
}

TEST_F(ScriptTest, DynamicImportOfWhatIsNotThere) {
  EXPECT_THAT(Thrown("return import('./x.js');", ""), Not(IsEmpty()));
}

}  // namespace
}  // namespace kload::k6
