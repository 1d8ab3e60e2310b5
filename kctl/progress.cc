#include "kctl/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/duration.h"
#include "common/summary/format.h"

namespace kload::kctl {
namespace {

using std::chrono::duration_cast;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kBarWidthMax = 40;
constexpr int kBarWidthMin = 10;
constexpr int kNameWidthMax = 30;
constexpr const char* kReset = "\x1b[0m";
constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kRed = "\x1b[31m";
constexpr const char* kCyan = "\x1b[36m";
constexpr const char* kFaint = "\x1b[2m";

int Columns(std::string_view text) { return static_cast<int>(DisplayWidth(text)); }

// The longest beginning of `text` that fits into `width` columns.
std::string Fit(std::string_view text, int width) {
  size_t end = 0;
  int columns = 0;
  while (end < text.size()) {
    size_t next = end + 1;
    while (next < text.size() && (text[next] & 0xC0) == 0x80) ++next;
    if (++columns > width) break;
    end = next;
  }
  return std::string(text.substr(0, end));
}

std::string Painted(std::string_view text, const char* paint, bool color) {
  return color ? fmt::format("{}{}{}", paint, text, kReset) : std::string(text);
}

size_t Digits(int64_t number) { return std::to_string(std::max<int64_t>(number, 0)).size(); }

// 007 for the maximum 100.
std::string Padded(int64_t number, int64_t maximum) {
  return fmt::format("{:0{}}", number, Digits(maximum));
}

bool CountsIterations(const Scenario& scenario) {
  return scenario.executor == ExecutorKind::kSharedIterations ||
         scenario.executor == ExecutorKind::kPerVuIterations;
}

int64_t IterationsWanted(const Scenario& scenario) {
  const bool per_vu = scenario.executor == ExecutorKind::kPerVuIterations;
  return scenario.iterations * (per_vu ? scenario.vus : 1);
}

enum class ScenarioPhase { kRunning, kWaiting, kStopping, kDone, kInterrupted };

// One scenario at one moment, in the terms of its own line.
struct ScenarioView {
  const Scenario& scenario;
  ScenarioLive live;
  Nanos spent{0};  // since the scenario's start, at most `total`
  Nanos total{0};
  double ratio = 0;  // 0 ... 1
  ScenarioPhase phase = ScenarioPhase::kRunning;

