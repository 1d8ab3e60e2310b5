// Memory for the script engines of one thread: small blocks of fixed sizes, without headers, out of large pages.
//
// An engine makes some 1,500 blocks of 16 to 200 bytes before its script has run a line, and keeps them. malloc() gives each a
// header, and its arenas grow by single pages, each of which the kernel has to fault in: half of what creating a VU cost. Here
// chunks of 2 MiB are given to the kernel as huge pages (MADV_HUGEPAGE), cut into spans of one block size each.
// Data path: engines of a worker's VUs -> Heap -> BlockPool -> kernel.
// Thread:    a pool belongs to one thread, see OfThread(); chunks of threads that have ended go to those that begin.
// Bound:     kRangeBytes for a process, beyond which, and for large blocks, the caller's malloc() serves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kload::js {

class BlockPool {
 public:
  static constexpr size_t kBlockBytesMax = 32 * 1024;
  static constexpr size_t kSpanBytes = 64 * 1024;
  static constexpr size_t kChunkBytes = 2 * 1024 * 1024;
  static constexpr size_t kRangeBytes = size_t{64}
                                        << 30;  // of addresses; memory only as it is used

  static BlockPool& OfThread();

  BlockPool();
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  struct Taken {
    void* block = nullptr;
    size_t bytes = 0;  // as BytesOf()
  };
  // At least `bytes`, aligned to 8 (to 16 when `bytes` is a multiple of 16); nullptr when it is more than kBlockBytesMax, or
  // no memory is left here.
  Taken Take(size_t bytes);
  // Takes back a block of this pool, and returns its BytesOf(); 0, and nothing is done, when no pool gave it. When it was the
  // last one, the memory goes back to the kernel.
  size_t Give(void* block);

  // Whether some thread's pool gave the block; else malloc() did.
  static bool Owns(const void* block);
  // What can be used of a block that a pool gave.
  static size_t BytesOf(const void* block);

  // Blocks that were taken and not given back.
  size_t blocks() const { return blocks_; }
  // Chunks that the thread holds.
  size_t chunks() const { return chunks_.size(); }

 private:
  static constexpr size_t kClassesMax = 72;
  static constexpr size_t kFineBytesMax = 128;
  static constexpr size_t kStepsPerDoubling = 8;
  // Block sizes: every 8 bytes up to 128, then 8 steps between two powers of 2, so that at most an eighth is lost.
  struct Classes {
    std::array<uint32_t, kClassesMax> bytes{};
    size_t count = 0;
    // From a size in units of 8 bytes to its class; one look instead of a search.
    std::array<uint8_t, kBlockBytesMax / 8 + 1> of_units{};
  };
  static constexpr Classes MakeClasses();
  static const Classes kClasses;
  // Of the spans of all pools. Written by the thread that has the span, before it gives a block of it away.
  static uint8_t span_classes_[kRangeBytes / kSpanBytes];
  struct Free {
    Free* next;
  };
  // What is left of the span at hand of one block size.
  struct Span {
    char* next = nullptr;
    char* end = nullptr;
  };

  Taken TakeNew(size_t size_class);
  bool AddSpan(size_t size_class);
  void Release();

  // The addresses of all pools, for every block that is given back.
  const uintptr_t range_begin_;
  const size_t range_bytes_;  // 0: there are no addresses for it
  std::array<Free*, kClassesMax> free_{};
  std::array<Span, kClassesMax> spans_{};
  std::vector<char*> chunks_;
  size_t spans_used_ = 0;  // of the last chunk
  size_t blocks_ = 0;
};

inline BlockPool::Taken BlockPool::Take(size_t bytes) {
  if (bytes > kBlockBytesMax) [[unlikely]]
    return {};
  const size_t size_class = kClasses.of_units[(bytes + 7) / 8];
  Free* const block = free_[size_class];
  if (block == nullptr) [[unlikely]]
    return TakeNew(size_class);
  free_[size_class] = block->next;
  ++blocks_;
  return {block, kClasses.bytes[size_class]};
}

inline size_t BlockPool::Give(void* block) {
  const size_t distance = reinterpret_cast<uintptr_t>(block) - range_begin_;
  if (distance >= range_bytes_) [[unlikely]]
    return 0;
  const size_t size_class = span_classes_[distance / kSpanBytes];
  auto* const free = static_cast<Free*>(block);
  free->next = free_[size_class];
  free_[size_class] = free;
  if (--blocks_ == 0) [[unlikely]]
    Release();
  return kClasses.bytes[size_class];
}

}  // namespace kload::js
