#include "common/base/end_signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace kload {
namespace {

void SignalThisProcess(int signal) { ASSERT_EQ(::kill(::getpid(), signal), 0); }

TEST(EndSignalsTest, ASignalIsHeldBackUntilWaitTakesIt) {
  EndSignals signals("test");
  SignalThisProcess(SIGTERM);
  int shutdowns = 0;
  signals.Wait([&] { ++shutdowns; });
  EXPECT_EQ(shutdowns, 1);
}

TEST(EndSignalsTest, EndActsAsASignalFromAnyThread) {
  EndSignals signals("test");
  std::thread other([&] { signals.End(); });
  int shutdowns = 0;
  signals.Wait([&] { ++shutdowns; });
  other.join();
  EXPECT_EQ(shutdowns, 1);
}

TEST(EndSignalsTest, EndTwiceIsNoInterruptOfTheShutdown) {
  EndSignals signals("test");
  bool ended = false;
  signals.End();
  signals.Wait([&] {
    signals.End();
    ended = true;
  });
  EXPECT_TRUE(ended);
}

TEST(EndSignalsDeathTest, ASecondSignalEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        EndSignals signals("test");
        SignalThisProcess(SIGINT);
        signals.Wait([] {
          SignalThisProcess(SIGTERM);
          while (true) ::pause();
        });
      },
      testing::ExitedWithCode(kExitInterruptedTwice), "test: interrupted twice");
}

}  // namespace
}  // namespace kload
