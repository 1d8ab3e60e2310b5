#include "agent/vu/timer_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

namespace kload::agent {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

class TimerQueueTest : public testing::Test {
 protected:
  std::unique_ptr<TimerQueue::Timer> Make(char name) {
    return std::make_unique<TimerQueue::Timer>(queue_, [this, name] { fired_ += name; });
  }

  std::string fired_;
  TimerQueue queue_;
};

TEST_F(TimerQueueTest, FiresByDueTimeAndThenInTheOrderOfArming) {
  const auto a = Make('a'), b = Make('b'), c = Make('c'), d = Make('d');
  c->Arm(2s);
  a->Arm(1s);
  d->Arm(2s);
  b->Arm(1s);
  EXPECT_EQ(queue_.next(), Nanos(1s));
  EXPECT_EQ(queue_.FireDue(2s, 100).count, 4u);
  EXPECT_EQ(fired_, "abcd");
  EXPECT_EQ(queue_.next(), std::nullopt);
}

TEST_F(TimerQueueTest, LeavesWhatIsNotDueAndWhatIsTooMuch) {
  const auto a = Make('a'), b = Make('b'), c = Make('c');
  a->Arm(1s);
  b->Arm(2s);
  c->Arm(3s);
  EXPECT_EQ(queue_.FireDue(2s, 1).count, 1u);
  EXPECT_EQ(fired_, "a");
  EXPECT_EQ(queue_.FireDue(2s, 100).count, 1u);
  EXPECT_EQ(fired_, "ab");
  EXPECT_TRUE(c->armed());
}

// Writes down what it is told: + and - before a timer that is followed by another one, or is not; ) after it; . at the end.
class Written final : public TimerQueue::Row {
 public:
  explicit Written(std::string& text) : text_(text) {}
  void BeforeTimer(bool more) override { text_ += more ? '+' : '-'; }
  void AfterTimer() override { text_ += ')'; }
  void AfterRow() override { text_ += '.'; }

