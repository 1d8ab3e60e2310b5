#include "controller/roster/roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kload::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

AgentIntroduction Introduce(const std::string& name, const std::string& incarnation) {
  return {
      .name = name, .incarnation = incarnation, .version = "1", .address = "here", .threads = 2};
}

// An agent that has connected and answered one ping.
void Connect(Roster& roster, const std::string& name, LinkId link, Nanos now) {
  ASSERT_THAT(roster.Join(Introduce(name, name + "-1"), link, now).refused, IsEmpty());
  roster.OnPong(link, now, now, now);
}

TEST(ClockOffset, TakesTheExchangeWithTheShortestRoundTrip) {
  ClockOffset clock;
  EXPECT_FALSE(clock.offset());
  clock.Add(Nanos(1000), Nanos(5600), Nanos(2000));  // round trip 1000: offset 4100
  clock.Add(Nanos(3000), Nanos(7050), Nanos(3100));  // round trip 100: offset 4000
  clock.Add(Nanos(4000), Nanos(8400), Nanos(4500));
  EXPECT_EQ(*clock.offset(), Nanos(4000));
  EXPECT_EQ(*clock.round_trip(), Nanos(100));
}

TEST(ClockOffset, ForgetsOldExchangesSoThatADriftingClockIsFollowed) {
  ClockOffset clock;
  clock.Add(Nanos(0), Nanos(100), Nanos(0));
  for (size_t i = 0; i < ClockOffset::kKept; ++i) clock.Add(Nanos(10), Nanos(65), Nanos(20));
  EXPECT_EQ(*clock.offset(), Nanos(50));
  EXPECT_EQ(clock.count(), ClockOffset::kKept);
}

TEST(ClockOffset, IgnoresAnAnswerFromTheFuture) {
  ClockOffset clock;
  clock.Add(Nanos(10), Nanos(0), Nanos(5));
  EXPECT_FALSE(clock.offset());
}

TEST(Roster, ListsIdleAgentsByNameWhoeverCameFirst) {
  Roster roster;
  Connect(roster, "b", 1, Nanos(0));
  Connect(roster, "a", 2, Nanos(0));
  EXPECT_THAT(roster.Idle(), ElementsAre("a", "b"));
  roster.Assign("a", "r1");
  EXPECT_THAT(roster.Idle(), ElementsAre("b"));
  EXPECT_EQ(roster.connected(), 2u);
  roster.Free("r1");
  EXPECT_THAT(roster.Idle(), ElementsAre("a", "b"));
}

TEST(Roster, AnAgentIsIdleOnlyOnceItsClockIsKnown) {
  Roster roster;
  roster.Join(Introduce("a", "1"), 1, Nanos(0));
  EXPECT_THAT(roster.Idle(), IsEmpty());
  EXPECT_EQ(roster.connected(), 1u);
}

TEST(Roster, RefusesASecondLivingProcessOfAName) {
  Roster roster;
  Connect(roster, "a", 1, Nanos(0));
  const auto joined = roster.Join(Introduce("a", "other"), 2, Nanos(0));
  EXPECT_THAT(joined.refused, HasSubstr("'a' is connected already"));
  EXPECT_THAT(joined.refused, HasSubstr("--name"));
  EXPECT_EQ(roster.Find("a")->link, 1u);
}

TEST(Roster, RefusesAnAgentWithoutName) {
  Roster roster;
  EXPECT_THAT(roster.Join(Introduce("", "x"), 1, Nanos(0)).refused, Not(IsEmpty()));
}

TEST(Roster, LosesAnAgentAfterThreeSilentIntervals) {
  Roster roster;
  Connect(roster, "a", 1, Nanos(0));
  roster.Assign("a", "r1");
  EXPECT_THAT(roster.Tick(milliseconds(2999)), IsEmpty());
  const std::vector<LostAgent> lost = roster.Tick(seconds(3));
  ASSERT_THAT(lost, SizeIs(1));
  EXPECT_EQ(lost[0].run, "r1");
  EXPECT_EQ(roster.Find("a")->state, Agent::State::kLost);
  EXPECT_THAT(roster.Tick(seconds(4)), IsEmpty());
}

TEST(Roster, NobodyIsLostForATimeInWhichTheControllerDidNotRun) {
  Roster roster;
  Connect(roster, "a", 1, Nanos(0));
  roster.Tick(seconds(1));
  EXPECT_THAT(roster.Tick(seconds(60)), IsEmpty());
  EXPECT_THAT(roster.Tick(seconds(61)), IsEmpty());
  EXPECT_THAT(roster.Tick(seconds(62)), SizeIs(1));
}

// It is the controller that is cut off: what the others do is not known, and nobody could be told to do their part.
TEST(Roster, NobodyIsLostWhileAllAreSilentAtOnce) {
  Roster roster;
  Connect(roster, "a", 1, seconds(0));
  Connect(roster, "b", 2, seconds(0));
  Connect(roster, "c", 3, seconds(0));
  for (int tenth = 1; tenth <= 50; ++tenth) {
    const Nanos now = milliseconds(100 * tenth);
    if (tenth == 10) roster.OnHeartbeat(1, 0, 0, now);
    if (tenth == 12) roster.OnHeartbeat(3, 0, 0, now);
    if (tenth == 16) roster.OnHeartbeat(2, 0, 0, now);
    EXPECT_THAT(roster.Tick(now), IsEmpty()) << tenth;
  }
  // One of them stays away when the others are back: it has time, as TCP tries again less and less often.
  const Nanos back = milliseconds(5100);
  std::vector<LostAgent> lost;
  Nanos at = back;
  for (; lost.empty() && at < seconds(60); at += milliseconds(100)) {
    for (const LinkId link : {1, 2}) roster.OnHeartbeat(link, 0, 0, at);
    lost = roster.Tick(at);
  }
  ASSERT_THAT(lost, SizeIs(1));
  EXPECT_EQ(lost[0].name, "c");
  EXPECT_EQ(at - milliseconds(100), back + kReturnWithin);
}

