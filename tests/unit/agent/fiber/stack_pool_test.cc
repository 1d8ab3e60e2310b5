#include "agent/fiber/stack_pool.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <set>
#include <vector>

namespace kload::agent {
namespace {

constexpr size_t kBytes = 256 * 1024;

size_t ResidentBytes(const Stack& stack) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages(stack.bytes / page);
  EXPECT_EQ(mincore(stack.top - stack.bytes, stack.bytes, pages.data()), 0);
  size_t resident = 0;
  for (const unsigned char flags : pages) resident += (flags & 1) * page;
  return resident;
}

TEST(StackPoolTest, AStackIsWritableFromTopToBottom) {
  StackPool pool;
  const Stack stack = pool.Take(kBytes);
  EXPECT_EQ(stack.bytes, kBytes);
  std::memset(stack.top - stack.bytes, 1, stack.bytes);
  pool.Give(stack);
}

TEST(StackPoolDeathTest, BelowAStackIsAGuard) {
  StackPool pool;
  const Stack stack = pool.Take(kBytes);
  EXPECT_DEATH(*(stack.top - stack.bytes - 1) = 1, "");
  // Also when it is used again, next to others.
  const Stack other = pool.Take(kBytes);
  pool.Give(stack);
  const Stack again = pool.Take(kBytes);
  EXPECT_DEATH(*(again.top - again.bytes - 1) = 1, "");
  EXPECT_DEATH(*(other.top - other.bytes - 1) = 1, "");
  pool.Give(other);
  pool.Give(again);
}

TEST(StackPoolTest, GivesAgainWhatItWasGiven) {
  StackPool pool;
  const Stack first = pool.Take(kBytes);
  pool.Give(first);
  EXPECT_EQ(pool.kept(), 1U);
  EXPECT_EQ(pool.Take(kBytes).top, first.top);
  EXPECT_EQ(pool.kept(), 0U);
  pool.Give(first);
}

TEST(StackPoolTest, SizesAreKeptApartAndRoundedUp) {
  StackPool pool;
  const Stack small = pool.Take(kBytes / 2 - 1);
  EXPECT_EQ(small.bytes, kBytes / 2);
  pool.Give(small);
  const Stack large = pool.Take(kBytes);
  EXPECT_EQ(large.bytes, kBytes);
  EXPECT_EQ(pool.kept(), 1U);
  pool.Give(large);
}

TEST(StackPoolTest, NoTwoAreTheSame) {
  StackPool pool;
  std::set<char*> tops;
  std::vector<Stack> taken;
  for (int i = 0; i < 200; ++i) {
    taken.push_back(pool.Take(kBytes));
    EXPECT_TRUE(tops.insert(taken.back().top).second);
    if (i % 3 == 0) {
      pool.Give(taken.back());
      tops.erase(taken.back().top);
      taken.pop_back();
    }
  }
  for (const Stack& stack : taken) pool.Give(stack);
}

TEST(StackPoolTest, KeepsABoundedNumber) {
  StackPool pool;
  std::vector<Stack> taken;
  for (size_t i = 0; i < StackPool::kKept + 10; ++i) taken.push_back(pool.Take(kBytes));
  for (const Stack& stack : taken) pool.Give(stack);
  EXPECT_EQ(pool.kept(), StackPool::kKept);
}

TEST(StackPoolTest, WhatADeepScriptFilledIsGivenBack) {
  StackPool pool;
  const Stack stack = pool.Take(kBytes);
  std::memset(stack.top - stack.bytes, 1, stack.bytes);
  EXPECT_EQ(ResidentBytes(stack), kBytes);
  pool.Give(stack);
  EXPECT_LE(ResidentBytes(stack), StackPool::kKeptResident);
  EXPECT_EQ(pool.Take(kBytes).top, stack.top);
  pool.Give(stack);
}

}  // namespace
}  // namespace kload::agent
