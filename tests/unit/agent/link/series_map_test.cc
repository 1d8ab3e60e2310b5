#include "agent/link/series_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/agent/link/series.h"

namespace kload::agent {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(SeriesSumTest, SeriesOfEqualContentAreOne) {
  SeriesSum sum;
  sum.Add({Counted("a", 1, {{"status", "200"}}), Counted("b", 10)});
  sum.Add({Counted("a", 2, {{"status", "200"}}), Counted("a", 5, {{"status", "500"}})});
  const std::vector<SeriesDelta> series = sum.Take();
  ASSERT_THAT(series, SizeIs(3));
  EXPECT_EQ(std::get<CounterSink>(series[0].increment).sum.value(), 3);
  EXPECT_EQ(std::get<CounterSink>(series[1].increment).sum.value(), 10);
  EXPECT_EQ(series[2].key->tags, (Tags{{"status", "500"}}));
}

TEST(SeriesSumTest, TypeAndTagNamesTellSeriesApart) {
  SeriesSum sum;
  sum.Add({Counted("a", 1, {{"x", "y"}}), Counted("a", 1, {{"y", "x"}}), Counted("a", 1)});
  SeriesDelta rate{std::make_shared<const SeriesKey>(
                       SeriesKey{{"a", MetricType::kRate, ValueKind::kDefault}, {}}),
                   MakeSink(MetricType::kRate)};
  sum.Add({rate});
  EXPECT_THAT(sum.Take(), SizeIs(4));
}

TEST(SeriesSumTest, TakingEmptiesIt) {
  SeriesSum sum;
  sum.Add({Counted("a", 1)});
  EXPECT_THAT(sum.Take(), SizeIs(1));
  EXPECT_THAT(sum.Take(), IsEmpty());
  sum.Add({Counted("a", 2)});
  EXPECT_EQ(Totals(sum.Take())["a"], 2);
}

}  // namespace
}  // namespace kload::agent
