// Runs that were and are: what survives the controller's process.
//
// Data path: Run (core) -> Store -> kctl get runs, kctl watch of a run that has ended.
//            Inputs of a run that goes on (core) -> its record -> the next controller process.
// Thread:    the controller's core thread. One controller per folder: the database is locked.
// Durable:   what Commit(), Put() and Forget() have returned OK for survives the process and the machine.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <map>
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
  // Opens DIR/kload.db, makes the folder and the tables if they are missing. Only its owner may read it: variables of
  // scripts are in it. An empty `data_dir` keeps everything in memory. Errors:
  // InvalidArgument when the folder cannot be made or written or holds something else under that
  // name;
  //         Unavailable when another controller uses it.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& data_dir);
  ~Store();

  // A number that no run has had yet, from 1.
  absl::StatusOr<uint64_t> NextNumber();
  // Inserts the record or replaces the one with its id; durable at once, with all that waited for Commit(). Errors: Unavailable
  // (disk full ...).
  absl::Status Put(const RunRecord& record);
  absl::StatusOr<std::optional<RunRecord>> Find(const std::string& id);
  // Forgets all but the newest `kept` runs, unless they go on or are baselines. Errors: Unavailable.
  absl::Status Prune(int kept);

  // ---- Baselines: runs with a name that others are compared with ----
  // Gives the name to the run, away from the one that had it; an empty `id` frees the name. Durable at once. Errors: NotFound
  // when there is no such run, or none has the name; Unavailable.
  absl::Status SetBaseline(const std::string& name, const std::string& id);
  // Ids by name.
  absl::StatusOr<std::map<std::string, std::string>> Baselines();

  // ---- Details of a run's history; opaque bytes ----
  enum class Detail { kSecond, kNote, kTotals, kWatched };
  // In place of an earlier one of that number; durable with the next Commit(). Errors: as of Append().
  absl::Status Keep(const std::string& id, Detail kind, int64_t number, const std::string& bytes);
  // By number.
  absl::StatusOr<std::vector<std::string>> Kept(const std::string& id, Detail kind);
  // The newest `limit` runs, newest first, without plan and summary.
  absl::StatusOr<std::vector<RunRecord>> List(int limit);

  // ---- Records of runs that go on; opaque bytes ----
  // Whether anything survives the process.
  bool durable() const;
  // What the run is made of; durable at once.
  absl::Status BeginRecord(const std::string& id, const std::string& run);
  // One input of the run, after all that were appended before; durable with the next Commit(). Errors: Unavailable (disk
  // full ...); all that was appended since the last Commit() is lost then.
  absl::Status Append(const std::string& id, const std::string& input);
  absl::Status Commit();
  // Whether anything waits for Commit().
  bool uncommitted() const;
  // The run is over: its record goes; durable at once.
  absl::Status Forget(const std::string& id);
  struct Recorded {
    std::string id;
    std::string run;
  };
  // Runs that were not forgotten, by age; and the inputs of one, in order.
  absl::StatusOr<std::vector<Recorded>> Records();
  absl::StatusOr<std::vector<std::string>> InputsOf(const std::string& id);
  // Marks runs that are neither finished nor have a record as aborted.
  absl::Status AbortUnrecorded(Nanos unix_now);

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace kload::controller
