#include "common/metric/fixed_sum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace kload {
namespace {

TEST(FixedSum, AddsWholeAndBrokenNumbers) {
  FixedSum sum;
  sum.Add(1.5);
  sum.Add(-0.25);
  sum.Add(1e6);
  EXPECT_EQ(sum.value(), 1'000'001.25);
}

TEST(FixedSum, IsWithinHalfAUnitPerSample) {
  FixedSum sum;
  for (int i = 0; i < 1000; ++i) sum.Add(0.1);
  EXPECT_NEAR(sum.value(), 100, 1000 * 0x1p-41);
}

TEST(FixedSum, IgnoresNotANumber) {
  FixedSum sum;
  sum.Add(3);
  sum.Add(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(sum.value(), 3);
}

TEST(FixedSum, ClampsWhatIsOutOfRange) {
  FixedSum sum;
  sum.Add(std::numeric_limits<double>::infinity());
  sum.Add(1e300);
  EXPECT_EQ(sum.value(), 0x1p87);
  FixedSum low;
  low.Add(-1e300);
  low.Merge(low);
  EXPECT_EQ(low.value(), -0x1p87);
}

TEST(FixedSum, SurvivesItsHalves) {
  for (const double value : {0.0, 1.0, -1.0, 0x1p-40, -0x1p-40, 123456.789, -9e20, 9e20}) {
    FixedSum sum;
    sum.Add(value);
    EXPECT_EQ(FixedSum::FromHalves(sum.high(), sum.low()), sum) << value;
    EXPECT_NEAR(sum.value(), value, std::abs(value) * 1e-15 + 0x1p-41);
  }
}

class FixedSumProperty : public testing::TestWithParam<unsigned> {};

TEST_P(FixedSumProperty, OrderAndSplitDoNotMatter) {
  std::mt19937_64 random(GetParam());
  std::lognormal_distribution<double> size(0, 8);
  std::vector<double> values(2000);
  for (double& value : values) value = random() % 2 == 0 ? size(random) : -size(random);
  FixedSum whole;
  for (const double value : values) whole.Add(value);

  std::shuffle(values.begin(), values.end(), random);
  std::vector<FixedSum> parts(1 + random() % 9);
  for (const double value : values) parts[random() % parts.size()].Add(value);
  FixedSum merged;
  for (const FixedSum& part : parts) merged.Merge(part);
  EXPECT_EQ(merged, whole);
}

INSTANTIATE_TEST_SUITE_P(Seeds, FixedSumProperty, testing::Range(1u, 21u));

}  // namespace
}  // namespace kload
