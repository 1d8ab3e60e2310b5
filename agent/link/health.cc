#include "agent/link/health.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

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

namespace {

// A file of the process' own control group, version 2; empty where there is none.
std::string GroupFile(const char* name) {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.starts_with("0::")) return "/sys/fs/cgroup" + line.substr(3) + "/" + name;
  }
  return "";
}

// CPUs by the group's quota; 0 for no quota.
double QuotaCores() {
  std::ifstream limit(GroupFile("cpu.max"));
  double quota = 0;
  double period = 0;
  if (!(limit >> quota >> period) || period <= 0) return 0;  // "max 100000"
  return quota / period;
}

}  // namespace

double UsableCores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  double cores = std::thread::hardware_concurrency();
  if (::sched_getaffinity(0, sizeof(allowed), &allowed) == 0) cores = CPU_COUNT(&allowed);
  const double quota = QuotaCores();
  return quota > 0 ? std::min(cores, quota) : cores;
}

ThrottleMeter::ThrottleMeter() : stat_(GroupFile("cpu.stat")) {}

double ThrottleMeter::Measure(Nanos now) {
  std::ifstream stat(stat_);
  Nanos throttled{0};
  for (std::string line; std::getline(stat, line);) {
    if (line.starts_with("throttled_usec ")) {
      throttled = std::chrono::microseconds(std::atoll(line.c_str() + 15));
    }
  }
  const bool first = last_now_ == Nanos::zero();
  const Nanos wall = now - std::exchange(last_now_, now);
  const Nanos more = throttled - std::exchange(last_throttled_, throttled);
  if (first || wall <= Nanos::zero()) return 0;
  return std::clamp(static_cast<double>(more.count()) / static_cast<double>(wall.count()), 0.0,
                    1.0);
}

uint64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  if (!(statm >> total >> resident)) return 0;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

ProcessHealth ProcessMeter::Measure(Nanos now) {
  return {.cpu_ratio = cpu_.Measure(now),
          .rss_bytes = ResidentBytes(),
          .cores = cores_,
          .throttled_ratio = throttle_.Measure(now)};
}

}  // namespace kload::agent