 private:
  std::string& text_;
};

TEST_F(TimerQueueTest, TellsARowOfTimers) {
  Written row(fired_);
  const auto a = Make('a'), b = Make('b'), c = Make('c');
  EXPECT_EQ(queue_.FireDue(5s, 100, &row).count, 0u);
  EXPECT_EQ(fired_, "");
  a->Arm(1s);
  b->Arm(2s);
  c->Arm(6s);
  queue_.FireDue(5s, 100, &row);
  EXPECT_EQ(fired_, "+a)-b).");
  fired_.clear();
  a->Arm(5s);
  b->Arm(5s);
  queue_.FireDue(5s, 1, &row);  // b is too much
  EXPECT_EQ(fired_, "-a).");
}

TEST_F(TimerQueueTest, ARowEndsAlsoWhenItsNextTimerIsCancelled) {
  Written row(fired_);
  const auto b = Make('b');
  TimerQueue::Timer a(queue_, [&] {
    fired_ += 'a';
    b->Cancel();
  });
  a.Arm(1s);
  b->Arm(2s);
  queue_.FireDue(5s, 100, &row);
  EXPECT_EQ(fired_, "+a).");
}

TEST_F(TimerQueueTest, TellsTheWorstLateness) {
  const auto a = Make('a'), b = Make('b');
  a->Arm(1s);
  b->Arm(4s);
  EXPECT_EQ(queue_.FireDue(5s, 100).worst_lateness, 4s);
  EXPECT_EQ(queue_.FireDue(6s, 100).worst_lateness, 0s);
}

TEST_F(TimerQueueTest, ArmingAgainReplaces) {
  const auto a = Make('a'), b = Make('b');
  a->Arm(1s);
  b->Arm(2s);
  a->Arm(3s);
  queue_.FireDue(3s, 100);
  EXPECT_EQ(fired_, "ba");
}

TEST_F(TimerQueueTest, CancelledAndDestroyedOnesDoNotFire) {
  const auto a = Make('a');
  auto b = Make('b');
  a->Arm(1s);
  b->Arm(1s);
  a->Cancel();
  a->Cancel();
  b.reset();
  EXPECT_EQ(queue_.FireDue(9s, 100).count, 0u);
  EXPECT_EQ(queue_.next(), std::nullopt);
}

TEST_F(TimerQueueTest, AFiringTimerMayArmDestroyAndCancel) {
  auto victim = Make('v');
  auto other = Make('o');
  std::unique_ptr<TimerQueue::Timer> self;
  int rounds = 0;
  self = std::make_unique<TimerQueue::Timer>(queue_, [&] {
    fired_ += 's';
    victim.reset();
    other->Cancel();
    if (++rounds == 1) self->Arm(2s);
  });
  self->Arm(1s);
  victim->Arm(1s);
  other->Arm(1s);
  queue_.FireDue(1s, 100);
  EXPECT_EQ(fired_, "s");
  EXPECT_TRUE(self->armed());
  queue_.FireDue(2s, 100);
  EXPECT_EQ(fired_, "ss");
}

// A handler that arms itself for now does not keep the loop: the bound ends the turn.
TEST_F(TimerQueueTest, TurnsAreBounded) {
  std::unique_ptr<TimerQueue::Timer> again;
  again = std::make_unique<TimerQueue::Timer>(queue_, [&] { again->Arm(1s); });
  again->Arm(1s);
  EXPECT_EQ(queue_.FireDue(1s, 10).count, 10u);
}

TEST_F(TimerQueueTest, SaysWhenTheEarliestBecomesEarlier) {
  std::vector<Nanos> wakes;
  queue_.OnEarlier([&] { wakes.push_back(*queue_.next()); });
  const auto a = Make('a'), b = Make('b'), c = Make('c');
  a->Arm(5s);
  b->Arm(9s);
  c->Arm(2s);
  b->Arm(1s);
  EXPECT_THAT(wakes, ElementsAre(5s, 2s, 1s));
}

// ---- Against a list that is searched from end to end

class TimerQueueProperty : public testing::TestWithParam<uint32_t> {};

TEST_P(TimerQueueProperty, FiresWhatASlowListWouldFire) {
  constexpr size_t kTimers = 40;
  struct Entry {
    bool armed = false;
    Nanos due{0};
    int order = 0;
  };
  std::mt19937 random(GetParam());
  std::vector<size_t> fired;
  TimerQueue queue;
  std::vector<std::unique_ptr<TimerQueue::Timer>> timers;
  for (size_t i = 0; i < kTimers; ++i) {
    timers.push_back(
        std::make_unique<TimerQueue::Timer>(queue, [&fired, i] { fired.push_back(i); }));
  }
  std::vector<Entry> list(kTimers);
  int order = 0;
  Nanos now{0};
  for (int step = 0; step < 2000; ++step) {
    const size_t which = random() % kTimers;
    switch (random() % 4) {
      case 0:
      case 1:
        list[which] = {true, now + Nanos(random() % 50), order++};
        timers[which]->Arm(list[which].due);
        break;
      case 2:
        list[which].armed = false;
        timers[which]->Cancel();
        break;
      case 3: {
        now += Nanos(random() % 30);
        const size_t most = random() % 6;
        std::vector<size_t> expected;
        while (expected.size() < most) {
          size_t first = kTimers;
          for (size_t i = 0; i < kTimers; ++i) {
            if (!list[i].armed || list[i].due > now) continue;
            if (first == kTimers || list[i].due < list[first].due ||
                (list[i].due == list[first].due && list[i].order < list[first].order)) {
              first = i;
            }
          }
          if (first == kTimers) break;
          list[first].armed = false;
          expected.push_back(first);
        }
        fired.clear();
        EXPECT_EQ(queue.FireDue(now, most).count, expected.size());
        ASSERT_EQ(fired, expected) << "step " << step;
      }
    }
    ASSERT_EQ(timers[which]->armed(), list[which].armed);
  }
}

INSTANTIATE_TEST_SUITE_P(Seed, TimerQueueProperty, testing::Range(0u, 20u));

}  // namespace
}  // namespace kload::agent
