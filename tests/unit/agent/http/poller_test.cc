#include "agent/http/poller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kload::agent {
namespace {

// Two sockets that are connected to each other.
class Pair {
 public:
  Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()), 0); }
  ~Pair() {
    for (const int end : ends_) close(end);
  }
  int near() const { return ends_[0]; }
  void Answer() const { EXPECT_EQ(write(ends_[1], "x", 1), 1); }
  void Hear() const {
    std::array<char, 16> bytes{};
    EXPECT_GT(read(ends_[0], bytes.data(), bytes.size()), 0);
  }

 private:
  std::array<int, 2> ends_{};
};

class Recorder final : public Poller::Watch {
 public:
  explicit Recorder(std::function<void(uint32_t)> on_ready = {}) : on_ready_(std::move(on_ready)) {}
  void OnReady(uint32_t events) override {
    if ((events & EPOLLIN) == 0) return;  // it may be written to: not what these tests are about
    ++told;
    if (on_ready_) on_ready_(events);
  }
  int told = 0;

 private:
  std::function<void(uint32_t)> on_ready_;
};

class PollerTest : public ::testing::Test {
 protected:
  void Turn() {
    io_.restart();
    for (int i = 0; i < 5; ++i) io_.poll();
  }

  boost::asio::io_context io_;
  FakeClock clock_;
  Poller poller_{io_, clock_};
};

TEST_F(PollerTest, TellsEachChangeOnce) {
  const Pair pair;
  Recorder watch;
  Poller::Ticket ticket = 0;
  ASSERT_FALSE(poller_.Add(pair.near(), watch, ticket));
  Turn();
  EXPECT_EQ(watch.told, 0);
  pair.Answer();
  Turn();
  EXPECT_EQ(watch.told, 1);
  Turn();
  EXPECT_EQ(watch.told, 1) << "nothing has changed, read or not";
  pair.Answer();
  Turn();
  EXPECT_EQ(watch.told, 2);
  poller_.Remove(ticket);
}

TEST_F(PollerTest, ARemovedOneHearsNothingAlsoInTheSameBatch) {
  const Pair first_pair;
  const Pair second_pair;
  Poller::Ticket first_ticket = 0;
  Poller::Ticket second_ticket = 0;
  Recorder* other_of_first = nullptr;
  Recorder* other_of_second = nullptr;
  const auto remove_other = [&](Poller::Ticket& ticket, Recorder*& other) {
    return [&](uint32_t) {
      if (other == nullptr) return;
      poller_.Remove(ticket);
      other_of_first = other_of_second = nullptr;
    };
  };
  Recorder first(remove_other(second_ticket, other_of_first));
  Recorder second(remove_other(first_ticket, other_of_second));
  other_of_first = &second;
  other_of_second = &first;
  ASSERT_FALSE(poller_.Add(first_pair.near(), first, first_ticket));
  ASSERT_FALSE(poller_.Add(second_pair.near(), second, second_ticket));
  first_pair.Answer();
  second_pair.Answer();
  Turn();
  EXPECT_EQ(first.told + second.told, 1);
  poller_.Remove(first.told == 1 ? first_ticket : second_ticket);
}

TEST_F(PollerTest, APlaceThatIsUsedAgainDoesNotHearOfItsFormerOwner) {
  const Pair old_pair;
  const Pair new_pair;
  Recorder old_watch;
  Recorder new_watch;
  Poller::Ticket old_ticket = 0;
  Poller::Ticket new_ticket = 0;
  ASSERT_FALSE(poller_.Add(old_pair.near(), old_watch, old_ticket));
  poller_.Remove(old_ticket);  // the socket stays open: the kernel goes on telling
  ASSERT_FALSE(poller_.Add(new_pair.near(), new_watch, new_ticket));
  EXPECT_NE(old_ticket, new_ticket);
  old_pair.Answer();
  Turn();
  EXPECT_EQ(old_watch.told + new_watch.told, 0);
  new_pair.Answer();
  Turn();
  EXPECT_EQ(new_watch.told, 1);
  poller_.Remove(new_ticket);
}

