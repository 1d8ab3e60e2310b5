#include "agent/link/backoff.h"

#include <gtest/gtest.h>

#include <random>

namespace kload::agent {
namespace {

using namespace std::chrono_literals;

TEST(BackoffTest, DoublesFromFirstToLast) {
  Backoff backoff;
  for (const Nanos step : {Nanos(100ms), Nanos(200ms), Nanos(400ms), Nanos(800ms), Nanos(1600ms),
                           Nanos(2s), Nanos(2s)}) {
    EXPECT_EQ(backoff.Next(0), step / 2);
  }
}

TEST(BackoffTest, BeginsAnewAfterReset) {
  Backoff backoff;
  for (int i = 0; i < 20; ++i) backoff.Next(0.5);
  backoff.Reset();
  EXPECT_EQ(backoff.Next(0), 50ms);
}

TEST(BackoffTest, JitterStaysInTheUpperHalf) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < 1000; ++i) {
    Backoff backoff;
    for (int attempt = 0; attempt < 8; ++attempt) {
      Backoff least = backoff;
      const Nanos low = least.Next(0);
      const Nanos wait = backoff.Next(unit(random));
      EXPECT_GE(wait, low);
      EXPECT_LE(wait, 2 * low);
      EXPECT_LE(wait, Backoff::kLast);
    }
  }
}

}  // namespace
}  // namespace kload::agent
