#include "common/js/block_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace kload::js {
namespace {

TEST(BlockPoolTest, ABlockIsAsLargeAsAskedForAndLosesAQuarterAtMost) {
  BlockPool pool;
  for (size_t bytes = 1; bytes <= BlockPool::kBlockBytesMax; bytes += bytes < 600 ? 1 : 97) {
    void* const block = pool.Take(bytes).block;
    ASSERT_NE(block, nullptr) << bytes;
    EXPECT_TRUE(BlockPool::Owns(block));
    const size_t usable = BlockPool::BytesOf(block);
    EXPECT_GE(usable, bytes);
    EXPECT_LE(usable, bytes + 7 + bytes / 4);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % (bytes % 16 == 0 ? 16 : 8), 0U) << bytes;
    std::memset(block, 0x5a, usable);
    pool.Give(block);
  }
}

TEST(BlockPoolTest, LargerOnesAreNotItsBusiness) {
  BlockPool pool;
  EXPECT_EQ(pool.Take(BlockPool::kBlockBytesMax + 1).block, nullptr);
  const std::vector<char> other(10);
  EXPECT_FALSE(BlockPool::Owns(other.data()));
  EXPECT_FALSE(BlockPool::Owns(&pool));
}

TEST(BlockPoolTest, NoTwoOverlapWhateverTheOrder) {
  BlockPool pool;
  std::mt19937 random(7);
  std::map<char*, size_t> live;  // by address
  for (int i = 0; i < 60'000; ++i) {
    if (!live.empty() && random() % 3 == 0) {
      auto place = live.begin();
      std::advance(place, random() % std::min<size_t>(live.size(), 50));
      for (size_t at : {size_t{0}, place->second - 1}) {
        ASSERT_EQ(place->first[at], static_cast<char>(place->second)) << "somebody wrote into it";
      }
      pool.Give(place->first);
      live.erase(place);
      continue;
    }
    const size_t bytes = 1 + random() % (random() % 10 == 0 ? 3000 : 200);
    auto* const block = static_cast<char*>(pool.Take(bytes).block);
    ASSERT_NE(block, nullptr);
    std::memset(block, static_cast<char>(bytes), bytes);
    const auto next = live.lower_bound(block);
    if (next != live.end()) {
      ASSERT_LE(block + bytes, next->first);
    }
    if (next != live.begin()) {
      ASSERT_LE(std::prev(next)->first + std::prev(next)->second, block);
    }
    live[block] = bytes;
  }
  EXPECT_EQ(pool.blocks(), live.size());
  for (const auto& [block, bytes] : live) pool.Give(block);
  EXPECT_EQ(pool.blocks(), 0U);
}

TEST(BlockPoolTest, GivesMemoryBackWhenAllBlocksAreFree) {
  BlockPool pool;
  std::vector<void*> blocks;
  for (int i = 0; i < 10'000; ++i) blocks.push_back(pool.Take(1024).block);
  EXPECT_GE(pool.chunks(), 5U);
  for (void* block : blocks) pool.Give(block);
  EXPECT_EQ(pool.chunks(), 1U);
  // And all of it can be used again, for other sizes.
  void* const block = pool.Take(48).block;
  std::memset(block, 1, 48);
  pool.Give(block);
}

TEST(BlockPoolTest, ChunksOfAThreadThatHasEndedAreUsedAgain) {
  const auto take_and_give = [] {
    BlockPool& pool = BlockPool::OfThread();
    void* const block = pool.Take(100).block;
    const auto address = reinterpret_cast<uintptr_t>(block);
    pool.Give(block);
    return address / BlockPool::kChunkBytes;
  };
  std::vector<uintptr_t> chunks;
  for (int i = 0; i < 3; ++i) {
    std::thread([&] { chunks.push_back(take_and_give()); }).join();
  }
  EXPECT_EQ(chunks[0], chunks[1]);
  EXPECT_EQ(chunks[1], chunks[2]);
}

}  // namespace
}  // namespace kload::js