TEST_F(PollerTest, TheLoopHasWorkAsLongAsThereIsAWatch) {
  const Pair pair;
  Recorder watch;
  Poller::Ticket ticket = 0;
  ASSERT_FALSE(poller_.Add(pair.near(), watch, ticket));
  io_.restart();
  io_.poll();
  EXPECT_FALSE(io_.stopped());
  poller_.Remove(ticket);
  io_.run();  // ends
  EXPECT_TRUE(io_.stopped());
}

TEST_F(PollerTest, MayGoWhileItTells) {
  const Pair pair;
  std::unique_ptr<Poller> poller = std::make_unique<Poller>(io_, clock_);
  Poller::Ticket ticket = 0;
  Recorder watch([&](uint32_t) {
    poller->Remove(ticket);
    poller.reset();
  });
  ASSERT_FALSE(poller->Add(pair.near(), watch, ticket));
  pair.Answer();
  Turn();
  EXPECT_EQ(watch.told, 1);
  EXPECT_EQ(poller, nullptr);
}

// Of what happens to several sockets in which order.
struct Reader final : Poller::Watch {
  Reader(char its_name, std::string& its_story) : name(its_name), story(its_story) {}
  size_t ReadAhead(uint32_t events, std::span<char> into, Nanos) override {
    if ((events & EPOLLIN) == 0) return 0;
    const ssize_t got = read(pair.near(), into.data(), into.size());
    story += {name, 'a', ' '};
    return got > 0 ? static_cast<size_t>(got) : 0;
  }
  void OnReady(uint32_t events) override {
    if ((events & EPOLLIN) == 0) return;
    story += {name, 'r', ' '};
    if (on_ready) on_ready();
  }
  void KeepAhead() override { story += {name, 'k', ' '}; }

  const char name;
  std::string& story;
  Pair pair;
  Poller::Ticket ticket = 0;
  bool watched = true;
  std::function<void()> on_ready;
};

class ReadAheadTest : public PollerTest {
 protected:
  ReadAheadTest() {
    for (Reader* each : {&x_, &y_})
      EXPECT_FALSE(poller_.Add(each->pair.near(), *each, each->ticket));
    Turn();
  }
  void Remove(Reader& reader) {
    if (std::exchange(reader.watched, false)) poller_.Remove(reader.ticket);
  }
  ~ReadAheadTest() override {
    Remove(x_);
    Remove(y_);
  }

  std::string story_;
  Reader x_{'x', story_};
  Reader y_{'y', story_};
};

TEST_F(ReadAheadTest, AllAreReadBeforeTheFirstIsTold) {
  x_.pair.Answer();
  y_.pair.Answer();
  Turn();
  EXPECT_EQ(story_, "xa ya xr xk yr yk ");
}

TEST_F(ReadAheadTest, NotForOneAlone) {
  x_.pair.Answer();
  Turn();
  EXPECT_EQ(story_, "xr ");
}

TEST_F(ReadAheadTest, OneThatGoesMeanwhileIsNotAskedToKeep) {
  x_.on_ready = [this] {
    Remove(x_);
    Remove(y_);
  };
  x_.pair.Answer();
  y_.pair.Answer();
  Turn();
  EXPECT_EQ(story_, "xa ya xr ");
}

// `count` who wait for an answer each, and then send.
class GatherTest : public PollerTest {
 protected:
  struct Sender final : Poller::Watch, Poller::Sender {
    explicit Sender(GatherTest& owner) : test(owner) {}
    void OnReady(uint32_t events) override {
      if ((events & EPOLLIN) == 0) return;
      pair.Hear();
      ++test.read_;
      test.clock_.Advance(test.script_time_);
      if (!test.poller_.Gather(*this)) SendNow();
    }
    void SendNow() override { test.read_when_sent_.push_back(test.read_); }
    GatherTest& test;
    Pair pair;
    Poller::Ticket ticket = 0;
  };

