// What all workers of an agent have done in one run, for scripts that ask (exec.instance).
//
// Thread: each worker writes its own line of memory; any may read the sum. Not exact while VUs run: nobody waits.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kload::agent {

// A cache line of its own, so that writing it costs what an ordinary variable does.
struct alignas(64) WorkerFigures {
  std::atomic<uint64_t> iterations_completed{0};
  std::atomic<uint64_t> iterations_interrupted{0};
  std::atomic<int64_t> vus_active{0};
  std::atomic<int64_t> vus_initialized{0};
};

// Only the line's owner calls it, so load and store need not be one.
template <typename T>
void Bump(std::atomic<T>& figure, T by = 1) {
  figure.store(figure.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

class RunFigures {
 public:
  explicit RunFigures(size_t workers) : lines_(workers) {}
  WorkerFigures& Of(size_t worker) { return lines_[worker]; }
  template <typename T>
  T Sum(std::atomic<T> WorkerFigures::*figure) const {
    T sum = 0;
    for (const WorkerFigures& line : lines_) sum += (line.*figure).load(std::memory_order_relaxed);
    return sum;
  }

 private:
  std::vector<WorkerFigures> lines_;
};

}  // namespace kload::agent
