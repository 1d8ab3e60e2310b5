#include "kctl/follow.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <thread>

#include "common/base/log.h"
#include "common/base/status.h"
#include "common/wire/summary_wire.h"
#include "kctl/artillery_report.h"
#include "kctl/exit_code.h"
#include "kctl/write_file.h"

namespace kload::kctl {
namespace {

using std::chrono::seconds;

// How long a controller may be away before we give up on it.
constexpr Nanos kAwayMax = seconds(30);

// One attempt after another to watch until the result is there.
class Follower {
 public:
  Follower(Client& client, const std::string& run_id, const FollowOptions& options, Screen& screen,
           const Clock& clock)
      : client_(client),
        run_id_(run_id),
        options_(options),
        clock_(clock),
        view_(screen, clock, options.view) {}

  // OK when the result is there.
  absl::Status Run() {
    std::optional<Nanos> away_since;
    while (true) {
      const absl::Status ended = client_.Watch(
          run_id_, options_.outputs != nullptr,
          [&](const v1::RunEvent& event) {
            away_since.reset();
            if (options_.outputs != nullptr) options_.outputs->OnEvent(event);
            view_.OnEvent(event);
          },
          [&] { return OnTick(); });
      if (view_.result()) return absl::OkStatus();
      if (left_) return absl::CancelledError("no longer watching; the run goes on");
      if (!ended.ok() && !absl::IsUnavailable(ended)) return ended;
      if (!away_since) {
        away_since = clock_.Now();
        spdlog::warn("lost the controller, trying again for {} s; the agents go on meanwhile",
                     std::chrono::duration_cast<seconds>(kAwayMax).count());
      }
      if (clock_.Now() - *away_since > kAwayMax || !Pause()) {
        return ended.ok()
                   ? absl::UnavailableError("the controller ended the stream without a result")
                   : ended;
      }
    }
  }

  LiveView& view() { return view_; }
  bool interrupted() const { return interrupted_; }

 private:
  // Every 100 ms. False: stop watching.
  bool OnTick() {
    if (!interrupted_ && options_.interrupts() > 0) {
      interrupted_ = true;
      if (!options_.stops_run) {
        left_ = true;
        return false;
      }
      Stop();
    }
    view_.OnTick();
    if (options_.outputs != nullptr) options_.outputs->OnTick(clock_.Now());
    return true;
  }

  void Stop() {
    spdlog::warn(
        "interrupted: stopping the run and its iterations; teardown() and the summary follow. "
        "Ctrl-C again exits at once");
    view_.OnStopping();
    const absl::StatusOr<std::string> stopped = client_.StopRun(run_id_, false);
    if (!stopped.ok() && !absl::IsFailedPrecondition(stopped.status())) {
      spdlog::error("the run could not be stopped: {}", Message(stopped.status()));
    }
  }

  // Waits before the next attempt; false when the first signal came: there is nobody to tell it to.
  bool Pause() {
    for (int i = 0; i < 10; ++i) {
      if (!interrupted_ && options_.interrupts() > 0) return false;
      std::this_thread::sleep_for(options_.retry_pause / 10);
    }
    return true;
  }

  Client& client_;
  const std::string run_id_;
  const FollowOptions& options_;
  const Clock& clock_;
  LiveView view_;
  bool interrupted_ = false;
  bool left_ = false;
};

// Prints the summary in the wanted form and writes the export file.
absl::Status ShowSummary(const v1::RunResult& result, const FollowOptions& options,
                         Screen& screen) {
  const absl::StatusOr<RunSummary> summary = wire::DecodeSummary(result.summary());
  if (!summary.ok()) return Annotate(summary.status(), "the summary cannot be shown");
  const bool handled =
      options.handle_summary &&
      HandleSummary(*options.handle_summary, *summary, result.setup_json(), !options.json, screen);
  if (options.json) {
    screen.Print(SummaryExportJson(*summary) + "\n");
  } else if (!handled && options.summary_mode != SummaryMode::kDisabled) {
    screen.Print(RenderSummary(*summary, options.summary_mode, screen.color()));
  }
  if (options.summary_export.empty()) return absl::OkStatus();
  return WriteFile("--summary-export", options.summary_export, SummaryExportJson(*summary));
}

}  // namespace

int Conclude(const v1::RunResult& result, bool interrupted, const FollowOptions& options,
             Screen& screen) {
  int code = result.exit_code();
  if (interrupted && code == kExitStopped) code = kExitInterrupted;
  if (result.has_summary()) {
    const absl::Status shown = ShowSummary(result, options, screen);
    if (!shown.ok()) spdlog::error("{}", Message(shown));
    if (!shown.ok() && code == kExitOk) code = kExitOther;
  }
  if (code != kExitOk && !result.message().empty()) spdlog::error("{}", result.message());
  return code;
}

namespace {

// Ends the outputs; what has to be known of them goes into the result's summary. False when a file is not complete.
bool FinishOutputs(OutputSet& outputs, v1::RunResult* result) {
  std::optional<uint64_t> samples_made;
  if (result != nullptr) samples_made = result->samples_made();
  const absl::Status finished = outputs.Finish(samples_made);
  for (const std::string& warning : outputs.warnings()) {
    spdlog::warn("{}", warning);
    if (result != nullptr && result->has_summary())
      result->mutable_summary()->add_warnings(warning);
  }
  if (!finished.ok()) spdlog::error("{}", Message(finished));
  return finished.ok();
}

// Writes Artillery's report, with the seconds that the controller's history has of the run.
absl::Status WriteReport(Client& client, const std::string& run_id, const v1::RunResult& result,
                         const std::string& path) {
  KLOAD_ASSIGN_OR_RETURN(const RunSummary summary, wire::DecodeSummary(result.summary()));
  const absl::StatusOr<v1::GetRunResponse> history = client.GetRun(run_id);
  if (!history.ok()) {
    spdlog::warn("--output: {} has no figures over time: {}", path, Message(history.status()));
  }
  std::error_code ignored;  // the file cannot be written then, which is said
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  return WriteFile("--output", path,
                   ArtilleryReportJson(summary, history.ok() ? *history : v1::GetRunResponse()));
}

}  // namespace

int Follow(Client& client, const std::string& run_id, const FollowOptions& options, Screen& screen,
           const Clock& clock) {
  Follower follower(client, run_id, options, screen, clock);
  const absl::Status ended = follower.Run();
  follower.view().Finish();
  std::optional<v1::RunResult> result = follower.view().result();
  const bool written =
      options.outputs == nullptr || FinishOutputs(*options.outputs, result ? &*result : nullptr);
  if (result) {
    const int code = Conclude(*result, follower.interrupted(), options, screen);
    bool complete = written;
    if (!options.report.empty() && result->has_summary()) {
      const absl::Status reported = WriteReport(client, run_id, *result, options.report);
      if (!reported.ok()) spdlog::error("{}", Message(reported));
      complete = complete && reported.ok();
    }
    return code == kExitOk && !complete ? kExitOther : code;
  }
  if (absl::IsCancelled(ended)) {
    spdlog::info("{}", Message(ended));
    return kExitInterrupted;
  }
  spdlog::error("run {}: {}", run_id, Message(ended));
  return kExitOther;
}

}  // namespace kload::kctl
