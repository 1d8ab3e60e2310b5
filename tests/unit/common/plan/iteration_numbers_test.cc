#include "common/plan/iteration_numbers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "common/plan/plan.h"
#include "common/plan/slice.h"

namespace kload {
namespace {

using ::testing::ElementsAre;

std::vector<int64_t> Take(IterationNumbers numbers, int count) {
  std::vector<int64_t> taken;
  for (int i = 0; i < count; ++i) taken.push_back(numbers.Next());
  return taken;
}

TEST(IterationNumbersTest, OneOwnerCounts) {
  EXPECT_THAT(Take({5, 0, 1}, 7), ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST(IterationNumbersTest, OwnersTakeTurns) {
  EXPECT_THAT(Take({5, 0, 2}, 6), ElementsAre(0, 2, 4, 5, 7, 9));
  EXPECT_THAT(Take({5, 1, 2}, 4), ElementsAre(1, 3, 6, 8));
}

// Of a fixed number of iterations, dealt to agents and their workers as their VUs are, all numbers are given, each once.
TEST(IterationNumbersTest, AreContiguousAndUniqueOverTheCluster) {
  for (const int64_t vus : {1, 2, 7, 10, 64}) {
    Scenario scenario;
    scenario.executor = ExecutorKind::kSharedIterations;
    scenario.vus = vus;
    scenario.iterations = 3 * vus + vus / 2;
    for (const int64_t owners : {1, 2, 3, 6, 100}) {
      std::multiset<int64_t> given;
      for (int64_t owner = 0; owner < std::min(owners, vus); ++owner) {
        int64_t budget = 0;
        for (int64_t vu = owner; vu < vus; vu += owners) budget += IterationBudget(scenario, vu);
        for (const int64_t number : Take({vus, owner, owners}, static_cast<int>(budget))) {
          given.insert(number);
        }
      }
      ASSERT_EQ(given.size(), static_cast<size_t>(scenario.iterations));
      EXPECT_EQ(std::set<int64_t>(given.begin(), given.end()).size(), given.size());
      EXPECT_EQ(*given.begin(), 0);
      EXPECT_EQ(*given.rbegin(), scenario.iterations - 1) << vus << " VUs, " << owners << " owners";
    }
  }
}

}  // namespace
}  // namespace kload
