#include "common/js/block_pool.h"

#include <sys/mman.h>

#include <mutex>

#include "common/base/check.h"

namespace kload::js {
namespace {

constexpr size_t kSpansPerChunk = BlockPool::kChunkBytes / BlockPool::kSpanBytes;
constexpr size_t kSpans = BlockPool::kRangeBytes / BlockPool::kSpanBytes;

// The addresses of all pools of the process.
class Range {
 public:
  static Range& Get() {
    // Never destroyed: threads may end after it.
    static Range& range = *new Range();
    return range;
  }

  // Nullptr: no memory, or no addresses left.
  char* TakeChunk() {
    const std::lock_guard lock(mutex_);
    if (!returned_.empty()) {
      char* const chunk = returned_.back();
      returned_.pop_back();
      return chunk;
    }
    if (base_ == nullptr || next_ == end_) return nullptr;
    if (mprotect(next_, BlockPool::kChunkBytes, PROT_READ | PROT_WRITE) != 0) return nullptr;
    char* const chunk = next_;
    next_ += BlockPool::kChunkBytes;
    // The first one is all that a single script needs: a page for each span it touches is less. A kernel without huge pages
    // refuses, which costs speed only.
    if (chunk != base_) madvise(chunk, BlockPool::kChunkBytes, MADV_HUGEPAGE);
    return chunk;
  }

  void ReturnChunk(char* chunk) {
    madvise(chunk, BlockPool::kChunkBytes, MADV_DONTNEED);
    const std::lock_guard lock(mutex_);
    returned_.push_back(chunk);
  }

  // Beyond the last one for what is not ours.
  size_t SpanOf(const void* block) const {
    if (base_ == nullptr) return kSpans;
    const size_t distance = reinterpret_cast<uintptr_t>(block) - reinterpret_cast<uintptr_t>(base_);
    return distance / BlockPool::kSpanBytes;
  }
  uintptr_t begin() const { return reinterpret_cast<uintptr_t>(base_); }
  size_t bytes() const { return base_ == nullptr ? 0 : BlockPool::kRangeBytes; }

 private:
  Range() {
    // Aligned by leaving out what comes before the first multiple.
    void* const place = mmap(nullptr, BlockPool::kRangeBytes + BlockPool::kChunkBytes, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED) return;  // not even addresses (ulimit -v): malloc() will do
    const auto address = reinterpret_cast<uintptr_t>(place);
    base_ = static_cast<char*>(place) +
            (BlockPool::kChunkBytes - address % BlockPool::kChunkBytes) % BlockPool::kChunkBytes;
    next_ = base_;
    end_ = base_ + BlockPool::kRangeBytes;
  }

  char* base_ = nullptr;
  char* next_ = nullptr;
  char* end_ = nullptr;
  std::mutex mutex_;  // a chunk is taken once for some twenty VUs
  std::vector<char*> returned_;
};

}  // namespace

constexpr BlockPool::Classes BlockPool::MakeClasses() {
  Classes classes;
  for (size_t bytes = 8; bytes <= kFineBytesMax; bytes += 8) {
    classes.bytes[classes.count++] = static_cast<uint32_t>(bytes);
  }
  for (size_t low = kFineBytesMax; low < kBlockBytesMax; low *= 2) {
    for (size_t step = 1; step <= kStepsPerDoubling; ++step) {
      if (low >= 4096 && step % 2 != 0) continue;  // few of these
      classes.bytes[classes.count++] = static_cast<uint32_t>(low + low / kStepsPerDoubling * step);
    }
  }
  size_t size_class = 0;
  for (size_t units = 0; units < classes.of_units.size(); ++units) {
    while (classes.bytes[size_class] < units * 8) ++size_class;
    classes.of_units[units] = static_cast<uint8_t>(size_class);
  }
  return classes;
}

constinit const BlockPool::Classes BlockPool::kClasses = MakeClasses();
// Untouched pages of it take no memory.
uint8_t BlockPool::span_classes_[kRangeBytes / kSpanBytes];

BlockPool::BlockPool() : range_begin_(Range::Get().begin()), range_bytes_(Range::Get().bytes()) {}

BlockPool& BlockPool::OfThread() {
  static thread_local BlockPool pool;
  return pool;
}

BlockPool::~BlockPool() {
  KLOAD_CHECK(blocks_ == 0, "a script engine outlives its thread");
  for (char* chunk : chunks_) Range::Get().ReturnChunk(chunk);
}

BlockPool::Taken BlockPool::TakeNew(size_t size_class) {
  const size_t size = kClasses.bytes[size_class];
  Span& span = spans_[size_class];
  if (static_cast<size_t>(span.end - span.next) < size && !AddSpan(size_class)) return {};
  void* const block = span.next;
  span.next += size;
  ++blocks_;
  return {block, size};
}

bool BlockPool::AddSpan(size_t size_class) {
  Range& range = Range::Get();
  if (chunks_.empty() || spans_used_ == kSpansPerChunk) {
    char* const chunk = range.TakeChunk();
    if (chunk == nullptr) return false;
    chunks_.push_back(chunk);
    spans_used_ = 0;
  }
  char* const begin = chunks_.back() + spans_used_++ * kSpanBytes;
  span_classes_[range.SpanOf(begin)] = static_cast<uint8_t>(size_class);
  spans_[size_class] = {begin, begin + kSpanBytes};
  return true;
}

// All blocks are free: the spans may serve other sizes, and the chunks but one other threads.
void BlockPool::Release() {
  if (chunks_.size() <= 1) return;
  free_.fill(nullptr);
  spans_.fill({});
  while (chunks_.size() > 1) {
    Range::Get().ReturnChunk(chunks_.back());
    chunks_.pop_back();
  }
  spans_used_ = 0;
}

bool BlockPool::Owns(const void* block) { return Range::Get().SpanOf(block) < kSpans; }

size_t BlockPool::BytesOf(const void* block) {
  return kClasses.bytes[span_classes_[Range::Get().SpanOf(block)]];
}

}  // namespace kload::js