  void Answer(size_t count, Nanos script_time = Nanos::zero()) {
    script_time_ = script_time;
    for (size_t i = 0; i < count; ++i) {
      auto sender = std::make_unique<Sender>(*this);
      ASSERT_FALSE(poller_.Add(sender->pair.near(), *sender, sender->ticket));
      sender->pair.Answer();
      senders_.push_back(std::move(sender));
    }
    Turn();
    for (const auto& sender : senders_) poller_.Remove(sender->ticket);
  }

  std::vector<std::unique_ptr<Sender>> senders_;
  Nanos script_time_{0};
  size_t read_ = 0;
  std::vector<size_t> read_when_sent_;
};

TEST_F(GatherTest, WhoIsForgottenDoesNotSend) {
  struct Forgetful final : Poller::Watch, Poller::Sender {
    Forgetful(Poller& its, std::vector<Forgetful*>& its_others) : poller(its), others(its_others) {}
    void OnReady(uint32_t events) override {
      if ((events & EPOLLIN) == 0) return;
      pair.Hear();
      if (!poller.Gather(*this)) SendNow();
    }
    // The first that sends ends the others.
    void SendNow() override {
      ++sent;
      for (Forgetful* other : others) {
        if (other != this) poller.Forget(*other);
      }
    }
    Poller& poller;
    std::vector<Forgetful*>& others;
    Pair pair;
    Poller::Ticket ticket = 0;
    int sent = 0;
  };
  std::vector<Forgetful*> all;
  Forgetful first(poller_, all);
  Forgetful second(poller_, all);
  Forgetful third(poller_, all);
  all = {&first, &second, &third};
  for (Forgetful* each : all) {
    ASSERT_FALSE(poller_.Add(each->pair.near(), *each, each->ticket));
    each->pair.Answer();
  }
  Turn();
  EXPECT_EQ(first.sent + second.sent + third.sent, 1);
  for (Forgetful* each : all) poller_.Remove(each->ticket);
}

TEST_F(GatherTest, AlsoThoseWhomOthersResume) {
  Sender a(*this);
  Sender b(*this);
  Sender c(*this);
  const auto resume = [this](Sender& sender, bool more) {
    poller_.BeforeOne(more);
    ++read_;
    if (!poller_.Gather(sender)) sender.SendNow();
    poller_.AfterOne();
  };
  resume(a, true);
  resume(b, true);
  EXPECT_THAT(read_when_sent_, ::testing::ElementsAre());
  poller_.AfterAll();  // the third did not come
  EXPECT_THAT(read_when_sent_, ::testing::ElementsAre(2, 2));
  EXPECT_FALSE(poller_.Gather(c));  // what is sent by itself
  resume(a, true);
  resume(b, false);
  EXPECT_THAT(read_when_sent_, ::testing::ElementsAre(2, 2, 4));
  poller_.AfterAll();
  EXPECT_THAT(read_when_sent_, ::testing::ElementsAre(2, 2, 4, 4));
}

TEST_F(GatherTest, OneAloneSendsAtOnce) {
  Answer(1);
  EXPECT_EQ(read_when_sent_, std::vector<size_t>({1}));
}

TEST_F(GatherTest, RequestsGoOutAfterTheAnswersThatAreThere) {
  Answer(5);
  EXPECT_EQ(read_when_sent_, std::vector<size_t>(5, 5));
}

TEST_F(GatherTest, NoMoreThanSomeAreHeldBack) {
  Answer(Poller::kDeferMax * 2 + 3);
  ASSERT_EQ(read_when_sent_.size(), Poller::kDeferMax * 2 + 3);
  EXPECT_EQ(read_when_sent_.front(), Poller::kDeferMax);
}

TEST_F(GatherTest, NoneIsHeldBackForLong) {
  Answer(10, Poller::kDeferTime);
  ASSERT_EQ(read_when_sent_.size(), 10U);
  EXPECT_LE(read_when_sent_.front(), 3U);
}

}  // namespace
}  // namespace kload::agent
