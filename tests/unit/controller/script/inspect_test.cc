// What a script says about itself, and how it fails to.
#include "controller/script/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"

namespace kload::controller {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

absl::StatusOr<Inspection> Inspect(const std::string& source) {
  return InspectScript(k6::Bundle{.main = "/test.js", .files = {{"/test.js", source}}},
                       {{"API", "http://x"}});
}

TEST(InspectScript, ReadsOptionsFunctionsAndMetrics) {
  const auto script = Inspect(
      "import { Trend } from 'k6/metrics';\n"
      "export const options = { vus: 3, tags: { api: __ENV.API } };\n"
      "const t = new Trend('basket', true);\n"
      "export function setup() {}\nexport default function () {}\n");
  ASSERT_TRUE(script.ok()) << script.status();
  EXPECT_THAT(script->options_json, HasSubstr("\"vus\":3"));
  EXPECT_THAT(script->options_json, HasSubstr("http://x"));
  EXPECT_THAT(script->functions, UnorderedElementsAre("setup", "default"));
  const MetricDef* basket = script->metrics.Find("basket");
  ASSERT_NE(basket, nullptr);
  EXPECT_EQ(basket->type, MetricType::kTrend);
  EXPECT_EQ(basket->contains, ValueKind::kTime);
}

TEST(InspectScript, AnExceptionInInitCodeHasItsPlace) {
  const auto script = Inspect("const a = undefined;\nconst b = a.c;\n");
  EXPECT_THAT(Message(script.status()), HasSubstr("test.js:2"));
}

TEST(InspectScript, RequestsInInitCodeAreRefused) {
  const auto script = Inspect("import http from 'k6/http';\nhttp.get('http://127.0.0.1:1/');\n");
  EXPECT_FALSE(script.ok());
}

TEST(InspectScript, AMissingImportIsNamed) {
  const auto script = Inspect("import { x } from './nowhere.js';\n");
  EXPECT_THAT(Message(script.status()), HasSubstr("nowhere.js"));
}

}  // namespace
}  // namespace kload::controller
