#include "common/artillery/test.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/artillery/ensure.h"
#include "common/artillery/program.h"
#include "common/artillery/render.h"
#include "common/base/status.h"

namespace kload::artillery {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

constexpr char kTest[] = R"(config:
  target: "http://localhost/api"
  phases:
    - duration: 10
      arrivalRate: 2
  environments:
    staging:
      target: "https://staging"
      phases: [{duration: 20, arrivalCount: 5}]
scenarios:
  - name: one
    flow:
      - get: {url: "/health"}
)";

absl::StatusOr<artillery::Test> Read(const std::string& text, const TestFlags& flags = {},
                                     const std::map<std::string, std::string>& env = {}) {
  return ReadTest(text, "t.yml", flags, env);
}

std::string Problems(const std::string& text, const TestFlags& flags = {}) {
  return Message(Read(text, flags).status());
}

// A test with more lines of config, indented by two, and the steps of its flow.
std::string With(const std::string& config, const std::string& flow = "[{get: {url: /}}]") {
  return "config:\n  target: http://h\n" + config + "scenarios:\n  - flow: " + flow + "\n";
}

Json ThresholdsOf(const std::string& config, const std::string& top = "") {
  const absl::StatusOr<artillery::Test> test = Read(top + With(config));
  if (!test.ok()) return Message(test.status());
  return Json::parse(test->options.value("thresholds", nlohmann::ordered_json::object()).dump());
}

TEST(TestTest, OptionsOfATest) {
  const absl::StatusOr<artillery::Test> test = Read(kTest);
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_EQ(test->options["scenarios"]["phase_1"]["rate"], 2);
  EXPECT_EQ(test->options["noVUConnectionReuse"], true);
  EXPECT_EQ(test->script["scenarios"][0]["flow"][0]["@"], "t.yml:13:9");
  EXPECT_FALSE(test->script["config"].contains("environments"));
}

TEST(TestTest, EnvironmentsAndFlags) {
  TestFlags flags{.environment = "staging"};
  absl::StatusOr<artillery::Test> test = Read(kTest, flags);
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_EQ(test->script["config"]["target"], "https://staging");
  EXPECT_EQ(test->script["environment"], "staging");
  EXPECT_EQ(test->options["scenarios"]["phase_1"]["rate"], 5);
  flags.target = "http://mine";
  flags.variables = R"({"user": "ann"})";
  flags.overrides = R"({"config": {"phases": [{"duration": 1, "arrivalRate": 4}]}})";
  test = Read(kTest, flags);
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_EQ(test->script["config"]["target"], "http://mine");
  EXPECT_EQ(test->script["config"]["variables"]["user"], "ann");
  EXPECT_EQ(test->options["scenarios"]["phase_1"]["rate"], 4);
  EXPECT_EQ(Problems(kTest, {.environment = "prod"}),
            "--environment: the test has no environment \"prod\"; it has staging");
  EXPECT_EQ(Problems(kTest, {.variables = "[1]"}),
            "--variables: [1] is not a JSON object such as '{\"name\": \"value\"}'");
  EXPECT_EQ(Problems(kTest, {.scenario_name = "two"}),
            "--scenario-name: the test has no scenario \"two\"");
}

TEST(TestTest, UnknownKeysAreNamedWithTheNearest) {
  EXPECT_EQ(Problems("config:\n"
                     "  target: http://h\n"
                     "  phases:\n"
                     "    - duration: 5\n"
                     "      arivalRate: 5\n"
                     "scenario:\n"
                     "  - flow: []\n"),
            "t.yml:6:1: scenario: unknown key; did you mean scenarios?\n"
            "t.yml:5:7: config.phases[0].arivalRate: unknown key; did you mean arrivalRate?\n"
            "t.yml:1:1: has no scenarios");
  EXPECT_EQ(Problems(With("", "[{get: {url: /, jsn: {}}}, {thnk: 2}, {get: {}}]")),
            "t.yml:4:27: scenarios[0].flow[0].get.jsn: unknown key; did you mean json?\n"
            "t.yml:4:39: scenarios[0].flow[1].thnk: unknown key; did you mean think?\n"
            "t.yml:4:55: scenarios[0].flow[2].get: has no url; give it one, url: \"/health\"");
}

