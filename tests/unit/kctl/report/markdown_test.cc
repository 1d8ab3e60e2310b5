#include "kctl/report/markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/unit/kctl/report/some_report.h"

namespace kload::kctl {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ReportMarkdownTest, NamesAreNoMarkup) {
  EXPECT_EQ(EscapeMarkdown("a|b *c* _d_ <e>"), R"(a\|b \*c\* \_d\_ \<e\>)");
  EXPECT_EQ(EscapeMarkdown("one\ntwo"), "one two");
  EXPECT_EQ(EscapeMarkdown("ü › 1"), "ü › 1");
}

TEST(ReportMarkdownTest, CodeHoldsAnything) {
  EXPECT_EQ(CodeMarkdown("GET https://a/b_c?d=<e>"), "`GET https://a/b_c?d=<e>`");
  EXPECT_EQ(CodeMarkdown("a|b\nc"), "`a\\|b c`");
  EXPECT_EQ(CodeMarkdown("a``b"), "```a``b```");
  EXPECT_EQ(CodeMarkdown("`a"), "`` `a ``");
  EXPECT_EQ(CodeMarkdown(""), "");
}

TEST(ReportMarkdownTest, LooksLikeTheGoldenFile) {
  const std::string path = KLOAD_GOLDEN_DIR "/some_report.md";
  if (std::getenv("KLOAD_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << ReportMarkdown(SomeReport());
  }
  std::ifstream file(path);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(ReportMarkdown(SomeReport()), golden) << "KLOAD_UPDATE_GOLDEN=1 rewrites " << path;
}

TEST(ReportMarkdownTest, ARunWithoutResultIsShort) {
  Report report;
  report.result.script = "x.js";
  report.result.state = "aborted";
  const std::string text = ReportMarkdown(report);
  EXPECT_THAT(text, HasSubstr("## ❌ x.js: aborted"));
  EXPECT_THAT(text, Not(HasSubstr("### ")));
}

TEST(ReportMarkdownTest, HasABound) {
  Report report = SomeReport();
  report.result.endpoints.resize(kMarkdownEndpointsMax + 7);
  EXPECT_THAT(ReportMarkdown(report), HasSubstr("… and 7 more"));
}

}  // namespace
}  // namespace kload::kctl
