// The memory of one engine, with a limit that is safe to reach.
//
// QuickJS is not: what it allocates while it makes an exception is not expected to fail, and when it does, freed
// memory is used. So only large requests are refused at the limit, which leaves room to report that. Small ones are
// granted still, and the engine ends the entry at its next loop turn or call.
//
// Thread: that of the engine.
#pragma once

#include <quickjs.h>

#include <cstddef>

#include "common/js/block_pool.h"

namespace kload::js {

class Heap {
 public:
  // Of one request; larger than a stack trace can be. An entry makes at most some ten thousand requests before it is
  // ended, most of them far smaller.
  static constexpr size_t kLargeBytes = size_t{64} << 10;
  // What small requests may take beyond the limit; refused beyond that as well.
  static constexpr size_t kOvershootBytesMax = size_t{512} << 20;

  // 0: no limit.
  explicit Heap(size_t limit_bytes);
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // A runtime that allocates here; null when there is no memory. The heap must outlive it.
  JSRuntime* NewRuntime();

  size_t used_bytes() const { return used_bytes_; }
  size_t limit_bytes() const { return limit_bytes_; }
  bool beyond_limit() const { return limit_bytes_ != 0 && used_bytes_ > limit_bytes_; }

 private:
  static void* Allocate(JSMallocState* state, size_t size);
  static void* Reallocate(JSMallocState* state, void* block, size_t size);
  static void Free(JSMallocState* state, void* block);

  bool Grants(size_t more_bytes, size_t request_bytes) const;
  void Account(JSMallocState* state, size_t taken_bytes, size_t freed_bytes);

  const size_t limit_bytes_;
  const size_t grants_all_below_;  // the limit, or what nothing reaches
  BlockPool& pool_;                // of the engine's thread
  size_t used_bytes_ = 0;
};

}  // namespace kload::js
