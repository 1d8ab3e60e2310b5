// The controller's database, whatever somebody or a failing disk has made of it.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "controller/store/store.h"
#include "tests/fuzz/target.h"

KLOAD_FUZZ(bytes) {
  using kload::controller::Store;
  const bool memory = ::access("/dev/shm", W_OK) == 0;
  const std::string folder =
      fmt::format("{}/kload-fuzz-{}", memory ? "/dev/shm" : "/tmp", ::getpid());
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/kload.db", std::ios::binary) << bytes;
  if (auto store = Store::Open(folder); store.ok()) {
    (void)(*store)->NextNumber();
    if (const auto runs = (*store)->List(10); runs.ok()) {
      for (const auto& run : *runs) {
        (void)(*store)->Find(run.id);
        (void)(*store)->Kept(run.id, Store::Detail::kSecond);
      }
    }
    if (const auto records = (*store)->Records(); records.ok()) {
      for (const auto& record : *records) (void)(*store)->InputsOf(record.id);
    }
    (void)(*store)->AbortUnrecorded(kload::Nanos(1));
    (void)(*store)->Prune(1);
  }
  std::filesystem::remove_all(folder);
}
