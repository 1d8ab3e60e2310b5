#include "common/modules/typescript.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/status.h"
#include "common/k6/source_map.h"
#include "common/modules/child.h"

namespace kload::modules {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(TypeScript, TypesGoAndTheMapStays) {
  const auto javascript = CompileTypeScript(
      "a.ts",
      "import { Options } from 'k6/options';\nenum Kind { A, B }\n\n"
      "export const options: Options = { vus: Kind.B };\nexport function f(): never {\n"
      "  throw new Error('ü');\n}\n");
  ASSERT_TRUE(javascript.ok()) << Message(javascript.status());
  EXPECT_THAT(*javascript, Not(HasSubstr("Options }")));
  EXPECT_THAT(*javascript, HasSubstr("ü"));
  const auto map = k6::SourceMap::OfModule(*javascript);
  ASSERT_TRUE(map.has_value());
  const std::string before = javascript->substr(0, javascript->find("throw"));
  const int line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  EXPECT_EQ(map->Original({.line = line, .column = 3}), (k6::Position{.line = 6, .column = 3}));
}

TEST(TypeScript, CommonJsStaysCommonJs) {
  const auto javascript = CompileTypeScript("a.ts", "exports.x = require('./b.js') as number;");
  ASSERT_TRUE(javascript.ok()) << Message(javascript.status());
  EXPECT_THAT(*javascript, StartsWith("exports.x = require(\"./b.js\");"));
}

TEST(TypeScript, SyntaxErrorsHaveTheirPlace) {
  const auto broken = CompileTypeScript("lib/a.ts", "let a = 1;\nlet b: = 2;\n");
  EXPECT_EQ(broken.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(broken.status()), StartsWith("lib/a.ts:2:8: SyntaxError: "));
}

TEST(TypeScript, MissingProgramIsNamed) {
  const auto missing = CompileTypeScript("a.ts", "", "no-such-esbuild");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(missing.status()), StartsWith("a.ts: "));
  EXPECT_THAT(Message(missing.status()), HasSubstr("apt-get install esbuild"));
}

TEST(RunChild, GivesInputAndTakesBothOutputs) {
  const auto result =
      RunChild({"sh", "-c", "cat; echo problem >&2; exit 3"}, "text\n", std::chrono::seconds(30));
  ASSERT_TRUE(result.ok()) << Message(result.status());
  EXPECT_EQ(result->out, "text\n");
  EXPECT_EQ(result->err, "problem\n");
  EXPECT_EQ(result->exit_status, 3);
}

TEST(RunChild, HasABound) {
  const auto late = RunChild({"sleep", "1000"}, "", std::chrono::milliseconds(20));
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(Message(late.status()), HasSubstr("sleep did not end within 20ms"));
}

}  // namespace
}  // namespace kload::modules
