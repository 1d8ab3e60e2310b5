#include "kctl/live_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/status.h"
#include "common/wire/plan_wire.h"
#include "common/wire/summary_wire.h"

namespace kload::kctl {
namespace {

using std::chrono::seconds;

// How far run time is moved on by our own clock: figures come once a second, and when they stop to
// come the picture shall stand still too.
constexpr Nanos kAheadMax = seconds(2);

// Off a terminal: a line a second at first, so that short runs show something, then one every 10 s.
constexpr Nanos kPlainDense = seconds(10);
constexpr Nanos kPlainStep = seconds(10);

RunPhase ToPhase(v1::RunState::Phase phase) {
  switch (phase) {
    case v1::RunState::PREPARING:
      return RunPhase::kPreparing;
    case v1::RunState::SETUP:
      return RunPhase::kSetup;
    case v1::RunState::RUNNING:
      return RunPhase::kRunning;
    case v1::RunState::TEARDOWN:
      return RunPhase::kTeardown;
    case v1::RunState::FINISHED:
      return RunPhase::kFinished;
    default:
      return RunPhase::kWaiting;
  }
}

spdlog::level::level_enum ToLevel(v1::LogLine::Level level) {
  switch (level) {
    case v1::LogLine::DEBUG:
      return spdlog::level::debug;
    case v1::LogLine::WARNING:
      return spdlog::level::warn;
    case v1::LogLine::ERROR:
      return spdlog::level::err;
    default:
      return spdlog::level::info;
  }
}

// The worst of it in a few words.
std::string TroubleOf(const v1::Soundness& message) {
  const Soundness soundness = wire::DecodeSoundness(message);
  if (soundness.findings.empty()) return "";
  const size_t more = soundness.findings.size() - 1;
  return fmt::format("{}: {}{}", SoundnessName(soundness.label), soundness.findings.front().reason,
                     more == 0 ? "" : fmt::format(" (and {} more)", more));
}

}  // namespace

LiveView::LiveView(Screen& screen, const Clock& clock, ViewOptions options)
    : screen_(screen), clock_(clock), options_(std::move(options)) {}

void LiveView::OnEvent(const v1::RunEvent& event) {
  switch (event.event_case()) {
    case v1::RunEvent::kState:
      return OnState(event.state());
    case v1::RunEvent::kProgress:
      return OnProgress(event.progress());
    case v1::RunEvent::kLog:
      return OnLog(event.log());
    case v1::RunEvent::kResult:
      return OnResult(event.result());
    case v1::RunEvent::kSamples:
    case v1::RunEvent::EVENT_NOT_SET:
      return;  // of a newer controller
  }
}

void LiveView::OnState(const v1::RunState& state) {
  live_.phase = ToPhase(state.phase());
  live_at_ = clock_.Now();
  if (live_.phase == RunPhase::kWaiting && state.agents_wanted() > 0) {
    const std::string text = fmt::format("waiting for agents: {} of {} connected",
                                         state.agents_connected(), state.agents_wanted());
    if (std::exchange(waiting_shown_, text) != text) spdlog::info("{}", text);
  }
  if (plan_ || !state.has_plan() || state.plan().scenarios().empty()) return;
  absl::StatusOr<TestPlan> plan = wire::DecodePlan(state.plan());
  if (!plan.ok()) {
    spdlog::warn("the controller's plan cannot be shown: {}", Message(plan.status()));
    return;
  }
  plan_ = *std::move(plan);
  options_.header.agents = std::max(state.agents_wanted(), 1U);
  if (options_.progress) screen_.Print(RenderHeader(options_.header, *plan_));
}

void LiveView::OnProgress(const v1::Progress& progress) {
  live_.run_time = Nanos(progress.run_ns());
  live_.vus = progress.vus();
  live_.complete = progress.iterations_complete();
  live_.interrupted = progress.iterations_interrupted();
  live_.requests_per_second = progress.requests_per_second();
  live_.p95_ms = progress.p95_ms();
  live_.failed_ratio = progress.failed_ratio();
  live_.trouble = TroubleOf(progress.soundness());
  for (const v1::ScenarioState& scenario : progress.scenarios()) {
    live_.scenarios[scenario.name()] = {.vus = scenario.vus_active(),
                                        .iterations = scenario.iterations_complete()};
  }
  live_at_ = clock_.Now();
  if (!options_.progress || screen_.redraws() || !plan_) return;
  const Nanos step = live_.run_time <= kPlainDense ? Nanos(seconds(1)) : kPlainStep;
  // Deltas come a little early or late; a tenth of the step is forgiven.
  if (!plain_printed_at_ || live_.run_time - *plain_printed_at_ >= step - step / 10)
    PrintPlainLine();
}

void LiveView::PrintPlainLine() {
  plain_printed_at_ = live_.run_time;
  screen_.Print(PlainProgress(*plan_, live_) + "\n");
}

void LiveView::OnLog(const v1::LogLine& line) {
  std::string source = line.source();
  if (source == "kload") source.clear();
  if (!source.empty()) {
    if (source == "stacktrace" && !line.scenario().empty())
      source += " scenario=" + line.scenario();
    if (options_.agent_names && !line.agent().empty()) source += " agent=" + line.agent();
  }
  LogFrom(ToLevel(line.level()), source, line.text());
}

void LiveView::OnResult(const v1::RunResult& result) { result_ = result; }

void LiveView::OnStopping() { live_.stopped = true; }

Live LiveView::Current() const {
  Live live = live_;
  if (live.phase != RunPhase::kRunning) return live;
  live.run_time += std::min(clock_.Now() - live_at_, kAheadMax);
  return live;
}

void LiveView::OnTick() {
  if (!options_.progress || !screen_.redraws() || !plan_) return;
  const TerminalSize size = SizeOfTerminal();
  std::vector<std::string> lines = RenderProgress(*plan_, Current(), size.columns, screen_.color());
  // A block higher than the terminal could not be drawn over.
  const auto rows = static_cast<size_t>(std::max(size.rows - 1, 1));
  if (lines.size() > rows) lines.resize(rows);
  screen_.Draw(std::move(lines));
}

void LiveView::Finish() {
  live_.phase = RunPhase::kFinished;
  if (result_ && result_->exit_code() != 0 && result_->exit_code() != 99) live_.stopped = true;
  if (options_.progress && plan_ && result_ && result_->has_summary()) {
    if (screen_.redraws()) {
      OnTick();
    } else if (plain_printed_at_ != live_.run_time) {
      PrintPlainLine();
    }
  }
  screen_.Finish(true);
}

}  // namespace kload::kctl
