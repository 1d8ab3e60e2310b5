#include "kctl/report/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kctl/report/some_report.h"

namespace kload::kctl {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ReportJunitTest, WhatXmlCannotHoldIsReplaced) {
  EXPECT_EQ(EscapeXml("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c'");
  EXPECT_EQ(EscapeXml("tab\tline\n"), "tab&#9;line&#10;");
  EXPECT_EQ(EscapeXml(std::string("\x01\0", 2)), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(EscapeXml("ü → 🚀"), "ü → 🚀");
  EXPECT_EQ(EscapeXml("\xff|\xc3"), "\xef\xbf\xbd|\xef\xbf\xbd");  // no UTF-8; cut off
  EXPECT_EQ(EscapeXml("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // a surrogate
  EXPECT_EQ(EscapeXml("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");                  // overlong
  EXPECT_EQ(EscapeXml("\xef\xbf\xbf"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // U+FFFF
}

TEST(ReportJunitTest, ASuitePerKind) {
  const std::string xml = ReportJunit(SomeReport());
  EXPECT_THAT(xml, HasSubstr("<testsuites name=\"kload stress.js 20260131-083000-1\" tests=\"9\" "
                             "failures=\"3\" errors=\"0\">"));
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"thresholds\" tests=\"2\" failures=\"1\""));
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"targets\" tests=\"3\" failures=\"1\" errors=\"0\" "
                             "skipped=\"1\""));
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"checks\" tests=\"2\" failures=\"1\""));
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"soundness\" tests=\"1\" failures=\"0\""));
}

TEST(ReportJunitTest, FailuresSayWhatWasObserved) {
  const std::string xml = ReportJunit(SomeReport());
  EXPECT_THAT(xml, HasSubstr("<failure message=\"observed 190.5 ms, wanted p(95)&lt;150\">"));
  EXPECT_THAT(xml, HasSubstr("missed target: measured 2.00 %, wanted &lt; 1 %, critical 5 %"));
  EXPECT_THAT(xml, HasSubstr("1 of 50 failed (2 %)"));
  EXPECT_THAT(xml, HasSubstr("login › &lt;/script&gt;"));
  EXPECT_THAT(xml, HasSubstr("<system-out>degraded&#10;agent 'a2' was lost&#10;</system-out>"));
}

TEST(ReportJunitTest, ARunThatDidNotEndIsAnError) {
  Report report = SomeReport();
  report.result.state = "running";
  report.result.summary.reset();
  const std::string xml = ReportJunit(report);
  EXPECT_THAT(xml, HasSubstr("<error message=\"not finished: running"));
  EXPECT_THAT(xml, Not(HasSubstr("name=\"soundness\"")));
}

}  // namespace
}  // namespace kload::kctl
