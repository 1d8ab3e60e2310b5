// The cache lines that something long unused is about to touch: asked for together they come in the time of a few, one after the
// other each costs its way from memory.
//
// Addresses are asked for and never read: one that has become another's, or nobody's, costs time only.
//
// Thread: any, one at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kload {

class HotLines {
 public:
  // 8 bytes each. More would push each other out of the first cache (512 lines) and out of the requests that a core can have
  // under way.
  static constexpr size_t kMax = 256;
  static constexpr size_t kLineBytes = 64;

  // The lines that the piece of memory lies in.
  void Add(const void* begin, size_t bytes) {
    if (begin == nullptr || bytes == 0) return;
    const uintptr_t first = reinterpret_cast<uintptr_t>(begin) / kLineBytes;
    const uintptr_t last = (reinterpret_cast<uintptr_t>(begin) + bytes - 1) / kLineBytes;
    for (uintptr_t line = first; line <= last; ++line) lines_.push_back(line * kLineBytes);
  }
  // After the last Add(): drops what was added twice, and what is too much.
  void Close() {
    std::sort(lines_.begin(), lines_.end());
    lines_.erase(std::unique(lines_.begin(), lines_.end()), lines_.end());
    if (lines_.size() > kMax) lines_.resize(kMax);
    lines_.shrink_to_fit();
  }
  void Clear() { lines_.clear(); }
  size_t size() const { return lines_.size(); }

  void Prefetch() const {
    for (const uintptr_t line : lines_) __builtin_prefetch(reinterpret_cast<const void*>(line));
  }

 private:
  std::vector<uintptr_t> lines_;
};

}  // namespace kload
