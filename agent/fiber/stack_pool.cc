#include "agent/fiber/stack_pool.h"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

#include "common/base/check.h"

namespace kload::agent {

namespace {

size_t PageBytes() {
  static const size_t bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

// Linux 6.13 guards pages without a mapping of their own, so that neighbouring stacks are one mapping: a process may have
// only vm.max_map_count of them, 65,530 where nobody changed it. Older kernels refuse the number, and Debian 12 does not
// know its name.
constexpr int kGuardInstall = 102;

bool Guard(char* page) {
  return madvise(page, PageBytes(), kGuardInstall) == 0 ||
         mprotect(page, PageBytes(), PROT_NONE) == 0;
}

Stack Map(size_t bytes) {
  const size_t all = bytes + PageBytes();
  void* place = mmap(nullptr, all, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (place == MAP_FAILED) throw std::bad_alloc();
  char* base = static_cast<char*>(place);
  // Neighbours in one mapping look like a place for huge pages, which would fill what is reserved and not touched. A
  // kernel without huge pages refuses, and that is right too.
  madvise(base, all, MADV_NOHUGEPAGE);
  if (!Guard(base)) {
    munmap(base, all);
    throw std::bad_alloc();
  }
  return {base + all, bytes};
}

void Unmap(const Stack& stack) {
  const size_t all = stack.bytes + PageBytes();
  KLOAD_CHECK(munmap(stack.top - all, all) == 0, "a fiber's stack could not be unmapped");
}

}  // namespace

StackPool& StackPool::OfThread() {
  static thread_local StackPool pool;
  return pool;
}

StackPool::~StackPool() {
  for (const auto& [bytes, stacks] : free_) {
    for (const Stack& stack : stacks) Unmap(stack);
  }
}

Stack StackPool::Take(size_t bytes) {
  const size_t rounded = (bytes + PageBytes() - 1) / PageBytes() * PageBytes();
  std::vector<Stack>& stacks = free_[rounded];
  if (stacks.empty()) return Map(rounded);
  const Stack stack = stacks.back();
  stacks.pop_back();
  return stack;
}

void StackPool::Give(Stack stack) {
  std::vector<Stack>& stacks = free_[stack.bytes];
  if (stacks.size() >= kKept) return Unmap(stack);
  // A script that called itself deeply has filled its stack; the next one will hardly need that.
  if (stack.bytes > kKeptResident) {
    madvise(stack.top - stack.bytes, stack.bytes - kKeptResident, MADV_DONTNEED);
  }
  stacks.push_back(stack);
}

size_t StackPool::kept() const {
  size_t kept = 0;
  for (const auto& [bytes, stacks] : free_) kept += stacks.size();
  return kept;
}

}  // namespace kload::agent