TEST(TestTest, WhatIsNotThereSaysWhatToDo) {
  EXPECT_EQ(Problems(With("  engines: {ws: {}}\n")),
            "t.yml:3:3: config.engines: is not available in kload; kload's only engine is http; "
            "remove it");
  EXPECT_EQ(Problems(With("  plugins: {slack: {}}\n")),
            "t.yml:3:13: config.plugins.slack: is not available in kload; use kctl's exit code");
  EXPECT_EQ(Problems(With("", "[{get: {url: /, capture: {xpath: //a, as: b}}}]")),
            "t.yml:4:37: scenarios[0].flow[0].get.capture.xpath: is not available in kload; use "
            "selector, a CSS selector, or regexp");
  EXPECT_EQ(
      Problems("config: {target: h}\nscenarios:\n  - engine: ws\n    flow: []\n"),
      "t.yml:3:13: scenarios[0].engine: \"ws\" is not available in kload, http is; remove it");
  EXPECT_THAT(Problems(With("  mode: poisson\n")), HasSubstr("config.mode: is not available"));
}

TEST(TestTest, EnsureBecomesThresholds) {
  EXPECT_EQ(ThresholdsOf("  ensure: {p95: 200, max: 500, median: 100, maxErrorRate: 1}\n"),
            Json({{"http_req_duration", {"p(95)<200", "max<500", "med<100"}},
                  {"vusers_failure_rate", {"rate<=0.01"}}}));
  EXPECT_EQ(
      ThresholdsOf(
          "  plugins:\n"
          "    ensure:\n"
          "      thresholds:\n"
          "        - http.response_time.p99: 300\n"
          "        - http.codes.500: 1\n"
          "        - checkout.time.p999: 50\n"
          "      conditions:\n"
          "        - expression: errors.ETIMEDOUT <= 2 and vusers.session_length.mean < 9000\n"
          "          strict: true\n"),
      Json({{"http_req_duration", {"p(99)<300"}},
            {"http_reqs{status:500}", {"count<1"}},
            {"artillery_histogram{metric:checkout.time}", {"p(99.9)<50"}},
            {"artillery_counter{metric:errors.ETIMEDOUT}", {"count<=2"}},
            {"vusers_session_length", {"avg<9000"}}}));
  EXPECT_THAT(
      ThresholdsOf("  ensure: {conditions: [{expression: a.p95 < 2 or b.p95 < 1}]}\n").dump(),
      HasSubstr("cannot be a threshold"));
  EXPECT_THAT(
      ThresholdsOf("  ensure: {conditions: [{expression: a < 2, strict: false}]}\n").dump(),
      HasSubstr("t.yml:3:53: config.ensure.conditions[0].strict: conditions that may fail"));
  EXPECT_THAT(ThresholdsOf("  ensure: {thresholds: [{http.responses: 5}]}\n").dump(),
              HasSubstr("no threshold can be on http.responses"));
}

TEST(TestTest, EnsureOnEndpointsAndNames) {
  EXPECT_EQ(ThresholdsOf("  ensure:\n"
                         "    thresholds:\n"
                         "      - plugins.metrics-by-endpoint./a.b/c.codes.500: 1\n"
                         "      - plugins.metrics-by-endpoint.response_time./a.b/c.p95: 20\n"
                         "      - vusers.created_by_name.buyer.p95: 3\n"
                         "      - plugins.expect.failed: 4\n"
                         "      - a.counter.p-5: 6\n"),
            Json({{"http_reqs{name:/a.b/c,status:500}", {"count<1"}},
                  {"http_req_duration{name:/a.b/c}", {"p(95)<20"}},
                  {"artillery_counter{metric:vusers.created_by_name.buyer.p95}", {"count<3"}},
                  {"artillery_counter{metric:plugins.expect.failed}", {"count<4"}},
                  {"artillery_counter{metric:a.counter.p-5}", {"count<6"}}}));
}

