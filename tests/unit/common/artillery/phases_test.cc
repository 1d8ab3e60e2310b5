#include "common/artillery/phases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"

namespace kload::artillery {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using Json = nlohmann::ordered_json;

struct Planned {
  std::vector<Phase> phases;
  PhasePlan plan;
  std::string problems;
};

Planned Plan(std::string_view yaml, Nanos session = seconds(1)) {
  const Value value = *ParseDocument(yaml, "t.yml");
  Checker checker;
  Planned planned;
  planned.phases = ReadPhases(&value, checker);
  planned.plan = PlanPhases(planned.phases, session);
  planned.problems = Message(checker.Status());
  return planned;
}

int64_t NanosOf(const std::string& text) {
  const int64_t number = std::stoll(text);
  if (text.ends_with("ms")) return number * 1'000'000;
  return text.ends_with("ns") ? number : number * 1'000'000'000;
}

// How many iterations k6's executors start, by their published rules.
int64_t IterationsOf(const Json& scenario) {
  const auto unit = static_cast<__int128>(NanosOf(scenario["timeUnit"]));
  if (scenario["executor"] == "constant-arrival-rate") {
    const int64_t period = static_cast<int64_t>(unit) / scenario["rate"].get<int64_t>();
    return (NanosOf(scenario["duration"]) + period - 1) / period;
  }
  __int128 area = 0;
  auto from = static_cast<__int128>(scenario["startRate"].get<int64_t>());
  for (const Json& stage : scenario["stages"]) {
    const int64_t target = stage["target"];
    area += (from + target) * NanosOf(stage["duration"]);
    from = target;
  }
  return static_cast<int64_t>(area / (2 * unit));
}

TEST(PhasesTest, TheGuidesPhases) {
  const Planned planned = Plan(
      "- {duration: 120, arrivalRate: 10, name: Warm up}\n"
      "- {duration: 300, arrivalRate: 50, name: Sustained load}\n"
      "- {duration: 60, arrivalRate: 5, name: Cool down}\n",
      seconds(10));
  EXPECT_EQ(planned.problems, "");
  const Json& scenarios = planned.plan.scenarios;
  EXPECT_EQ(scenarios["Warm_up"]["rate"], 10);
  EXPECT_EQ(scenarios["Warm_up"]["timeUnit"], "1s");
  EXPECT_EQ(scenarios["Warm_up"]["duration"], "120s");
  EXPECT_FALSE(scenarios["Warm_up"].contains("startTime"));
  EXPECT_EQ(scenarios["Sustained_load"]["startTime"], "120s");
  EXPECT_EQ(scenarios["Sustained_load"]["preAllocatedVUs"], 601);
  EXPECT_GE(scenarios["Sustained_load"]["maxVUs"], 2500);
  EXPECT_EQ(scenarios["Cool_down"]["startTime"], "420s");
  EXPECT_EQ(scenarios["Cool_down"]["gracefulStop"], "600s");
  EXPECT_EQ(planned.plan.offsets.dump(),
            R"({"Warm_up":0,"Sustained_load":1200,"Cool_down":16200})");
}

TEST(PhasesTest, ExactlyAsManyArriveAsPlanned) {
  for (const char* yaml :
       {"[{duration: 10, arrivalRate: 3}]", "[{duration: 7, arrivalRate: 7}]",
        "[{duration: 60, arrivalRate: 0.5}]", "[{duration: 1.5, arrivalRate: 3}]",
        "[{duration: 10, arrivalCount: 7}]", "[{duration: 3, arrivalCount: 1000}]",
        "[{duration: 0.5, arrivalCount: 9}]", "[{duration: 10, arrivalRate: 1, rampTo: 10}]",
        "[{duration: 10, arrivalRate: 0, rampTo: 2.5}]", "[{duration: 600, arrivalRate: 33}]",
        "[{duration: 10m, arrivalRate: 0.1, rampTo: 0.7}]"}) {
    const Planned planned = Plan(yaml);
    EXPECT_EQ(planned.problems, "") << yaml;
    int64_t sum = 0;
    for (const Json& scenario : planned.plan.scenarios) sum += IterationsOf(scenario);
    EXPECT_EQ(sum, planned.phases[0].Arrivals()) << yaml << planned.plan.scenarios.dump();
  }
}

TEST(PhasesTest, PausesAreGaps) {
  const Planned planned = Plan(
      "[{duration: 5, arrivalRate: 1}, {pause: 1m}, {duration: 2, arrivalRate: 0}, "
      "{duration: 5, arrivalCount: 2}]");
  EXPECT_EQ(planned.plan.scenarios.size(), 2U);
  EXPECT_EQ(planned.plan.scenarios["phase_4"]["startTime"], "67s");
  EXPECT_EQ(planned.plan.offsets["phase_4"], 5);
}

TEST(PhasesTest, NamesAreMadeFit) {
  const Planned planned = Plan(
      "[{duration: 1, arrivalRate: 1, name: \"a / b!\"}, {duration: 1, arrivalRate: 1, name: a-b}, "
      "{duration: 1, arrivalRate: 1, name: a-b}, {duration: 1, arrivalRate: 1, name: "
      "\"\\u00e9\"}]");
  std::vector<std::string> names;
  for (const auto& [name, scenario] : planned.plan.scenarios.items()) names.push_back(name);
  EXPECT_THAT(names, testing::UnorderedElementsAre("a_b", "a-b", "a-b_3", "phase_4"));
}

TEST(PhasesTest, MaxVusersBoundsVus) {
  const Planned planned = Plan("[{duration: 60, arrivalRate: 50, maxVusers: 20}]", seconds(10));
  EXPECT_EQ(planned.plan.scenarios["phase_1"]["maxVUs"], 20);
  EXPECT_EQ(planned.plan.scenarios["phase_1"]["preAllocatedVUs"], 20);
}

TEST(PhasesTest, WithoutPhasesOneVuserComes) {
  Checker checker;
  const std::vector<Phase> phases = ReadPhases(nullptr, checker);
  ASSERT_EQ(phases.size(), 1U);
  EXPECT_EQ(phases[0].Arrivals(), 1);
}

TEST(PhasesTest, ProblemsNameTheirPlace) {
  EXPECT_EQ(
      Plan("- {arrivalRate: 5}\n- {duration: 5}\n- {duration: soon, arrivalRate: x}\n").problems,
      "t.yml:1:3: config.phases[0]: has no duration; say how long in seconds, duration: 60\n"
      "t.yml:2:3: config.phases[1]: has none of arrivalRate, arrivalCount and pause\n"
      "t.yml:3:14: config.phases[2].duration: \"soon\" is not a time such as 60 or \"10m\"\n"
      "t.yml:3:33: config.phases[2].arrivalRate: \"x\" is not a number such as 10");
  EXPECT_EQ(Plan("[{pause: 5}, {duration: 5, arrivalRate: 0}]").problems,
            "t.yml:1:1: config.phases: nobody arrives in any phase");
}

TEST(PhasesTest, TimesWithUnits) {
  const auto time = [](const std::string& yaml) { return TimeOf(*ParseDocument(yaml, "t")); };
  EXPECT_EQ(time("60"), seconds(60));
  EXPECT_EQ(time("'60'"), seconds(60));
  EXPECT_EQ(time("10m"), seconds(600));
  EXPECT_EQ(time("2 minutes"), seconds(120));
  EXPECT_EQ(time("500ms"), std::chrono::milliseconds(500));
  EXPECT_EQ(time("1.5"), std::chrono::milliseconds(1500));
  EXPECT_EQ(time("5 parsecs"), std::nullopt);
  EXPECT_EQ(time("-1"), std::nullopt);
}

TEST(PhasesTest, SessionsAreEstimatedByThinksAndLoops) {
  const Value scenarios = *ParseDocument(
      "- flow: [{think: 2}, {loop: [{think: 3}], count: 4}, {parallel: [{think: 1}, {think: 5}]}]\n"
      "- flow: [{think: 500ms}]\n",
      "t");
  EXPECT_EQ(EstimateSession(scenarios), seconds(19));
}

}  // namespace
}  // namespace kload::artillery
