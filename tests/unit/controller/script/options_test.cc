// From options and flags to a plan; begins with misuse: every message names the option and the remedy.
#include "controller/script/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "common/base/status.h"

namespace kload::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

PlanRequest With(const std::string& options, const std::string& flags = "") {
  PlanRequest request;
  request.options_json = options;
  request.overrides_json = flags;
  request.functions = {"default"};
  return request;
}

TestPlan Planned(const PlanRequest& request) {
  const absl::StatusOr<PlannedTest> test = PlanTest(request);
  EXPECT_TRUE(test.ok()) << test.status();
  return test.ok() ? test->plan : TestPlan{};
}

std::string Refused(const std::string& options, const std::string& flags = "") {
  const absl::StatusOr<PlannedTest> test = PlanTest(With(options, flags));
  EXPECT_TRUE(absl::IsInvalidArgument(test.status())) << test.status();
  return Message(test.status());
}

// ---- What is wrong -----------------------------------------------------------------------------

struct Misuse {
  const char* name;
  const char* options;
  const char* place;
  const char* remedy;
};
// How the test is listed.
void PrintTo(const Misuse& each, std::ostream* out) { *out << each.name; }

class MisuseTest : public testing::TestWithParam<Misuse> {};

TEST_P(MisuseTest, NamesThePlaceAndTheRemedy) {
  const std::string message = Refused(GetParam().options);
  EXPECT_THAT(message, HasSubstr(GetParam().place));
  EXPECT_THAT(message, HasSubstr(GetParam().remedy));
}

