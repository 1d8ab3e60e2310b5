// kload-simulation: clusters in virtual time, with faults. `--help` says how.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <unistd.h>
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "common/base/duration.h"
#include "tests/simulation/trial.h"

namespace {

using kload::simulation::RunTrial;
using kload::simulation::TrialResult;

// In memory where there is such a place: a store that is made durable every 100 ms of virtual time would else wait for a disk.
std::string DefaultFolder() {
  const bool memory = ::access("/dev/shm", W_OK) == 0;
  return fmt::format("{}/kload-simulation-{}",
                     memory ? "/dev/shm" : std::filesystem::temp_directory_path().string(),
                     ::getpid());
}

void Print(uint64_t seed, const TrialResult& result) {
  for (const std::string& line : result.story) fmt::print("  {}\n", line);
  for (const std::string& line : result.broken) fmt::print("  BROKEN: {}\n", line);
  if (!result.broken.empty()) {
    fmt::print("  again: scripts/simulate --first {} --seeds 1 --trace\n", seed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Runs tests on simulated clusters: the real controller and real agents with QuickJS, in one "
      "process, in virtual time, over a simulated network. What goes wrong follows from the seed. "
      "Exit code 1 when a promise was broken.");
  uint64_t first = 1;
  uint64_t seeds = 100;
  bool trace = false;
  bool log = false;
  std::string folder = DefaultFolder();
  app.add_option("--first", first, "The first seed")->capture_default_str();
  app.add_option("--seeds", seeds, "How many trials")->capture_default_str();
  app.add_flag("--trace", trace, "Tell what happened in each");
  app.add_flag("--log", log, "Show what controllers and agents log");
  app.add_option("--folder", folder, "For stores and spools; removed afterwards")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  spdlog::set_level(log ? spdlog::level::debug : spdlog::level::off);
  std::filesystem::create_directories(folder);
  const auto began = std::chrono::steady_clock::now();
  uint64_t broken = 0;
  uint64_t faults = 0;
  uint64_t iterations = 0;
  uint64_t exact = 0;
  kload::Nanos simulated{0};
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    const TrialResult result = RunTrial({seed, folder});
    faults += result.faults;
    iterations += result.iterations;
    exact += result.exact ? 1 : 0;
    simulated += result.simulated;
    broken += result.broken.empty() ? 0 : 1;
    if (trace || !result.broken.empty()) {
      fmt::print("seed {}\n", seed);
      Print(seed, result);
      std::fflush(stdout);
    }
  }
  std::filesystem::remove_all(folder);
  const auto took = std::chrono::steady_clock::now() - began;
  fmt::print(
      "{} seeds, {} faults, {} of cluster time, {} iterations, {} accounts exact; {:.1f} s; {} "
      "broken\n",
      seeds, faults, kload::FormatDuration(std::chrono::floor<std::chrono::seconds>(simulated)),
      iterations, exact, std::chrono::duration<double>(took).count(), broken);
  return broken == 0 ? 0 : 1;
}