TEST(Roster, SilenceOfAllDoesNotLastForEver) {
  Roster roster;
  Connect(roster, "a", 1, seconds(0));
  Connect(roster, "b", 2, seconds(0));
  size_t lost = 0;
  Nanos at{0};
  for (; lost == 0 && at < kCutOffFor * 2; at += milliseconds(100)) lost = roster.Tick(at).size();
  EXPECT_EQ(lost, 2U);
  EXPECT_GE(at, kCutOffFor);
}

TEST(Roster, ABrokenStreamIsNoSilence) {
  Roster roster;
  Connect(roster, "a", 1, seconds(0));
  Connect(roster, "b", 2, seconds(0));
  roster.Leave(1, milliseconds(100));
  roster.Leave(2, milliseconds(100));
  for (Nanos at{0}; at < kLostAfter; at += milliseconds(100))
    EXPECT_THAT(roster.Tick(at), IsEmpty());
  EXPECT_THAT(roster.Tick(kLostAfter + milliseconds(100)), SizeIs(2));
}

TEST(Roster, ALostAgentThatSpeaksAgainOnItsOldStreamIsNoticedOnce) {
  Roster roster;
  Connect(roster, "a", 1, Nanos(0));
  roster.Assign("a", "r1");
  EXPECT_FALSE(roster.OnHeartbeat(1, 0, 0, seconds(1)));
  ASSERT_THAT(roster.Tick(seconds(4)), SizeIs(1));
  EXPECT_TRUE(roster.OnHeartbeat(1, 0, 0, seconds(5)));
  EXPECT_FALSE(roster.OnHeartbeat(1, 0, 0, seconds(6)));
  EXPECT_EQ(roster.Find("a")->run, "");
}

TEST(Roster, ANewProcessReplacesTheStreamOfALostOne) {
  Roster roster;
  Connect(roster, "a", 1, Nanos(0));
  roster.Tick(seconds(3));
  const auto joined = roster.Join(Introduce("a", "a-2"), 2, seconds(4));
  EXPECT_THAT(joined.refused, IsEmpty());
  EXPECT_THAT(joined.lost, IsEmpty());
  EXPECT_EQ(joined.replaced, 1u);
}

TEST(Roster, OneAgentOfARunMayBeFreedAlone) {
  Roster roster;
  for (LinkId link = 1; link <= 2; ++link) {
    const std::string name = link == 1 ? "a" : "b";
    Connect(roster, name, link, Nanos(0));
    roster.Assign(name, "r1");
  }
  roster.Free("a", "r2");  // not that run's
  EXPECT_EQ(roster.Find("a")->run, "r1");
  roster.Free("a", "r1");
  EXPECT_EQ(roster.Find("a")->run, "");
  EXPECT_EQ(roster.Find("b")->run, "r1");
}

TEST(Roster, HeartbeatsKeepAnAgentAlive) {
  Roster roster;
  Connect(roster, "a", 1, Nanos(0));
  roster.OnHeartbeat(1, 0.5, 1000, seconds(2));
  EXPECT_THAT(roster.Tick(seconds(4)), IsEmpty());
  EXPECT_EQ(roster.Find("a")->cpu_ratio, 0.5);
}

TEST(Roster, ABrokenStreamMayComeBackInTime) {
  Roster roster;
  Connect(roster, "a", 1, Nanos(0));
  roster.Assign("a", "r1");
  roster.Leave(1, seconds(1));
  EXPECT_EQ(roster.Find("a")->state, Agent::State::kAway);
  EXPECT_EQ(roster.connected(), 0u);
  const auto joined = roster.Join(Introduce("a", "a-1"), 2, seconds(2));
  EXPECT_TRUE(joined.returned);
  EXPECT_THAT(joined.lost, IsEmpty());
  EXPECT_EQ(roster.Find("a")->run, "r1");
}

TEST(Roster, ANewProcessTakesOverTheNameOfOneThatIsAway) {
  Roster roster;
  Connect(roster, "a", 1, Nanos(0));
  roster.Assign("a", "r1");
  roster.Leave(1, seconds(1));
  const auto joined = roster.Join(Introduce("a", "a-2"), 2, seconds(2));
  EXPECT_THAT(joined.refused, IsEmpty());
  ASSERT_THAT(joined.lost, SizeIs(1));
  EXPECT_EQ(joined.lost[0].incarnation, "a-1");
  EXPECT_EQ(roster.Find("a")->run, "");
}

TEST(Roster, AHalfOpenStreamIsReplacedByTheSameProcess) {
  Roster roster;
  Connect(roster, "a", 1, Nanos(0));
  const auto joined = roster.Join(Introduce("a", "a-1"), 2, Nanos(0));
  EXPECT_EQ(joined.replaced, 1u);
  roster.Leave(1, seconds(1));  // the old stream's end means nothing any more
  EXPECT_EQ(roster.Find("a")->state, Agent::State::kAlive);
}

TEST(Roster, ForgetsALostAgentAfterAWhile) {
  Roster roster;
  Connect(roster, "a", 1, Nanos(0));
  roster.Leave(1, Nanos(0));
  roster.Tick(seconds(3));
  roster.Tick(seconds(3) + kForgottenAfter);
  EXPECT_THAT(roster.agents(), IsEmpty());
}

}  // namespace
}  // namespace kload::controller
