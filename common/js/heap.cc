#include "common/js/heap.h"

#include <malloc.h>

#include <cstdlib>

namespace kload::js {
namespace {

constexpr size_t kBlockOverheadBytes = 8;  // of malloc, per block

size_t BytesOf(void* block) { return ::malloc_usable_size(block) + kBlockOverheadBytes; }

}  // namespace

bool Heap::Grants(size_t more_bytes, size_t request_bytes) const {
  if (limit_bytes_ == 0) return true;
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
  void* block = std::malloc(size);
  if (block == nullptr) return nullptr;
  ++state->malloc_count;
  heap.Account(state, BytesOf(block), 0);
  return block;
}

void Heap::Free(JSMallocState* state, void* block) {
  if (block == nullptr) return;
  --state->malloc_count;
  static_cast<Heap*>(state->opaque)->Account(state, 0, BytesOf(block));
  std::free(block);
}

void* Heap::Reallocate(JSMallocState* state, void* block, size_t size) {
  if (block == nullptr) return size == 0 ? nullptr : Allocate(state, size);
  if (size == 0) {
    Free(state, block);
    return nullptr;
  }
  auto& heap = *static_cast<Heap*>(state->opaque);
  const size_t old_bytes = BytesOf(block);
  if (size > old_bytes && !heap.Grants(size - old_bytes, size)) return nullptr;
  void* moved = std::realloc(block, size);
  if (moved == nullptr) return nullptr;
  heap.Account(state, BytesOf(moved), old_bytes);
  return moved;
}

JSRuntime* Heap::NewRuntime() {
  static constexpr JSMallocFunctions kFunctions = {
      Allocate, Free, Reallocate,
      [](const void* block) { return ::malloc_usable_size(const_cast<void*>(block)); }};
  return JS_NewRuntime2(&kFunctions, this);
}

}  // namespace kload::js
