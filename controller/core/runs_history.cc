#include "controller/core/runs.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "common/base/status.h"
#include "common/wire/summary_wire.h"
#include "controller/core/live_run.h"
#include "controller/run/run_wire.h"
#include "controller/watch/watch_wire.h"

namespace kload::controller {

// ---- Followers ---------------------------------------------------------------------------------

absl::Status Runs::Watch(const std::string& run_id, std::shared_ptr<RunWatcher> watcher) {
  if (RunFeed* feed = FindFeed(run_id)) {
    feed->Add(std::move(watcher));
    return absl::OkStatus();
  }
  return ReplayFromStore(run_id, *watcher);
}

void Runs::Unwatch(const std::string& run_id, const RunWatcher* watcher) {
  if (RunFeed* feed = FindFeed(run_id)) feed->Remove(watcher);
}

absl::Status Runs::ReplayFromStore(const std::string& run_id, RunWatcher& watcher) {
  KLOAD_ASSIGN_OR_RETURN(const std::optional<RunRecord> record, store_.Find(run_id));
  if (!record) return NoSuchRun(run_id);
  auto state = std::make_shared<v1::RunEvent>();
  state->mutable_state()->set_run_id(run_id);
  state->mutable_state()->set_phase(v1::RunState::FINISHED);
  state->mutable_state()->set_agents_wanted(record->agents);
  auto result = std::make_shared<v1::RunEvent>();
  result->mutable_result()->set_exit_code(record->exit_code);
  result->mutable_result()->set_message(record->message);
  const bool read = state->mutable_state()->mutable_plan()->ParseFromString(record->plan) &&
                    (record->summary.empty() ||
                     result->mutable_result()->mutable_summary()->ParseFromString(record->summary));
  if (!read) {
    return absl::DataLossError(
        fmt::format("run {} cannot be read from the history: another version stored it", run_id));
  }
  watcher.Send(std::move(state));
  watcher.Send(std::move(result));
  watcher.End();
  return absl::OkStatus();
}

// ---- The history ------------------------------------------------------------------------------

absl::StatusOr<v1::ListRunsResponse> Runs::List() {
  KLOAD_ASSIGN_OR_RETURN(const std::vector<RunRecord> records, store_.List(kListed));
  v1::ListRunsResponse response;
  for (const RunRecord& record : records) {
    LiveRun* live = Find(record.id);
    *response.add_runs() =
        EncodeRunInfo(live == nullptr ? record : RecordOf(*live, clock_.UnixNow()));
  }
  return response;
}

// Of a run that goes on, what it knows itself; of others what the store has.
absl::StatusOr<v1::GetRunResponse> Runs::Get(const std::string& run_id) {
  KLOAD_ASSIGN_OR_RETURN(const std::optional<RunRecord> stored, store_.Find(run_id));
  if (!stored) return NoSuchRun(run_id);
  const LiveRun* live = Find(run_id);
  const RunRecord record = live == nullptr ? *stored : RecordOf(*live, clock_.UnixNow());
  v1::GetRunResponse response;
  *response.mutable_info() = EncodeRunInfo(record);
  bool read = response.mutable_plan()->ParseFromString(record.plan);
  if (!record.summary.empty()) {
    read = response.mutable_summary()->ParseFromString(record.summary) && read;
  }
  KLOAD_ASSIGN_OR_RETURN(const std::vector<std::string> seconds,
                         store_.Kept(run_id, Store::Detail::kSecond));
  for (const std::string& bytes : seconds)
    read = response.add_points()->ParseFromString(bytes) && read;
  KLOAD_ASSIGN_OR_RETURN(const std::vector<std::string> notes,
                         store_.Kept(run_id, Store::Detail::kNote));
  for (const std::string& bytes : notes)
    read = response.add_notes()->ParseFromString(bytes) && read;
  KLOAD_ASSIGN_OR_RETURN(const std::vector<std::string> watched,
                         store_.Kept(run_id, Store::Detail::kWatched));
  read = watch::AddWatched(watched, response) && read;
  if (!read) {
    return absl::DataLossError(
        fmt::format("run {} cannot be read from the history: another version stored it", run_id));
  }
  if (live != nullptr) {
    response.clear_notes();
    for (const RunNote& note : live->run.notes()) *response.add_notes() = wire::EncodeNote(note);
  } else if (response.summary().notes_size() > 0) {
    *response.mutable_notes() =
        response.summary().notes();  // with run times, also before the start
  }
  response.set_options_json(response.plan().options().consolidated_options_json());
  return response;
}

// ---- What is kept ------------------------------------------------------------------------------

void Runs::Do(LiveRun& live, const KeepSecond& action) {
  Keep(live, Store::Detail::kSecond, action.figures.at / std::chrono::seconds(1),
       EncodePoint(action.figures).SerializeAsString());
}

void Runs::Do(LiveRun& live, const KeepNote& action) {
  Keep(live, Store::Detail::kNote, static_cast<int64_t>(action.number),
       wire::EncodeNote(action.note).SerializeAsString());
}

// A failure takes everything with it that waits to become durable: see CommitRecords().
void Runs::Keep(LiveRun& live, Store::Detail kind, int64_t number, const std::string& bytes) {
  const absl::Status kept = store_.Keep(live.id(), kind, number, bytes);
  if (!kept.ok()) unkept_ = kept;
}

void Runs::StoreState(LiveRun& live) {
  live.stored = live.run.phase();
  Put(live, RecordOf(live, clock_.UnixNow()));
}

void Runs::Put(LiveRun& live, const RunRecord& record) {
  unstored_.erase(live.id());
  const absl::Status stored = store_.Put(record);
  if (stored.ok()) return;
  // The run is worth more than its row: it goes on, and says so once per change of its state.
  Say(live, v1::LogLine::WARNING,
      fmt::format("the run's state could not be stored: {}", Message(stored)));
  unstored_.emplace(live.id(), record);
  // What waited to become durable is gone with it.
  unkept_ = stored;
  if (unstored_.size() > kFinishedKept) unstored_.erase(unstored_.begin());
}

void Runs::StoreAgain(Nanos now) {
  if (unstored_.empty() || now < next_try_) return;
  next_try_ = now + std::chrono::seconds(1);
  std::erase_if(unstored_, [this](const auto& row) { return store_.Put(row.second).ok(); });
}

}  // namespace kload::controller