INSTANTIATE_TEST_SUITE_P(
    Options, MisuseTest,
    testing::Values(
        Misuse{"Duration",
               R"({"stages":[{"duration":"1m","target":1},{"duration":"ten","target":1}]})",
               "options.stages[1].duration: ", "such as"},
        Misuse{"Target", R"({"stages":[{"duration":"1m","target":"many"}]})",
               "options.stages[0].target: ", "is not a whole number"},
        Misuse{"NegativeTarget", R"({"stages":[{"duration":"1m","target":-1}]})",
               "options.stages[0].target: ", "between 0 and"},
        Misuse{"MissingTarget", R"({"stages":[{"duration":"1m"}]})",
               "options.stages[0].target: ", "such as 10"},
        Misuse{"StageField", R"({"stages":[{"duration":"1m","target":1,"targt":2}]})",
               "options.stages[0].targt: ", "it has duration, target"},
        Misuse{"StagesNoList", R"({"stages":"1m:10"})", "options.stages: ", "list of stages"},
        Misuse{"NoVu", R"({"stages":[{"duration":"1m","target":0}],"vus":0})", "options.", "0"},
        Misuse{"Vus", R"({"vus":0})", "options.vus: ", "between 1 and"},
        Misuse{"Conflict", R"({"duration":"1m","stages":[{"duration":"1m","target":1}]})",
               "options.stages: ", "cannot be combined with options.duration"},
        Misuse{"ShortDuration", R"({"duration":"10ms"})", "options.duration: ", "1s"},
        Misuse{"TooFewIterations", R"({"vus":5,"iterations":3})",
               "options.iterations: ", "each VU needs at least one"},
        Misuse{"Executor", R"({"scenarios":{"s":{"executor":"ramping-users"}}})",
               "options.scenarios.s.executor: ", "ramping-vus"},
        Misuse{"NoExecutor", R"({"scenarios":{"s":{"vus":1}}})",
               "options.scenarios.s.executor: ", "is missing"},
        Misuse{"ExternallyControlled",
               R"({"scenarios":{"s":{"executor":"externally-controlled","vus":5,"maxVUs":2,)"
               R"("duration":"1m"}}})",
               "options.scenarios.s.maxVUs: ", "2 is less than vus, 5"},
        Misuse{"TwoExternallyControlled",
               R"({"scenarios":{"s":{"executor":"externally-controlled","duration":"0"},)"
               R"("t":{"executor":"externally-controlled","duration":"0"}}})",
               "options.scenarios: ", "more than one"},
        Misuse{"NoRate",
               R"({"scenarios":{"s":{"executor":"constant-arrival-rate","duration":"1s",)"
               R"("preAllocatedVUs":1}}})",
               "options.scenarios.s.rate: ", "is missing"},
        Misuse{"FewerMaxVus",
               R"({"scenarios":{"s":{"executor":"constant-arrival-rate","duration":"1s","rate":1,)"
               R"("preAllocatedVUs":5,"maxVUs":2}}})",
               "options.scenarios.s.maxVUs: ", "2 is less than preAllocatedVUs, 5"},
        Misuse{"NoArrivalVus",
               R"({"scenarios":{"s":{"executor":"ramping-arrival-rate","preAllocatedVUs":0,)"
               R"("stages":[{"duration":"1s","target":5}]}}})",
               "options.scenarios.s.preAllocatedVUs: ", "1 or more"},
        Misuse{"FieldOfAnotherExecutor",
               R"({"scenarios":{"s":{"executor":"constant-vus","duration":"1s","stages":[]}}})",
               "options.scenarios.s.stages: ", "constant-vus has no such field"},
        Misuse{"ScenarioName",
               R"({"scenarios":{"a b":{"executor":"constant-vus","duration":"1s"}}})",
               "options.scenarios[\"a b\"]: ", "letters, digits"},
        Misuse{"Exec",
               R"({"scenarios":{"s":{"executor":"constant-vus","duration":"1s","exec":"shop"}}})",
               "options.scenarios.s.exec: ", "it exports default"},
        Misuse{"Threshold", R"({"thresholds":{"http_req_duration":[5]}})",
               "options.thresholds[\"http_req_duration\"][0]: ", "p(95)<200"},
        Misuse{"ThresholdField", R"({"thresholds":{"a":[{"threshold":"rate<1","abort":true}]}})",
               "options.thresholds[\"a\"][0].abort: ", "abortOnFail"},
        Misuse{"Rps", R"({"rps":-1})", "options.rps: ", "not between 0 and"},
        Misuse{"Segment", R"({"executionSegment":"0:1/2"})",
               "options.executionSegment: ", "split over the agents anyway"},
        Misuse{"TrendStat", R"({"summaryTrendStats":["p95"]})",
               "options.summaryTrendStats: ", "p(N)"},
        Misuse{"TimeUnit", R"({"summaryTimeUnit":"min"})",
               "options.summaryTimeUnit: ", "none of s, ms and us"},
        Misuse{"SystemTag", R"({"systemTags":["adress"]})", "options.systemTags: ", "there are"},
        Misuse{"Bool", R"({"throw":"yes"})", "options.throw: ", "neither true nor false"}),
    [](const auto& info) { return info.param.name; });

TEST(PlanTest, SaysAllProblemsAtOnce) {
  const std::string message = Refused(R"({"vus":0,"throw":1,"setupTimeout":"soon"})");
  EXPECT_THAT(message, HasSubstr("options.vus"));
  EXPECT_THAT(message, HasSubstr("options.throw"));
  EXPECT_THAT(message, HasSubstr("options.setupTimeout"));
}

TEST(PlanTest, AFlagIsNamedAsAFlag) {
  EXPECT_THAT(Refused(R"({"vus":1})", R"({"vus":-2})"), HasSubstr("flags.vus: "));
}

TEST(PlanTest, OptionsThatAreNoObjectAreRefused) {
  EXPECT_THAT(Refused("[1]"), HasSubstr("options: "));
  EXPECT_THAT(Refused("{"), HasSubstr("options: is not JSON"));
}

TEST(PlanTest, AScriptWithoutADefaultFunctionIsRefused) {
  PlanRequest request = With("{}");
  request.functions = {"setup"};
  EXPECT_THAT(Message(PlanTest(request).status()), HasSubstr("export default function"));
}

TEST(PlanTest, ATimeScaleIsBounded) {
  for (const double scale : {-1.0, 1e9}) {
    PlanRequest request = With(R"({"duration":"1s"})");
    request.time_scale = scale;
    EXPECT_THAT(Message(PlanTest(request).status()), HasSubstr("--time-scale"));
  }
}

// ---- What it becomes ---------------------------------------------------------------------------