// The address sanitizer tells whether anything beyond the name's end is read.
TEST(TestTest, EnsureOnANameThatEndsWithADot) {
  absl::StatusOr<Value> ensure =
      ParseDocument("{thresholds: [{a.counter.whose.name.ends.with.a.dot.: 5}]}", "t.yml");
  ASSERT_TRUE(ensure.ok()) << ensure.status();
  ensure->Find("thresholds")->items[0].members[0].name.shrink_to_fit();
  nlohmann::ordered_json thresholds = nlohmann::ordered_json::object();
  Checker checker;
  AddEnsure(*ensure, "config.ensure", thresholds, checker);
  EXPECT_TRUE(checker.Status().ok()) << checker.Status();
  EXPECT_EQ(
      Json::parse(thresholds.dump()),
      Json({{"artillery_counter{metric:a.counter.whose.name.ends.with.a.dot.}", {"count<5"}}}));
}

TEST(TestTest, EnsureOnWhatIsNotMeasuredIsRefused) {
  for (const char* metric :
       {"http.response_time.2xx.p95", "http.response_time", "http.respons_time.p95", "http.p95",
        "http.codes.5xx", "http.codes.", "http.responses", "http.request", "vusers.fail",
        "vusers.session_length", "vusers.created_by_name.", "error.ETIMEDOUT",
        "plugins.metrics-by-endpoint./a", "plugins.metrics-by-endpoint.codes.200",
        "plugins.metrics-by-endpoint./a.codes.4xx", "plugins.metrics-by-endpoint./a.p95",
        "plugins.metrics-by-endpoint.response_time.p95"}) {
    const std::string problems =
        ThresholdsOf(fmt::format("  ensure: {{thresholds: [{{{}: 5}}]}}\n", metric)).dump();
    EXPECT_THAT(problems, HasSubstr(fmt::format("t.yml:3:26: config.ensure.thresholds[0]: no "
                                                "threshold can be on {}; there are http.",
                                                metric)));
    EXPECT_THAT(problems, HasSubstr("plugins.metrics-by-endpoint.NAME.codes.200, errors.*"));
  }
  EXPECT_THAT(ThresholdsOf("  ensure: {conditions: [{expression: error.X < 2}]}\n").dump(),
              HasSubstr("t.yml:3:38: config.ensure.conditions[0].expression: no threshold can be "
                        "on error.X;"));
}

TEST(TestTest, AFailedExpectationFailsTheTest) {
  const std::string flow = "[{get: {url: /, expect: {statusCode: 200}}}]";
  const absl::StatusOr<artillery::Test> test = Read(With("  plugins: {expect: {}}\n", flow));
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_EQ(test->options["thresholds"]["checks"][0], "rate==1");
  EXPECT_THAT(Read(With("", flow))->warnings,
              testing::ElementsAre(HasSubstr("expectations are not checked")));
}

TEST(TestTest, ExpectationsOfEachResponseAndOfHooksFailTheTest) {
  const Json checked = {{"checks", {"rate==1"}}};
  EXPECT_EQ(ThresholdsOf("  plugins: {expect: {expectDefault200: true}}\n"), checked);
  EXPECT_EQ(ThresholdsOf("  plugins: {expect: {expectDefault200: 'true'}}\n"), checked);
  EXPECT_EQ(ThresholdsOf("  plugins: {expect: {expectDefault200: false}}\n"), Json::object());
  EXPECT_EQ(ThresholdsOf("  plugins: {expect: }\n"), Json::object());
  for (const char* hook : {"before", "after"}) {
    const std::string top = fmt::format(
        "{}:\n  flow: [{{loop: [{{get: {{url: /, expect: {{statusCode: 200}}}}}}]}}]\n", hook);
    EXPECT_EQ(ThresholdsOf("  plugins: {expect: {}}\n", top), checked) << hook;
    EXPECT_THAT(Read(top + With(""))->warnings,
                testing::ElementsAre(HasSubstr("t.yml:2:3: expectations are not checked without")));
  }
}

TEST(TestTest, WeightsAreNumbers) {
  const auto problems = [](const std::string& weight) {
    return Problems("config: {target: h}\nscenarios:\n  - weight: " + weight + "\n    flow: []\n");
  };
  EXPECT_EQ(problems("2"), "");
  EXPECT_EQ(problems("'{{ often }}'"),
            "t.yml:3:13: scenarios[0].weight: \"{{ often }}\" is not a number such as 2; weights "
            "take no templates");
  EXPECT_EQ(problems("often"),
            "t.yml:3:13: scenarios[0].weight: \"often\" is not a number such as 2");
  EXPECT_EQ(problems("-1"), "t.yml:3:13: scenarios[0].weight: -1 is less than 0");
}

