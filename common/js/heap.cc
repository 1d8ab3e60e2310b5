#include "common/js/heap.h"

#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "common/base/check.h"

namespace kload::js {
namespace {

// Sanitizers see the use of freed memory only in blocks of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif

constexpr size_t kMallocOverheadBytes = 8;  // per block

bool IsPooled(const void* block) { return kPooled && BlockPool::Owns(block); }

size_t UsableBytes(void* block) {
  return IsPooled(block) ? BlockPool::BytesOf(block) : ::malloc_usable_size(block);
}

size_t BytesOf(void* block) {
  return IsPooled(block) ? BlockPool::BytesOf(block)
                         : ::malloc_usable_size(block) + kMallocOverheadBytes;
}

}  // namespace

Heap::Heap(size_t limit_bytes)
    : limit_bytes_(limit_bytes),
      grants_all_below_(limit_bytes == 0 ? SIZE_MAX : limit_bytes),
      pool_(BlockPool::OfThread()) {}

Heap::~Heap() {
  KLOAD_CHECK(&pool_ == &BlockPool::OfThread(), "a script engine ends on the thread that made it");
}

bool Heap::Grants(size_t more_bytes, size_t request_bytes) const {
  if (used_bytes_ + more_bytes <= grants_all_below_) return true;
  const size_t beyond = request_bytes >= kLargeBytes ? 0 : kOvershootBytesMax;
  return used_bytes_ + more_bytes <= limit_bytes_ + beyond;
}

void Heap::Account(JSMallocState* state, size_t taken_bytes, size_t freed_bytes) {
  used_bytes_ += taken_bytes - freed_bytes;
  state->malloc_size = used_bytes_;  // which QuickJS decides by when to collect garbage
}

void* Heap::Allocate(JSMallocState* state, size_t size) {
  auto& heap = *static_cast<Heap*>(state->opaque);
  if (!heap.Grants(size, size)) return nullptr;
  const BlockPool::Taken pooled = kPooled ? heap.pool_.Take(size) : BlockPool::Taken{};
  if (pooled.block != nullptr) [[likely]] {
    ++state->malloc_count;
    heap.Account(state, pooled.bytes, 0);
    return pooled.block;
  }
  void* const block = std::malloc(size);
  if (block == nullptr) return nullptr;
  ++state->malloc_count;
  heap.Account(state, BytesOf(block), 0);
  return block;
}

void Heap::Free(JSMallocState* state, void* block) {
  if (block == nullptr) return;
  auto& heap = *static_cast<Heap*>(state->opaque);
  --state->malloc_count;
  size_t bytes = kPooled ? heap.pool_.Give(block) : 0;
  if (bytes == 0) {
    bytes = BytesOf(block);
    std::free(block);
  }
  heap.Account(state, 0, bytes);
}

void* Heap::Reallocate(JSMallocState* state, void* block, size_t size) {
  if (block == nullptr) return size == 0 ? nullptr : Allocate(state, size);
  if (size == 0) {
    Free(state, block);
    return nullptr;
  }
  auto& heap = *static_cast<Heap*>(state->opaque);
  const size_t usable = UsableBytes(block);
  if (size <= usable && size >= usable / 2) return block;
  const size_t old_bytes = BytesOf(block);
  if (size > old_bytes && !heap.Grants(size - old_bytes, size)) return nullptr;
  if (IsPooled(block) || (kPooled && size <= BlockPool::kBlockBytesMax)) {
    void* const moved = Allocate(state, size);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, block, std::min(size, usable));
    Free(state, block);
    return moved;
  }
  void* const moved = std::realloc(block, size);
  if (moved == nullptr) return nullptr;
  heap.Account(state, BytesOf(moved), old_bytes);
  return moved;
}

JSRuntime* Heap::NewRuntime() {
  static constexpr JSMallocFunctions kFunctions = {
      Allocate, Free, Reallocate,
      [](const void* block) { return UsableBytes(const_cast<void*>(block)); }};
  return JS_NewRuntime2(&kFunctions, this);
}

}  // namespace kload::js
