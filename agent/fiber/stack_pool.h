// Stacks for fibers, each with a guard page; those of fibers that have ended are used again.
//
// Mapping a stack, touching it for the first time and unmapping it costs the kernel some hundred times what a switch
// costs, and a script with http.asyncRequest() makes a fiber for each request.
// Thread: a pool belongs to one thread, see OfThread().
#pragma once

#include <cstddef>
#include <map>
#include <vector>

namespace kload::agent {

// Usable memory [top - bytes, top); the page below it must not be touched: doing so ends the process.
struct Stack {
  char* top = nullptr;
  size_t bytes = 0;
};

class StackPool {
 public:
  // Of each size; more than that are given back to the kernel.
  static constexpr size_t kKept = 1536;
  // What a kept stack may go on occupying: what nearly every fiber touches.
  static constexpr size_t kKeptResident = 32 * 1024;

  // The calling thread's pool. Whoever takes a stack gives it back on the same thread.
  static StackPool& OfThread();

  StackPool() = default;
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  // Bytes are rounded up to whole pages. Throws std::bad_alloc when the kernel has no memory or no mapping left.
  Stack Take(size_t bytes);
  void Give(Stack stack);

  size_t kept() const;

 private:
  std::map<size_t, std::vector<Stack>> free_;  // by bytes; a worker has two sizes
};

}  // namespace kload::agent
