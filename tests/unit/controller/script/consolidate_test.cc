// Options written out again: k6's keys, order and notation.
#include "controller/script/consolidate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controller/script/options.h"

namespace kload::controller {
namespace {

using Ordered = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::EndsWith;
using testing::StartsWith;

std::vector<std::string> KeysOf(const Ordered& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

TestPlan PlanOf(const std::string& options, const std::string& flags = "") {
  PlanRequest request;
  request.options_json = options;
  request.overrides_json = flags;
  request.functions = {"default"};
  absl::StatusOr<PlannedTest> test = PlanTest(request);
  EXPECT_TRUE(test.ok()) << test.status();
  return test.ok() ? test->plan : TestPlan{};
}

Ordered ConsolidatedOf(const std::string& options, const std::string& flags = "") {
  return Ordered::parse(PlanOf(options, flags).options.consolidated_options_json);
}

TEST(OptionsAsGiven, HasEveryKeyInOrder) {
  const std::string text = OptionsAsGiven("{}");
  EXPECT_THAT(text, StartsWith("{\n  \"paused\": null,\n  \"vus\": null,\n"));
  EXPECT_THAT(text, EndsWith("\n  \"features\": null\n}"));
  const Ordered json = Ordered::parse(text);
  EXPECT_THAT(
      KeysOf(json),
      ElementsAre("paused", "vus", "duration", "iterations", "stages", "scenarios",
                  "executionSegment", "executionSegmentSequence", "noSetup", "setupTimeout",
                  "noTeardown", "teardownTimeout", "handleSummaryTimeout", "rps", "dns",
                  "maxRedirects", "userAgent", "batch", "batchPerHost", "httpDebug",
                  "insecureSkipTLSVerify", "tlsCipherSuites", "tlsVersion", "tlsAuth", "throw",
                  "thresholds", "blacklistIPs", "blockHostnames", "hosts", "noConnectionReuse",
                  "noVUConnectionReuse", "minIterationDuration", "ext", "summaryTrendStats",
                  "summaryTimeUnit", "systemTags", "tags", "metricSamplesBufferSize",
                  "noCookiesReset", "discardResponseBodies", "features"));
  EXPECT_EQ(json["dns"].dump(), R"({"ttl":null,"select":null,"policy":null})");
}

TEST(OptionsAsGiven, WritesDurationsAndNumbersAsK6Does) {
  const Ordered json = Ordered::parse(
      OptionsAsGiven(R"({"vus":"7","setupTimeout":90000,"duration":"1m30s","cloud":{"a":1},)"
                     R"("stages":[{"target":"3","duration":"60s"}],"throw":"not a bool"})"));
  EXPECT_EQ(json["vus"], 7);
  EXPECT_EQ(json["setupTimeout"], "1m30s");
  EXPECT_EQ(json["duration"], "1m30s");
  EXPECT_EQ(json["stages"].dump(), R"([{"duration":"1m0s","target":3}])");
  EXPECT_EQ(json["throw"], "not a bool");
  EXPECT_EQ(json["cloud"]["a"], 1);
}

TEST(OptionsAsGiven, ScenariosHaveTheFieldsOfTheirExecutor) {
  const Ordered json = Ordered::parse(OptionsAsGiven(
      R"({"scenarios":{"s":{"vus":2,"executor":"constant-vus","duration":60000,"tags":{"a":"b"}}}})"));
  EXPECT_EQ(json["scenarios"].dump(),
            R"({"s":{"executor":"constant-vus","startTime":null,"gracefulStop":null,"env":null,)"
            R"("exec":null,"tags":{"a":"b"},"vus":2,"duration":"1m0s"}})");
}

TEST(OptionsAsGiven, OptionsThatAreNoObjectAreNone) {
  EXPECT_EQ(OptionsAsGiven("[1]"), OptionsAsGiven("{}"));
  EXPECT_EQ(OptionsAsGiven("{"), OptionsAsGiven("{}"));
}

TEST(Consolidated, FillsInDefaultsAndTheScenario) {
  const Ordered json = ConsolidatedOf(R"({"stages":[{"duration":"30s","target":5}],"vus":2})");
  EXPECT_EQ(json["scenarios"].dump(),
            R"({"default":{"executor":"ramping-vus","startTime":null,"gracefulStop":null,)"
            R"("env":null,"exec":null,"tags":null,"startVUs":2,)"
            R"("stages":[{"duration":"30s","target":5}],"gracefulRampDown":null}})");
  EXPECT_EQ(json["setupTimeout"], "1m0s");
  EXPECT_EQ(json["maxRedirects"], 10);
  EXPECT_EQ(json["dns"]["policy"], "preferIPv4");
  EXPECT_EQ(json["summaryTrendStats"].size(), 6U);
  EXPECT_EQ(json["systemTags"][0], "check");
  EXPECT_TRUE(json["rps"].is_null());
}

TEST(Consolidated, ShortcutsBecomeTheExecutorsThatRun) {
  const auto scenario = [](const std::string& options) {
    return ConsolidatedOf(options)["scenarios"]["default"];
  };
  EXPECT_EQ(scenario("{}")["executor"], "per-vu-iterations");
  EXPECT_EQ(scenario(R"({"duration":"90s"})")["duration"], "1m30s");
  EXPECT_EQ(scenario(R"({"iterations":4,"vus":2})")["maxDuration"], "10m0s");
}

TEST(Consolidated, FlagsAreInIt) {
  const Ordered json =
      ConsolidatedOf(R"({"duration":"3s","tags":{"a":"b"}})", R"({"iterations":1,"noSetup":true})");
  EXPECT_TRUE(json["duration"].is_null());
  EXPECT_EQ(json["iterations"], 1);
  EXPECT_EQ(json["noSetup"], true);
  EXPECT_EQ(json["tags"].dump(), R"({"a":"b"})");
}

TEST(Consolidated, ThresholdFlagsAreAdded) {
  PlanRequest request;
  request.options_json = R"({"thresholds":{"checks":"rate>0.5"},"duration":"10s"})";
  request.thresholds = {"checks=rate>0.9", "http_reqs=count>1"};
  request.functions = {"default"};
  request.time_scale = 0.1;
  const Ordered json = Ordered::parse(PlanTest(request)->plan.options.consolidated_options_json);
  EXPECT_EQ(json["thresholds"].dump(),
            R"({"checks":["rate>0.5","rate>0.9"],"http_reqs":["count>1"]})");
  EXPECT_EQ(json["duration"], "10s") << "times are as written, not scaled";
}

TEST(ExecutionRequirements, EndWithTimeAndVus) {
  const TestPlan plan = PlanOf(R"({"stages":[{"duration":"10m","target":50}]})");
  const std::string text = ExecutionRequirements(plan.options.consolidated_options_json, plan);
  EXPECT_THAT(text, EndsWith("\n  \"totalDuration\": \"10m30s\",\n  \"maxVUs\": 50\n}"));
}

}  // namespace
}  // namespace kload::controller