  bool ended() const {
    return phase == ScenarioPhase::kDone || phase == ScenarioPhase::kInterrupted;
  }
};

ScenarioPhase PhaseOf(const ScenarioView& view, const Live& live) {
  const bool over = live.phase == RunPhase::kTeardown || live.phase == RunPhase::kFinished;
  const bool time_is_up = view.spent >= view.total;
  const bool counted_out =
      CountsIterations(view.scenario) &&
      view.live.iterations >= static_cast<uint64_t>(IterationsWanted(view.scenario));
  if (counted_out && (over || view.live.vus == 0)) return ScenarioPhase::kDone;
  if (over && live.stopped) return ScenarioPhase::kInterrupted;
  if (over) return ScenarioPhase::kDone;
  if (live.run_time < view.scenario.start_time) return ScenarioPhase::kWaiting;
  if (time_is_up) return view.live.vus > 0 ? ScenarioPhase::kStopping : ScenarioPhase::kDone;
  return live.stopped ? ScenarioPhase::kStopping : ScenarioPhase::kRunning;
}

ScenarioView ViewOf(const Scenario& scenario, const Live& live) {
  ScenarioView view{.scenario = scenario, .live = {}};
  const auto found = live.scenarios.find(scenario.name);
  if (found != live.scenarios.end()) view.live = found->second;
  view.total = RegularDuration(scenario);
  view.spent = std::clamp(live.run_time - scenario.start_time, Nanos(0), view.total);
  if (CountsIterations(scenario)) {
    const int64_t wanted = IterationsWanted(scenario);
    view.ratio = wanted > 0 ? double(view.live.iterations) / double(wanted) : 1;
  } else {
    view.ratio =
        view.total > Nanos(0) ? double(view.spent.count()) / double(view.total.count()) : 1;
  }
  view.ratio = std::clamp(view.ratio, 0.0, 1.0);
  view.phase = PhaseOf(view, live);
  if (view.phase == ScenarioPhase::kDone) view.ratio = 1;
  return view;
}

const char* SymbolOf(ScenarioPhase phase) {
  switch (phase) {
    case ScenarioPhase::kWaiting:
      return "•";
    case ScenarioPhase::kStopping:
      return "↓";
    case ScenarioPhase::kDone:
      return "✓";
    case ScenarioPhase::kInterrupted:
      return "✗";
    case ScenarioPhase::kRunning:
      break;
  }
  return " ";
}

// Iterations per second that the plan wants at the moment.
double RateNow(const ScenarioView& view) {
  const Scenario& s = view.scenario;
  if (s.executor == ExecutorKind::kConstantArrivalRate) return PerSecond(s.rate, s);
  int64_t from = s.rate;
  Nanos left = view.spent;
  for (const Stage& stage : s.stages) {
    if (left < stage.duration) {
      const double part = double(left.count()) / double(stage.duration.count());
      return PerSecond(from, s) + (PerSecond(stage.target, s) - PerSecond(from, s)) * part;
    }
    left -= stage.duration;
    from = stage.target;
  }
  return PerSecond(from, s);
}

// What stands right of the bar.
std::string RightSide(const ScenarioView& view) {
  const Scenario& s = view.scenario;
  const int64_t most = MaxVus(s);
  const bool ramps = s.executor == ExecutorKind::kRampingVus;
  const bool arrives = IsArrivalRate(s) || IsControlled(s);
  std::string text = ramps || arrives
                         ? fmt::format("{}/{} VUs  ", Padded(view.live.vus, most), most)
                         : fmt::format("{} VUs  ", Padded(view.live.vus, most));
  if (view.ended()) {
    text += FormatDuration(view.total);
  } else if (view.phase == ScenarioPhase::kWaiting) {
    text += "waits for " + FormatDuration(duration_cast<seconds>(s.start_time));
  } else {
    text += FormatSpent(view.spent, view.total) + "/" +
            (ramps ? FormatSpent(view.total, view.total) : FormatDuration(view.total));
  }
  if (IsArrivalRate(s) && !view.ended()) text += fmt::format("  {:.2f} iters/s", RateNow(view));
  if (!CountsIterations(s)) return text;
  const int64_t wanted = IterationsWanted(s);
  text +=
      fmt::format("  {}/{}", Padded(static_cast<int64_t>(view.live.iterations), wanted), wanted);
  return text + (s.executor == ExecutorKind::kSharedIterations
                     ? " shared iters"
                     : fmt::format(" iters, {} per VU", s.iterations));
}

std::string Bar(double ratio, int width) {
  if (width < kBarWidthMin) return fmt::format("[ {:3}% ]", static_cast<int>(ratio * 100));
  const int inner = width - 2;
  const int filled = static_cast<int>(ratio * inner);
  std::string bar(static_cast<size_t>(filled), '=');
  if (filled < inner && filled > 0) bar.back() = '>';
  return "[" + bar + std::string(static_cast<size_t>(inner - filled), '-') + "]";
}

std::string ScenarioLine(const ScenarioView& view, int name_width, int width, bool color) {
  const std::string name = Fit(view.scenario.name, name_width);
  const std::string pad(static_cast<size_t>(name_width - Columns(name)), ' ');
  const std::string symbol = SymbolOf(view.phase);
  const std::string right = RightSide(view);
  const int room = width - name_width - 3 - 1 - Columns(right);
  const std::string bar = Bar(view.ratio, std::min(room, kBarWidthMax));
  const std::string plain = fmt::format("{}{} {} {} {}", name, pad, symbol, bar, right);
  if (Columns(plain) > width) return Fit(plain, width);
  const char* paint = view.phase == ScenarioPhase::kInterrupted ? kRed
                      : view.phase == ScenarioPhase::kDone      ? kGreen
                                                                : kCyan;
  return fmt::format("{}{} {} {} {}", name, pad, Painted(symbol, paint, color),
                     Painted(bar, paint, color), right);
}

std::string RunWord(RunPhase phase) {
  switch (phase) {
    case RunPhase::kWaiting:
      return "waiting for agents";
    case RunPhase::kPreparing:
      return "preparing";
    case RunPhase::kSetup:
      return "setup()";
    case RunPhase::kTeardown:
      return "teardown()";
    case RunPhase::kRunning:
    case RunPhase::kFinished:
      break;
  }
  return "running";
}

std::string RunLine(const TestPlan& plan, const Live& live) {
  const int64_t most = TotalVus(plan);
  return fmt::format("{} ({}), {}/{} VUs, {} complete and {} interrupted iterations",
                     RunWord(live.phase), FormatSpent(live.run_time, MaxDuration(plan)),
                     Padded(live.vus, most), most, live.complete, live.interrupted);
}

}  // namespace

std::string FormatSpent(Nanos spent, Nanos total) {
  const int64_t tenths = std::max<int64_t>(spent.count(), 0) / 100'000'000;
  const int64_t h = tenths / 36'000;
  const int64_t m = tenths / 600 % 60;
  const double s = static_cast<double>(tenths % 600) / 10;
  const Nanos widest = std::max(spent, total);
  const auto hour_digits = static_cast<int>(Digits(duration_cast<hours>(widest).count()));
  if (widest >= hours(1)) return fmt::format("{:0{}}h{:02}m{:04.1f}s", h, hour_digits, m, s);
  if (widest >= minutes(10)) return fmt::format("{:02}m{:04.1f}s", m, s);
  if (widest >= minutes(1)) return fmt::format("{}m{:04.1f}s", m, s);
  if (widest >= seconds(10)) return fmt::format("{:04.1f}s", s);
  return fmt::format("{:.1f}s", s);
}

std::vector<std::string> RenderProgress(const TestPlan& plan, const Live& live, int width,
                                        bool color) {
  // The last column stays free: some terminals wrap once it is written.
  const int usable = std::max(width - 1, 1);
  std::vector<std::string> lines = {Fit(RunLine(plan, live), usable)};
  const std::string failed = "failed " + FormatRatio(live.failed_ratio);
  const std::string figures = fmt::format("  {:.1f} requests/s   p(95)={}   ",
                                          live.requests_per_second, FormatTime(live.p95_ms, ""));
  if (Columns(figures + failed) > usable) {
    lines.push_back(Fit(figures + failed, usable));
  } else {
    lines.push_back(Painted(figures, kFaint, color) +
                    Painted(failed, live.failed_ratio > 0 ? kRed : kFaint, color));
  }
  if (!live.trouble.empty()) {
    lines.push_back(Painted(Fit("  " + live.trouble, usable), kRed, color));
  }
  int name_width = 0;
  for (const Scenario& s : plan.scenarios) name_width = std::max(name_width, Columns(s.name));
  name_width = std::min({name_width, kNameWidthMax, usable});
  for (const Scenario& scenario : plan.scenarios) {
    lines.push_back(ScenarioLine(ViewOf(scenario, live), name_width, usable, color));
  }
  return lines;
}

std::string PlainProgress(const TestPlan& plan, const Live& live) {
  std::string line = RunLine(plan, live);
  line += fmt::format(", {:.1f} requests/s, p(95)={}, failed {}", live.requests_per_second,
                      FormatTime(live.p95_ms, ""), FormatRatio(live.failed_ratio));
  for (const Scenario& scenario : plan.scenarios) {
    const ScenarioView view = ViewOf(scenario, live);
    line += fmt::format(", {} {}%", scenario.name, static_cast<int>(view.ratio * 100));
  }
  if (!live.trouble.empty()) line += ", " + live.trouble;
  return line;
}

std::string RenderHeader(const HeaderFacts& facts, const TestPlan& plan) {
  std::string text = "\n";
  const auto row = [&text](std::string_view label, std::string_view value) {
    text += fmt::format("{:>14}: {}\n", label, value);
  };
  row("execution",
      fmt::format("{} ({} agent{})", facts.execution, facts.agents, facts.agents == 1 ? "" : "s"));
  row("script", facts.script);
  if (!facts.run_id.empty()) row("run", facts.run_id);
  row("output", facts.output);
  text += '\n';
  const size_t count = plan.scenarios.size();
  row("scenarios",
      fmt::format("(100.00%) {} scenario{}, {} max VUs, {} max duration (incl. graceful stop):",
                  count, count == 1 ? "" : "s", TotalVus(plan), FormatDuration(MaxDuration(plan))));
  for (const Scenario& scenario : plan.scenarios) {
    text += fmt::format("{:14}* {}: {}\n", "", scenario.name, Describe(scenario));
  }
  return text + "\n";
}

}  // namespace kload::kctl
