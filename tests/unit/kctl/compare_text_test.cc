#include "kctl/compare_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace kload::kctl {
namespace {

using analysis::Change;
using ::testing::HasSubstr;
using ::testing::Not;

class CompareText : public ::testing::Test {
 protected:
  CompareText() {
    before_.run_id = "run-a";
    before_.script = "s.js";
    after_.run_id = "run-b";
    after_.script = "s.js";
    comparison_.rows = {{.subject = "all requests",
                         .measure = "p95",
                         .unit = "ms",
                         .before = 100,
                         .after = 130,
                         .difference = {20, 41},
                         .relative = 0.3,
                         .change = Change::kWorse},
                        {.subject = "GET /a?x=1&y=<2>",
                         .measure = "p99",
                         .unit = "ms",
                         .before = 10,
                         .after = 10,
                         .difference = {0, std::numeric_limits<double>::infinity()},
                         .relative = 0,
                         .change = Change::kTooFewSamples}};
    comparison_.verdict = Change::kWorse;
  }
  ComparedRuns runs() const { return {before_, after_, comparison_, options_}; }

  Result before_;
  Result after_;
  analysis::RunComparison comparison_;
  analysis::CompareOptions options_;
};

TEST_F(CompareText, TheTableEndsWithTheVerdict) {
  const std::string text = ComparisonTable(runs(), false, false);
  EXPECT_THAT(text, HasSubstr("run-b (s.js) against run-a (s.js)"));
  EXPECT_THAT(text, HasSubstr("+30.0 %"));
  EXPECT_THAT(text, HasSubstr("+20 .. +41"));
  EXPECT_THAT(text, HasSubstr("1 figures of single endpoints have too few samples (--all)"));
  EXPECT_TRUE(text.ends_with("worse: 1 of 2 figures worse, 0 better\n")) << text;
  EXPECT_THAT(ComparisonTable(runs(), true, false), HasSubstr("too few samples"));
}

TEST_F(CompareText, WhatCannotBeComparedIsSaid) {
  comparison_.incomparable = {"another load"};
  EXPECT_THAT(ComparisonTable(runs(), false, false), HasSubstr("Not comparable: another load"));
  const auto json = nlohmann::json::parse(ComparisonJson(runs()));
  EXPECT_EQ(json["verdict"], "not comparable");
  EXPECT_EQ(json["comparable"], false);
  EXPECT_THAT(ComparisonJunit(runs()), HasSubstr("failures=\"2\""));
}

TEST_F(CompareText, JsonHasNullForWhatIsUnbounded) {
  const auto json = nlohmann::json::parse(ComparisonJson(runs()));
  EXPECT_EQ(json["rows"][0]["change"], 0.3);
  EXPECT_TRUE(json["rows"][1]["difference_high"].is_null());
  EXPECT_EQ(json["rows"][1]["verdict"], "too few samples");
}

TEST_F(CompareText, JunitIsWellFormed) {
  const std::string text = ComparisonJunit(runs());
  EXPECT_THAT(text, HasSubstr("tests=\"3\" failures=\"1\""));
  EXPECT_THAT(text, HasSubstr("GET /a?x=1&amp;y=&lt;2&gt; p99"));
  EXPECT_THAT(text, HasSubstr("message=\"100 ms -&gt; 130 ms (+30.0 %)\""));
}

TEST_F(CompareText, MarkdownMarksWhatChanged) {
  const std::string text = ComparisonMarkdown(runs());
  EXPECT_THAT(
      text,
      HasSubstr("| `all requests` | p95 | 100 ms | 130 ms | +30.0 % | +20 .. +41 | **worse** |"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace kload::kctl