TEST(PlanTest, WithoutOptionsItIsOneIteration) {
  const TestPlan plan = Planned(With("{}"));
  ASSERT_EQ(plan.scenarios.size(), 1U);
  EXPECT_EQ(plan.scenarios[0].executor, ExecutorKind::kPerVuIterations);
  EXPECT_EQ(TotalVus(plan), 1);
}

TEST(PlanTest, ShortcutsStandForTheDefaultScenario) {
  Scenario scenario = Planned(With(R"({"vus":3,"duration":"1m30s"})")).scenarios.at(0);
  EXPECT_EQ(scenario.executor, ExecutorKind::kConstantVus);
  EXPECT_EQ(scenario.duration, seconds(90));
  EXPECT_EQ(scenario.vus, 3);
  scenario = Planned(With(R"({"vus":3,"iterations":7})")).scenarios.at(0);
  EXPECT_EQ(scenario.executor, ExecutorKind::kSharedIterations);
  EXPECT_EQ(scenario.iterations, 7);
  scenario =
      Planned(With(R"({"stages":[{"duration":"2m","target":10},{"duration":5000,"target":"0"}]})"))
          .scenarios.at(0);
  EXPECT_EQ(scenario.executor, ExecutorKind::kRampingVus);
  EXPECT_EQ(scenario.start_vus, 1);
  ASSERT_EQ(scenario.stages.size(), 2U);
  EXPECT_EQ(scenario.stages[0].duration, minutes(2));
  EXPECT_EQ(scenario.stages[1].duration, seconds(5));
}

TEST(PlanTest, ScenariosHaveConsecutiveVus) {
  const TestPlan plan = Planned(
      With(R"({"scenarios":{"b":{"executor":"per-vu-iterations","vus":3},)"
           R"("a":{"executor":"constant-vus","vus":2,"duration":"1s","startTime":"5s"}}})"));
  ASSERT_EQ(plan.scenarios.size(), 2U);
  EXPECT_EQ(plan.scenarios[0].name, "a");
  EXPECT_EQ(plan.scenarios[0].start_time, seconds(5));
  EXPECT_EQ(plan.scenarios[0].first_vu, 0);
  EXPECT_EQ(plan.scenarios[1].first_vu, 2);
  EXPECT_EQ(TotalVus(plan), 5);
}

TEST(PlanTest, ArrivalRatesAreRead) {
  const TestPlan plan = Planned(
      With(R"({"scenarios":{"c":{"executor":"constant-arrival-rate","rate":90,"timeUnit":"1m",)"
           R"("duration":"10s","preAllocatedVUs":3},)"
           R"("r":{"executor":"ramping-arrival-rate","startRate":5,"preAllocatedVUs":2,"maxVUs":8,)"
           R"("stages":[{"duration":"4s","target":200000000}]}}})"));
  ASSERT_EQ(plan.scenarios.size(), 2U);
  const Scenario& constant = plan.scenarios[0];
  EXPECT_EQ(constant.rate, 90);
  EXPECT_EQ(constant.time_unit, minutes(1));
  EXPECT_EQ(constant.duration, seconds(10));
  EXPECT_EQ(constant.max_vus, 3);
  EXPECT_EQ(Describe(constant), "1.50 iterations/s for 10s (maxVUs: 3, gracefulStop: 30s)");
  const Scenario& ramp = plan.scenarios[1];
  EXPECT_EQ(ramp.rate, 5);
  EXPECT_EQ(ramp.first_vu, 3);
  EXPECT_EQ(MaxVus(ramp), 8);
  EXPECT_EQ(RegularDuration(ramp), seconds(4));
  EXPECT_EQ(ramp.stages[0].target, 200'000'000);
}

TEST(PlanTest, AFlagAboutTheLoadReplacesTheScriptsLoad) {
  const absl::StatusOr<PlannedTest> test =
      PlanTest(With(R"({"scenarios":{"a":{"executor":"per-vu-iterations"}},"userAgent":"x"})",
                    R"({"duration":"3s","vus":2})"));
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_EQ(test->plan.scenarios.at(0).executor, ExecutorKind::kConstantVus);
  EXPECT_EQ(test->plan.options.user_agent, "x");
  EXPECT_THAT(test->warnings,
              ElementsAre(HasSubstr("options.scenarios: they are replaced: flags.duration")));
}

