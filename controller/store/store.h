// Runs that were and are: what survives the controller's process.
//
// Data path: Run (core) -> Store -> kctl get runs, kctl watch of a run that has ended.
// Thread:    the controller's core thread. One controller per folder: the database is locked.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace kload::controller {

struct RunRecord {
  std::string id;
  std::string script;
  std::string state;  // waiting, preparing, setup, running, teardown, finished, aborted
  Nanos started_unix{0};
  Nanos duration{0};
  int exit_code = 0;
  std::string message;
  uint32_t agents = 0;
  // Serialized kload.v1.Plan and kload.v1.RunSummary: opaque here. Empty: none.
  std::string plan;
  std::string summary;
};

class Store {
 public:
  // Opens DIR/kload.db, makes the folder and the tables if they are missing, and marks runs that a
  // controller left unfinished as aborted. An empty `data_dir` keeps everything in memory. Errors:
  // InvalidArgument when the folder cannot be made or written or holds something else under that
  // name;
  //         Unavailable when another controller uses it.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& data_dir, Nanos unix_now);
  ~Store();

  // A number that no run has had yet, from 1.
  absl::StatusOr<uint64_t> NextNumber();
  // Inserts the record or replaces the one with its id. Errors: Unavailable (disk full ...).
  absl::Status Put(const RunRecord& record);
  absl::StatusOr<std::optional<RunRecord>> Find(const std::string& id);
  // The newest `limit` runs, newest first, without plan and summary.
  absl::StatusOr<std::vector<RunRecord>> List(int limit);

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace kload::controller
