#include "agent/link/health.h"

#include <unistd.h>

#include <ctime>
#include <fstream>

namespace kload::agent {

double CpuMeter::Measure(Nanos now) {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  const Nanos cpu = std::chrono::seconds(used.tv_sec) + Nanos(used.tv_nsec);
  const Nanos wall = now - last_now_;
  const bool first = last_now_ == Nanos::zero();
  const double ratio =
      first || wall <= Nanos::zero()
          ? 0
          : static_cast<double>((cpu - last_cpu_).count()) / static_cast<double>(wall.count());
  last_now_ = now;
  last_cpu_ = cpu;
  return ratio;
}

uint64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  if (!(statm >> total >> resident)) return 0;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace kload::agent
