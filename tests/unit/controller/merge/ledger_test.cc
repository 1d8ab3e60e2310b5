#include "controller/merge/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace kload::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Answer = Ledger::Answer;

TEST(Ledger, CountsEachSequenceOnce) {
  Ledger ledger;
  EXPECT_EQ(ledger.Admit("a", 1).answer, Answer::kNew);
  EXPECT_EQ(ledger.Admit("a", 2).acked, 2u);
  EXPECT_EQ(ledger.Admit("a", 1).answer, Answer::kDuplicate);
  EXPECT_EQ(ledger.Admit("a", 2).acked, 2u);
  EXPECT_EQ(ledger.Find("a")->duplicates, 2u);
  EXPECT_EQ(ledger.Find("a")->recorded, 2u);
}

TEST(Ledger, IncarnationsAreApart) {
  Ledger ledger;
  EXPECT_EQ(ledger.Admit("a", 1).answer, Answer::kNew);
  EXPECT_EQ(ledger.Admit("b", 1).answer, Answer::kNew);
  EXPECT_EQ(ledger.Find("c"), nullptr);
}

TEST(Ledger, AGapHoldsTheAcknowledgementBack) {
  Ledger ledger;
  ledger.Admit("a", 1);
  EXPECT_EQ(ledger.Admit("a", 3).acked, 1u);
  EXPECT_EQ(ledger.Admit("a", 6).acked, 1u);
  EXPECT_THAT(ledger.Missing("a"), ElementsAre(2, 4, 5));
  EXPECT_EQ(ledger.Admit("a", 3).answer, Answer::kDuplicate);
  EXPECT_EQ(ledger.Admit("a", 2).acked, 3u);
  ledger.Admit("a", 5);
  EXPECT_EQ(ledger.Admit("a", 4).acked, 6u);
  EXPECT_THAT(ledger.Missing("a"), IsEmpty());
  EXPECT_THAT(ledger.Missing("unknown"), IsEmpty());
}

TEST(Ledger, RefusesNonsenseWithoutAnAccount) {
  Ledger ledger;
  EXPECT_EQ(ledger.Admit("a", 0).answer, Answer::kRefused);
  EXPECT_EQ(ledger.Admit("a", Ledger::kAheadMax + 1).answer, Answer::kRefused);
  EXPECT_EQ(ledger.Admit("a", std::numeric_limits<uint64_t>::max()).answer, Answer::kRefused);
  EXPECT_THAT(ledger.accounts(), IsEmpty());
  EXPECT_EQ(ledger.Admit("a", Ledger::kAheadMax).answer, Answer::kNew);
}

TEST(Ledger, GoesOnFromARestoredAccount) {
  Ledger ledger;
  ledger.Restore({.incarnation = "a", .acked = 7, .ahead = {9}});
  EXPECT_EQ(ledger.Admit("a", 7).answer, Answer::kDuplicate);
  EXPECT_EQ(ledger.Admit("a", 8).acked, 9u);
}

class LedgerProperty : public testing::TestWithParam<unsigned> {};

TEST_P(LedgerProperty, AnyOrderWithAnyRepeatsCountsEachOnce) {
  std::mt19937_64 random(GetParam());
  constexpr uint64_t kCount = 300;
  std::vector<uint64_t> arrivals;
  for (uint64_t sequence = 1; sequence <= kCount; ++sequence) {
    for (uint64_t copies = 1 + random() % 3; copies > 0; --copies) arrivals.push_back(sequence);
  }
  std::shuffle(arrivals.begin(), arrivals.end(), random);
  Ledger ledger;
  std::vector<int> counted(kCount + 1);
  for (const uint64_t sequence : arrivals) {
    const Ledger::Receipt receipt = ledger.Admit("a", sequence);
    if (receipt.answer == Answer::kNew) ++counted[sequence];
    for (uint64_t s = 1; s <= receipt.acked; ++s) ASSERT_EQ(counted[s], 1) << s;
  }
  EXPECT_EQ(ledger.Find("a")->acked, kCount);
  EXPECT_EQ(ledger.Find("a")->duplicates, arrivals.size() - kCount);
  EXPECT_THAT(ledger.Missing("a"), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, LedgerProperty, testing::Range(1u, 11u));

}  // namespace
}  // namespace kload::controller
