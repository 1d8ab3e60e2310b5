// What this process has used so far.
//
// Thread: any.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <ctime>

namespace kload::bench {

// Of all its threads.
inline double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// 0 where /proc does not tell.
inline size_t ResidentBytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  size_t all = 0;
  size_t resident = 0;
  const int read = std::fscanf(file, "%zu %zu", &all, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<size_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace kload::bench
