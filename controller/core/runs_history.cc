#include "controller/core/runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

#include "common/base/status.h"
#include "common/k6/secrets.h"
#include "common/wire/summary_wire.h"
#include "controller/core/live_run.h"
#include "controller/run/run_wire.h"
#include "controller/run/totals.h"
#include "controller/watch/watch_wire.h"

namespace kload::controller {
namespace {

constexpr size_t kBaselineNameMax = 64;

// What may be kept of an endpoint's name: without the run's secrets, and when an earlier process had those, without queries.
ShownName ShownNameOf(const LiveRun& live) {
  if (live.secrets_lost) {
    return [](const std::string& name) { return name.substr(0, name.find('?')); };
  }
  if (live.order.secret_sources().empty()) return [](const std::string& name) { return name; };
  std::vector<k6::SecretSource> sources;
  for (const v1::SecretSource& source : live.order.secret_sources()) {
    sources.push_back({source.name(), {source.values().begin(), source.values().end()}});
  }
  return [secrets = k6::Secrets(std::move(sources))](const std::string& name) {
    return secrets.Redact(name);
  };
}

}  // namespace

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

absl::StatusOr<std::string> Runs::Resolve(const std::string& run_id) {
  if (!run_id.starts_with("@")) return run_id;
  KLOAD_ASSIGN_OR_RETURN(const auto baselines, store_.Baselines());
  const auto found = baselines.find(run_id.substr(1));
  if (found != baselines.end()) return found->second;
  return absl::NotFoundError(fmt::format(
      "there is no baseline \"{}\"; `kctl baseline set NAME RUN` makes one", run_id.substr(1)));
}

absl::Status Runs::SetBaseline(const std::string& name, const std::string& run_id) {
  const bool good = !name.empty() && name.size() <= kBaselineNameMax &&
                    std::all_of(name.begin(), name.end(), [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
                    });
  if (!good) {
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\" is no name of a baseline: use letters, digits, dots, dashes, underscores", name));
  }
  return store_.SetBaseline(name, run_id);
}

absl::StatusOr<v1::ListBaselinesResponse> Runs::Baselines() {
  KLOAD_ASSIGN_OR_RETURN(const auto baselines, store_.Baselines());
  v1::ListBaselinesResponse response;
  for (const auto& [name, id] : baselines) {
    KLOAD_ASSIGN_OR_RETURN(const std::optional<RunRecord> record, store_.Find(id));
    if (!record) continue;
    v1::Baseline* baseline = response.add_baselines();
    baseline->set_name(name);
    *baseline->mutable_run() = EncodeRunInfo(*record);
  }
  return response;
}

// Of a run that goes on, what it knows itself; of others what the store has.
absl::StatusOr<v1::GetRunResponse> Runs::Get(const std::string& asked) {
  KLOAD_ASSIGN_OR_RETURN(const std::string run_id, Resolve(asked));
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
  KLOAD_ASSIGN_OR_RETURN(const std::vector<std::string> totals,
                         store_.Kept(run_id, Store::Detail::kTotals));
  for (const std::string& bytes : totals) read = response.MergeFromString(bytes) && read;
  KLOAD_ASSIGN_OR_RETURN(const std::vector<std::string> watched,
                         store_.Kept(run_id, Store::Detail::kWatched));
  read = watch::AddWatched(watched, response) && read;
  if (!read) {
    return absl::DataLossError(
        fmt::format("run {} cannot be read from the history: another version stored it", run_id));
  }
  if (live != nullptr) {
    AddTotals(live->run.series(), ShownNameOf(*live), response);
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

void Runs::KeepTotals(LiveRun& live) {
  v1::GetRunResponse totals;
  AddTotals(live.run.series(), ShownNameOf(live), totals);
  if (totals.totals_size() > 0) {
    Keep(live, Store::Detail::kTotals, 0, totals.SerializeAsString());
  }
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
