#include "agent/http/deadline.h"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <vector>

namespace kload::agent {
namespace {

using namespace std::chrono_literals;

// The clock is moved by hand; the timer below the queue is the system's, so only deadlines in the
// past make it fire.
class DeadlineTest : public ::testing::Test {
 protected:
  void Run() {
    io_.restart();
    io_.run_for(20ms);
  }

  boost::asio::io_context io_{1};
  FakeClock clock_;
  DeadlineQueue queue_{io_, clock_};
  int fired_ = 0;
  Deadline deadline_{queue_, [this] { ++fired_; }};
};

TEST_F(DeadlineTest, FiresOnceWhenItHasPassed) {
  deadline_.Arm(clock_.Now() - 1ns);
  Run();
  Run();
  EXPECT_EQ(fired_, 1);
}

TEST_F(DeadlineTest, DoesNotFireBefore) {
  deadline_.Arm(clock_.Now() + 1h);
  Run();
  EXPECT_EQ(fired_, 0);
}

TEST_F(DeadlineTest, DisarmedNeverFires) {
  deadline_.Arm(clock_.Now());
  deadline_.Disarm();
  Run();
  EXPECT_EQ(fired_, 0);
}

TEST_F(DeadlineTest, MovedLaterFiresLater) {
  deadline_.Arm(clock_.Now());
  deadline_.Arm(clock_.Now() + 1ms);
  Run();
  EXPECT_EQ(fired_, 0);
  clock_.Advance(1ms);
  Run();
  EXPECT_EQ(fired_, 1);
}

TEST_F(DeadlineTest, MovedEarlierFiresEarlier) {
  deadline_.Arm(clock_.Now() + 1h);
  deadline_.Arm(clock_.Now());
  Run();
  EXPECT_EQ(fired_, 1);
}

TEST_F(DeadlineTest, MayBeArmedAgainFromItsOwnHandler) {
  int left = 3;
  Deadline* self = nullptr;
  Deadline repeating(queue_, [&] {
    if (--left > 0) self->Arm(clock_.Now());
  });
  self = &repeating;
  repeating.Arm(clock_.Now());
  Run();
  EXPECT_EQ(left, 0);
}

TEST_F(DeadlineTest, FiresInOrder) {
  std::vector<int> order;
  Deadline second(queue_, [&] { order.push_back(2); });
  Deadline first(queue_, [&] { order.push_back(1); });
  second.Arm(clock_.Now() - 1ns);
  first.Arm(clock_.Now() - 2ns);
  Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(DeadlineTest, DestroyedNeverFires) {
  auto gone = std::make_unique<Deadline>(queue_, [this] { ++fired_; });
  gone->Arm(clock_.Now());
  gone.reset();
  Run();
  EXPECT_EQ(fired_, 0);
}

TEST_F(DeadlineTest, AQueueMayGoWhileItsTimerHasFired) {
  auto queue = std::make_unique<DeadlineQueue>(io_, clock_);
  auto deadline = std::make_unique<Deadline>(*queue, [this] { ++fired_; });
  // Runs in the same turn of the loop as the timer's handler, but before it.
  io_.post([&] {
    deadline.reset();
    queue.reset();
  });
  deadline->Arm(clock_.Now());
  Run();
  EXPECT_EQ(fired_, 0);
}

}  // namespace
}  // namespace kload::agent
