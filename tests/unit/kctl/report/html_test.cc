// The page: complete, alone, and deaf to names that look like markup.
#include "kctl/report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/status.h"
#include "kctl/report/assets.h"
#include "tests/unit/kctl/report/some_report.h"

namespace kload::kctl {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

size_t Count(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(ReportHtmlTest, EscapesText) {
  EXPECT_EQ(EscapeHtml(R"(<b> & "q" 'a')"), "&lt;b&gt; &amp; &quot;q&quot; &#39;a&#39;");
}

TEST(ReportHtmlTest, NoNameCanBreakOut) {
  Report report = SomeReport();
  report.result.script = kHostileName;
  report.result.message = kHostileName;
  const std::string page = ReportHtml(report);
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  // Its own: the data, the charts' library, charts.js, report.js.
  EXPECT_EQ(Count(page, "</script>"), 4U);
  EXPECT_EQ(Count(page, "<!--"), 0U);
  EXPECT_THAT(page, HasSubstr("<title>&lt;/script&gt;"));
}

TEST(ReportHtmlTest, TheDataComeThrough) {
  const std::string page = ReportHtml(SomeReport());
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const size_t begin = page.find(open) + open.size();
  const auto data =
      nlohmann::json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  EXPECT_EQ(data.at("endpoints")[0].at("name"), kHostileName);
}

TEST(ReportHtmlTest, FetchesNothing) {
  if (!CanMakePages().ok()) GTEST_SKIP() << Message(CanMakePages());
  std::string page = ReportHtml(SomeReport());
  EXPECT_THAT(page, HasSubstr("Licensed to the Apache Software Foundation"));
  // The library has the text of a page that it could write.
  page.erase(page.find(assets::ECharts()), assets::ECharts().size());
  EXPECT_THAT(page, Not(ContainsRegex("<(link|img|iframe)[^a-z]|<script[^>]* src=")));
  EXPECT_THAT(page, HasSubstr("content=\"default-src 'none'; script-src 'sha256-"));
  EXPECT_THAT(page, Not(HasSubstr("unsafe-")));
  EXPECT_THAT(page, Not(ContainsRegex("[{][{][a-z]+[}][}]")));
}

}  // namespace
}  // namespace kload::kctl