TEST(TestTest, TheTargetIsFilledIn) {
  const std::string text =
      "config:\n"
      "  target: 'http://{{ host }}:{{ port }}/{{ $env.PATH_1 }}{{ $environment }}'\n"
      "  variables: {host: a, port: 80, many: [1, 2], later: '{{ $uuid }}', other: '{{ host "
      "}}.b'}\n"
      "  environments: {e: {}, o: {target: 'http://{{ other }}'}}\n"
      "scenarios: [{flow: []}]\n";
  const auto target = [&](const TestFlags& flags, const std::map<std::string, std::string>& env) {
    const absl::StatusOr<artillery::Test> test = Read(text, flags, env);
    return test.ok() ? test->script["config"]["target"].get<std::string>() : Message(test.status());
  };
  EXPECT_EQ(target({.environment = "e"}, {{"PATH_1", "x/"}}), "http://a:80/x/e");
  EXPECT_EQ(target({.variables = R"({"host": "b.c"})"}, {{"PATH_1", ""}}), "http://b.c:80/");
  EXPECT_EQ(target({.environment = "o"}, {}), "http://a.b");
  EXPECT_EQ(target({.target = "http://{{ host }}"}, {}), "http://a");
  EXPECT_EQ(target({}, {}),
            "t.yml:2:11: config.target: {{ $env.PATH_1 }} has no value here; set it, -e "
            "PATH_1=...");
  for (const char* name : {"none", "many", "later"}) {
    EXPECT_THAT(
        target({.target = fmt::format("http://{{{{ {} }}}}", name)}, {}),
        HasSubstr(fmt::format("config.target: {{{{ {} }}}} has no value here; there are", name)));
  }
}

TEST(TestTest, TemplatesOfPhasesAreFilledIn) {
  const std::string text = With(
      "  variables: {many: 7}\n"
      "  phases: [{duration: '{{ $processEnvironment.LENGTH }}', arrivalRate: '{{ many }}'}]\n");
  const absl::StatusOr<artillery::Test> test = Read(text, {}, {{"LENGTH", "10"}});
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_EQ(test->options["scenarios"]["phase_1"]["duration"], "10s");
  EXPECT_THAT(Problems(text), HasSubstr("t.yml:4:23: config.phases[0].duration: {{ "
                                        "$processEnvironment.LENGTH }} has no value here; set it, "
                                        "-e LENGTH=..."));
  EXPECT_THAT(EnvNames("{{ $env.A }} {{ $processEnvironment.B_2 }} $env. $environment"),
              testing::ElementsAre("A", "B_2"));
}

TEST(TestTest, StepsOfAnAnchorAreOneList) {
  const absl::StatusOr<artillery::Test> test =
      Read("_login: &login\n  - get: {url: /a}\n  - think: 1\n" +
           With("", "[*login, {loop: [*login], count: 2}]"));
  ASSERT_TRUE(test.ok()) << test.status();
  const auto& flow = test->script["scenarios"][0]["flow"];
  EXPECT_EQ(flow.size(), 3U);
  EXPECT_EQ(flow[2]["loop"].size(), 2U);
}

TEST(ProgramTest, TheMainModuleNamesItsFiles) {
  const absl::StatusOr<artillery::Test> test =
      Read(With("  processor: helpers/auth.js\n  payload: {path: users.csv, fields: [a]}\n",
                "[{post: {url: /, formData: {f: {fromFile: ./a.png}}}}]"));
  ASSERT_TRUE(test.ok()) << test.status();
  const Program program = MakeProgram(*test);
  EXPECT_EQ(program.main, "t.yml.js");
  const std::string& main = program.files.at(program.main);
  EXPECT_THAT(main, HasSubstr("() => require(\"./helpers/auth.js\")"));
  EXPECT_THAT(main, HasSubstr("() => open(\"users.csv\")"));
  EXPECT_THAT(main, HasSubstr("\"./a.png\": open(\"./a.png\", 'b')"));
  EXPECT_TRUE(program.files.contains("kload-artillery/main.js"));
}

}  // namespace
}  // namespace kload::artillery
