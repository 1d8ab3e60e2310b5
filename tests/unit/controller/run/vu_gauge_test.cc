#include "controller/run/vu_gauge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kload::controller {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using Point = VuGauge::Point;

TEST(VuGauge, SumsWhatAllAgentsReportForTheSameInstant) {
  VuGauge gauge;
  gauge.AddAgent("a");
  gauge.AddAgent("b");
  gauge.Report("a", seconds(1), 3, 5);
  EXPECT_THAT(gauge.Take(), IsEmpty());
  gauge.Report("b", seconds(1), 2, 5);
  EXPECT_THAT(gauge.Take(), ElementsAre(Point{seconds(1), 5, 10}));
  EXPECT_THAT(gauge.Take(), IsEmpty());
}

TEST(VuGauge, ASecondThatAnAgentSkipsCountsWithItsValueBefore) {
  VuGauge gauge;
  gauge.AddAgent("a");
  gauge.AddAgent("b");
  for (int i = 1; i <= 3; ++i) gauge.Report("a", seconds(i), i, 3);
  gauge.Report("b", seconds(1), 10, 10);
  gauge.Report("b", seconds(3), 30, 30);  // it was cut off and merged two seconds into one delta
  EXPECT_THAT(gauge.Take(), ElementsAre(Point{seconds(1), 11, 13}, Point{seconds(2), 12, 13},
                                        Point{seconds(3), 33, 33}));
}

TEST(VuGauge, NobodyWaitsForAFinishedOrALostAgent) {
  VuGauge gauge;
  for (const char* name : {"a", "b", "c"}) {
    gauge.AddAgent(name);
    gauge.Report(name, seconds(1), 1, 1);
  }
  gauge.Finish("a");
  gauge.Lose("b");
  gauge.Report("c", seconds(2), 1, 1);
  EXPECT_THAT(gauge.Take(), ElementsAre(Point{seconds(1), 2, 2}, Point{seconds(2), 1, 2}));
}

TEST(VuGauge, IgnoresStrangersAndTimesThatDoNotRise) {
  VuGauge gauge;
  gauge.AddAgent("a");
  gauge.Report("a", seconds(2), 1, 1);
  gauge.Report("a", seconds(2), 9, 9);
  gauge.Report("x", seconds(2), 9, 9);
  EXPECT_THAT(gauge.Take(), ElementsAre(Point{seconds(2), 1, 1}));
  EXPECT_TRUE(gauge.HasReported("a"));
  EXPECT_FALSE(gauge.HasReported("x"));
}

}  // namespace
}  // namespace kload::controller