TEST(PlanTest, UnknownOptionsAreWarnedAbout) {
  const absl::StatusOr<PlannedTest> test = PlanTest(With(R"({"vsu":5,"linger":true,"rps":0})"));
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_THAT(test->warnings,
              ElementsAre(HasSubstr("options.linger"), HasSubstr("options.vsu: is not an option")));
}

TEST(PlanTest, OptionsOfTheRunAreRead) {
  const RunOptions options =
      Planned(
          With(R"({"setupTimeout":"90s","maxRedirects":"3","throw":true,"tags":{"team":7},)"
               R"("noCookiesReset":true,"batch":0,"batchPerHost":3,"handleSummaryTimeout":"5s",)"
               R"x("summaryTrendStats":["avg","p(99.9)"],"systemTags":["url","status"]})x"))
          .options;
  EXPECT_EQ(options.setup_timeout, seconds(90));
  EXPECT_EQ(options.max_redirects, 3);
  EXPECT_TRUE(options.no_cookies_reset);
  EXPECT_EQ(options.batch, kParallelMax);
  EXPECT_EQ(options.batch_per_host, 3);
  EXPECT_EQ(options.handle_summary_timeout, seconds(5));
  EXPECT_TRUE(options.throw_on_error);
  EXPECT_EQ(options.tags.at("team"), "7");
  EXPECT_THAT(options.summary_trend_stats, ElementsAre("avg", "p(99.9)"));
  EXPECT_THAT(options.system_tags, ElementsAre("url", "status"));
}

TEST(PlanTest, ThresholdsOfScriptAndFlagsAddUp) {
  PlanRequest request =
      With(R"({"thresholds":{"http_req_failed":"rate<0.1","http_req_duration{name:a}":)"
           R"([{"threshold":"p(95)<200","abortOnFail":true,"delayAbortEval":"10s"}]}})");
  request.thresholds = {"checks{group:x=y}=rate>0.9"};
  request.time_scale = 0.5;
  const TestPlan plan = Planned(request);
  ASSERT_EQ(plan.thresholds.size(), 3U);
  EXPECT_EQ(plan.thresholds[0].selector, "http_req_duration{name:a}");
  EXPECT_TRUE(plan.thresholds[0].abort_on_fail);
  EXPECT_EQ(plan.thresholds[0].delay_abort_eval, seconds(5));
  EXPECT_EQ(plan.thresholds[1].expression, "rate<0.1");
  EXPECT_EQ(plan.thresholds[2].selector, "checks{group:x=y}");
  EXPECT_EQ(plan.thresholds[2].expression, "rate>0.9");
  request.no_thresholds = true;
  EXPECT_THAT(Planned(request).thresholds, IsEmpty());
}

TEST(PlanTest, TimesAreScaledButGraceIsNot) {
  PlanRequest request = With(R"({"duration":"10s","vus":1})");
  request.time_scale = 0.05;
  const TestPlan plan = Planned(request);
  EXPECT_EQ(plan.scenarios[0].duration, milliseconds(500));
  EXPECT_EQ(plan.scenarios[0].graceful_stop, seconds(30));
  EXPECT_EQ(plan.options.time_scale, 0.05);
}

TEST(ParseThresholdFlag, NeedsSelectorAndExpression) {
  for (const char* wrong : {"", "http_reqs", "=p(95)<200", "http_req_duration=", "p(95)<=200"}) {
    const auto spec = ParseThresholdFlag(wrong);
    EXPECT_THAT(Message(spec.status()), HasSubstr("--threshold: \"" + std::string(wrong) + "\""));
    EXPECT_THAT(Message(spec.status()), HasSubstr("such as"));
  }
  const auto spec = ParseThresholdFlag(" http_reqs = count==5 ");
  ASSERT_TRUE(spec.ok());
  EXPECT_EQ(spec->selector, "http_reqs");
  EXPECT_EQ(spec->expression, "count==5");
}

}  // namespace
}  // namespace kload::controller
