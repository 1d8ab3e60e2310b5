// k6/execution.
#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using Kind = Outcome::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class ExecutionTest : public ScriptTest {
 protected:
  static inline const std::string kImport = "import exec from 'k6/execution';";
};

TEST_F(ExecutionTest, ShowsWhereTheScriptStands) {
  host_.execution.scenario = Execution::ScenarioPart{
      "peak", "ramping-vus", std::chrono::milliseconds(1'700'000'000'123), 0.25, 7, 70};
  host_.execution.run_time = std::chrono::milliseconds(1500);
  host_.execution.iterations_completed = 5;
  host_.execution.iterations_interrupted = 2;
  host_.execution.vus_active = 3;
  host_.execution.vus_initialized = 4;
  host_.execution.vu_in_instance = 2;
  host_.execution.vu_in_test = 12;
  host_.execution.iteration_in_instance = 8;
  host_.execution.iteration_in_scenario = 6;
  EXPECT_THAT(Printed(R"(
    const s = exec.scenario, i = exec.instance, v = exec.vu;
    console.log(s.name, s.executor, s.startTime, s.progress, s.iterationInInstance, s.iterationInTest);
    console.log(i.currentTestRunDuration, i.iterationsCompleted, i.iterationsInterrupted,
                i.vusActive, i.vusInitialized);
    console.log(v.idInInstance, v.idInTest, v.iterationInInstance, v.iterationInScenario);
  )",
                      kImport),
              ElementsAre("peak ramping-vus 1700000000123 0.25 7 70", "1500 5 2 3 4", "2 12 8 6"));
  EXPECT_THAT(Printed("console.log(scenario.name, test.options.vus);",
                      "import { scenario, test } from 'k6/execution';"),
              ElementsAre("peak undefined"));
  EXPECT_THAT(Thrown("exec.vu.idInTest = 1;", kImport), HasSubstr("cannot be assigned"));
}

TEST_F(ExecutionTest, FieldsCanBeListed) {
  host_.execution.vu_in_test = 12;
  EXPECT_THAT(Printed("console.log(JSON.stringify(exec.vu).includes('\"idInTest\":12'));"
                      "console.log(Object.keys(exec.instance).length, {...exec.vu}.idInTest);",
                      kImport),
              ElementsAre("true", "5 12"));
}

TEST_F(ExecutionTest, AbortInInitCodeIsToldToTheHost) {
  EXPECT_THAT(Thrown("", kImport + "exec.test.abort('early');"), HasSubstr("early"));
  EXPECT_THAT(host_.calls, ElementsAre(Pair(TestCall::kAbort, "early")));
}

TEST_F(ExecutionTest, PartsThatAreNotThereSaySo) {
  EXPECT_THAT(Thrown("exec.scenario.name;", kImport), HasSubstr("functions that VUs run"));
  EXPECT_THAT(Thrown("", kImport + "exec.vu.idInTest;"), HasSubstr("not in init code"));
}

TEST_F(ExecutionTest, OptionsAreFrozen) {
  settings_.options_json =
      std::make_shared<const std::string>(R"({"vus":3,"scenarios":{"a":{"exec":"b"}}})");
  EXPECT_THAT(Printed("console.log(exec.test.options.scenarios.a.exec);"
                      "console.log(exec.test.options === exec.test.options);",
                      kImport),
              ElementsAre("b", "true"));
  EXPECT_THAT(Thrown("exec.test.options.scenarios.a.exec = 'c';", kImport), HasSubstr("read-only"));
}

TEST_F(ExecutionTest, AbortEndsTheIterationUncatchably) {
  const Outcome outcome =
      Run("try { exec.test.abort('enough'); } catch (e) { console.log('caught'); } "
          "finally { console.log('finally'); }",
          kImport);
  EXPECT_EQ(outcome.kind, Kind::kInterrupted);
  EXPECT_THAT(host_.calls, ElementsAre(Pair(TestCall::kAbort, "enough")));
  EXPECT_THAT(host_.texts(), IsEmpty());
}

TEST_F(ExecutionTest, FailGoesOn) {
  EXPECT_THAT(Printed("exec.test.fail('bad'); exec.test.fail(); console.log('on');", kImport),
              ElementsAre("on"));
  EXPECT_THAT(host_.calls, ElementsAre(Pair(TestCall::kFail, "bad"), Pair(TestCall::kFail, "")));
}

TEST_F(ExecutionTest, TagsAreAnObject) {
  host_.vu_tags = {{"group", "::a"}};
  EXPECT_THAT(
      Printed(R"(
    exec.vu.tags.team = 'blue';
    exec.vu.tags['n'] = 7;
    exec.vu.metrics.tags.flag = true;
    console.log(exec.vu.tags.team, exec.vu.tags.none, 'n' in exec.vu.tags, JSON.stringify(exec.vu.tags));
    delete exec.vu.tags.n;
    console.log(Object.keys(exec.vu.tags).join());
  )",
              kImport),
      ElementsAre(R"(blue undefined true {"group":"::a","team":"blue","n":"7","flag":"true"})",
                  "group,team,flag"));
  EXPECT_THAT(Thrown("exec.vu.tags.a = {};", kImport), HasSubstr("'a' must be a string"));
}

TEST_F(ExecutionTest, HandleSummaryGivesFiles) {
  Load(R"(
    export default function () {}
    export function handleSummary(data) {
      return { stdout: data.metrics.a.values.count + ' requests', 'out.bin': new Uint8Array([1, 2]).buffer };
    })");
  auto result = script_->CallHandleSummary(R"({"metrics":{"a":{"values":{"count":3}}}})", {});
  ASSERT_EQ(result.outcome.kind, Kind::kOk) << result.outcome.message;
  ASSERT_TRUE(result.files);
  EXPECT_THAT(*result.files,
              ElementsAre(Pair("out.bin", "\x01\x02"), Pair("stdout", "3 requests")));
}

TEST_F(ExecutionTest, HandleSummaryThatGivesNothing) {
  Load("export default function () {}");
  EXPECT_FALSE(script_->CallHandleSummary("{}", {}).files);
  Load("export default function () {} export async function handleSummary() { return null; }");
  EXPECT_FALSE(script_->CallHandleSummary("{}", {}).files);
  Load("export default function () {} export function handleSummary(d) { return d.a.b; }");
  EXPECT_THAT(script_->CallHandleSummary("{}", {}).outcome.message, HasSubstr("undefined"));
  Load("export default function () {} export function handleSummary() { return { a: {} }; }");
  EXPECT_THAT(script_->CallHandleSummary("{}", {}).outcome.message,
              HasSubstr("neither text nor bytes for 'a'"));
}

}  // namespace
}  // namespace kload::k6
