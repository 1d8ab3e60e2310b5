#include "kctl/report/report_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kctl/report/some_report.h"

namespace kload::kctl {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ReportDataTest, HasTheRun) {
  const auto data = ReportData(SomeReport());
  EXPECT_EQ(data.at("run").at("verdict").at("text"), "thresholds failed");
  EXPECT_EQ(data.at("run").at("verdict").at("mood"), "bad");
  EXPECT_EQ(data.at("run").at("started"), "2026-01-31T08:30:00Z");
  EXPECT_EQ(data.at("run").at("soundness").at("text"), "degraded");
  EXPECT_EQ(data.at("points").at("at").size(), 10U);
  EXPECT_EQ(data.at("points").at("requests")[0], 11);
  EXPECT_EQ(data.at("points").at("p95")[0], 190);
  EXPECT_TRUE(data.at("points").at("p95")[9].is_null()) << "nothing was asked in that second";
  EXPECT_EQ(data.at("limits")[0].at("quantile"), "p95");
  EXPECT_EQ(data.at("limits")[0].at("ms"), 150);
  EXPECT_EQ(data.at("agents")[1].at("lost"), "4.2s");
}

TEST(ReportDataTest, EverySampleIsInTheHistogram) {
  const auto data = ReportData(SomeReport());
  uint64_t samples = 0;
  double before = 0;
  for (const auto& bar : data.at("histogram").at("bars")) {
    samples += bar[2].get<uint64_t>();
    EXPECT_GE(bar[0].get<double>(), before * (1 - 1e-9));
    EXPECT_NEAR(bar[1].get<double>() / bar[0].get<double>(), std::exp2(1.0 / 16), 1e-9);
    before = bar[1];
  }
  EXPECT_EQ(samples, 100U);
  EXPECT_LE(data.at("histogram").at("bars")[0][0].get<double>(), 2);
  EXPECT_GE(before, 200);
}

TEST(ReportDataTest, ALongRunsHeatHasFewerColumns) {
  Report report = SomeReport();
  report.result.points.clear();
  for (int second = 1; second <= 7200; ++second) {
    ResultPoint point;
    point.at = std::chrono::seconds(second);
    point.length = std::chrono::seconds(1);
    point.heat = {0, 3};
    report.result.points.push_back(std::move(point));
  }
  const auto cells = ReportData(report).at("heat").at("cells");
  ASSERT_EQ(cells.size(), kHeatColumns);
  EXPECT_EQ(cells[0], nlohmann::ordered_json({0.0, 30.0, 1, 90}));
  EXPECT_EQ(cells[239], nlohmann::ordered_json({7170.0, 7200.0, 1, 90}));
}

TEST(ReportDataTest, KeysOfCertificatesStayOut) {
  const std::string options = ReportData(SomeReport()).at("options").dump();
  EXPECT_THAT(options, Not(HasSubstr("SECRET")));
  EXPECT_THAT(options, HasSubstr("\"vus\":3"));
}

TEST(ReportDataTest, ARunThatHasNotBegunIsNoProblem) {
  Report report;
  report.result.state = "waiting";
  const auto data = ReportData(report);
  EXPECT_TRUE(data.at("run").at("exitCode").is_null());
  EXPECT_TRUE(data.at("histogram").is_null());
  EXPECT_TRUE(data.at("heat").at("cells").empty());
  EXPECT_EQ(KeyFigures(report.result).front().label, "Iterations");
}

}  // namespace
}  // namespace kload::kctl
