#include "common/artillery/phases.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <set>

namespace kload::artillery {
namespace {

using std::chrono::seconds;
using Json = nlohmann::ordered_json;

constexpr double kPerSecond = 1e9;
constexpr Nanos kShortestSteady = seconds(1);  // of constant-arrival-rate
constexpr double kLongest = 3e16;              // a year
// Vusers that are on their way when a phase ends go on to their end, as in Artillery; this is for those that never end.
constexpr Nanos kGrace = std::chrono::minutes(10);
constexpr int kGraceSessions = 10;

// ---- Reading ----

std::optional<double> UnitOf(std::string_view unit) {
  if (unit.empty() || unit == "s" || unit == "sec" || unit == "secs" || unit == "second" ||
      unit == "seconds") {
    return 1;
  }
  if (unit == "ms" || unit.starts_with("millisecond") || unit == "msec") return 1e-3;
  if (unit == "m" || unit == "min" || unit == "mins" || unit == "minute" || unit == "minutes") {
    return 60;
  }
  if (unit == "h" || unit == "hr" || unit == "hrs" || unit == "hour" || unit == "hours")
    return 3600;
  if (unit == "d" || unit == "day" || unit == "days") return 86400;
  return std::nullopt;
}

std::optional<double> NumberOf(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->kind == Value::Kind::kNumber) return value->number;
  double number = 0;
  const std::string& text = value->text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// One phase's fields with their problems.
class PhaseReader {
 public:
  PhaseReader(const Value& phase, std::string path, Checker& checker)
      : phase_(phase), path_(std::move(path)), checker_(checker) {}

  Phase Read() {
    Phase phase;
    if (const Value* name = phase_.Find("name")) phase.name = name->text;
    if (phase_.Find("pause") != nullptr) {
      phase.pause = true;
      phase.duration = Time("pause");
      return phase;
    }
    if (phase_.Find("arrivalRate") == nullptr && phase_.Find("arrivalCount") == nullptr) {
      checker_.Add(phase_.place, path_, "has none of arrivalRate, arrivalCount and pause");
      return phase;
    }
    if (phase_.Find("duration") == nullptr) {
      checker_.Add(phase_.place, path_, "has no duration; say how long in seconds, duration: 60");
      return phase;
    }
    phase.duration = Time("duration");
    if (const auto count = Number("arrivalCount")) phase.count = static_cast<int64_t>(*count);
    phase.rate = Number("arrivalRate").value_or(0);
    phase.ramp_to = Number("rampTo");
    if (const auto most = Number("maxVusers")) phase.vusers_max = static_cast<int64_t>(*most);
    // No arrivals at all are a pause.
    phase.pause = phase.Arrivals() == 0;
    return phase;
  }

 private:
  Nanos Time(const char* key) {
    const Value& value = *phase_.Find(key);
    const std::optional<Nanos> time = TimeOf(value);
    if (!time) {
      checker_.Add(value.place, fmt::format("{}.{}", path_, key),
                   fmt::format("{} is not a time such as 60 or \"10m\"", Shown(value)));
    } else if (*time == Nanos(0)) {
      checker_.Add(value.place, fmt::format("{}.{}", path_, key), "is no time at all");
    }
    return time.value_or(Nanos(0));
  }
  std::optional<double> Number(const char* key) {
    const Value* value = phase_.Find(key);
    if (value == nullptr) return std::nullopt;
    const std::optional<double> number = NumberOf(value);
    constexpr double kMost = 1e9;
    if (!number || *number < 0 || *number > kMost) {
      checker_.Add(value->place, fmt::format("{}.{}", path_, key),
                   fmt::format("{} is not a number such as 10", Shown(*value)));
      return std::nullopt;
    }
    return number;
  }

  const Value& phase_;
  const std::string path_;
  Checker& checker_;
};

// ---- Planning ----

std::string Text(Nanos time) {
  const int64_t ns = time.count();
  if (ns % 1'000'000'000 == 0) return fmt::format("{}s", ns / 1'000'000'000);
  if (ns % 1'000'000 == 0) return fmt::format("{}ms", ns / 1'000'000);
  return fmt::format("{}ns", ns);
}

// A name that scenarios may have: letters, digits, _ and -.
std::string ScenarioName(const Phase& phase, size_t index, std::set<std::string>& taken) {
  std::string name;
  for (const char c : phase.name) {
    const bool good = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
    if (good || (!name.empty() && name.back() != '_')) name += good ? c : '_';
  }
  while (name.ends_with('_')) name.pop_back();
  if (name.empty()) name = fmt::format("phase_{}", index + 1);
  while (!taken.insert(name).second) name += fmt::format("_{}", index + 1);
  return name;
}

// The least power of ten by which both become whole numbers; rates finer than a millionth are rounded.
int64_t ScaleOf(double a, double b) {
  int64_t scale = 1;
  const auto whole = [](double value) { return std::abs(value - std::round(value)) < 1e-9; };
  while (scale < 1'000'000 &&
         !(whole(a * static_cast<double>(scale)) && whole(b * static_cast<double>(scale)))) {
    scale *= 10;
  }
  return scale;
}

// Exactly `count` arrivals, evenly over the duration.
void FillSteady(Json& scenario, const Phase& phase, int64_t count) {
  const int64_t duration = phase.duration.count();
  if (phase.duration < kShortestSteady) {
    scenario["executor"] = "ramping-arrival-rate";
    scenario["startRate"] = count;
    scenario["timeUnit"] = Text(phase.duration);
    scenario["stages"] = {{{"duration", Text(phase.duration)}, {"target", count}}};
    return;
  }
  scenario["executor"] = "constant-arrival-rate";
  scenario["duration"] = Text(phase.duration);
  const double rate = phase.rate;
  const bool is_plain = !phase.count && rate == std::floor(rate) && rate >= 1 &&
                        1'000'000'000 % static_cast<int64_t>(rate) == 0 &&
                        duration % (1'000'000'000 / static_cast<int64_t>(rate)) == 0;
  if (is_plain) {
    scenario["rate"] = static_cast<int64_t>(rate);
    scenario["timeUnit"] = "1s";
    return;
  }
  // The time between two arrivals is whole nanoseconds: rounded up, so that none comes too many.
  const int64_t period = (duration + count - 1) / count;
  scenario["rate"] = count;
  scenario["timeUnit"] = Text(Nanos(period * count));
}

void FillRamp(Json& scenario, const Phase& phase) {
  const int64_t scale = ScaleOf(phase.rate, *phase.ramp_to);
  const auto scaled = [scale](double rate) {
    return static_cast<int64_t>(std::llround(rate * static_cast<double>(scale)));
  };
  scenario["executor"] = "ramping-arrival-rate";
  scenario["startRate"] = scaled(phase.rate);
  scenario["timeUnit"] = Text(seconds(scale));
  scenario["stages"] = {{{"duration", Text(phase.duration)}, {"target", scaled(*phase.ramp_to)}}};
}

void FillVus(Json& scenario, const Phase& phase, Nanos session) {
  const double length = static_cast<double>(session.count()) / kPerSecond;
  const double duration = static_cast<double>(phase.duration.count()) / kPerSecond;
  const auto arrivals = phase.Arrivals();
  const double peak = phase.count ? static_cast<double>(*phase.count) / std::max(duration, 1.0)
                                  : std::max(phase.rate, phase.ramp_to.value_or(0));
  constexpr int64_t kFloor = 1000;
  constexpr double kSlowSession = 30;  // seconds that answers may take beyond what is expected
  constexpr int64_t kMadeBeforeMax = 1000;
  const auto expected = static_cast<int64_t>(std::ceil(peak * length * 1.2)) + 1;
  const auto slow = static_cast<int64_t>(std::ceil(peak * (2 * length + kSlowSession)));
  const int64_t most = std::min(phase.vusers_max.value_or(std::max(slow, kFloor)), arrivals);
  scenario["preAllocatedVUs"] = std::min({expected, most, kMadeBeforeMax});
  scenario["maxVUs"] = most;
}

// ---- Estimating ----

double FlowSeconds(const Value& flow);

double StepSeconds(const Value& step) {
  constexpr double kRequest = 0.2;
  constexpr double kUnknownThink = 5;
  if (step.kind == Value::Kind::kList) return FlowSeconds(step);
  if (const Value* think = step.Find("think")) {
    const std::optional<Nanos> time = TimeOf(*think);
    return time ? static_cast<double>(time->count()) / kPerSecond : kUnknownThink;
  }
  if (const Value* loop = step.Find("loop")) {
    const Value* over = step.Find("over");
    const double times = over != nullptr && over->kind == Value::Kind::kList
                             ? static_cast<double>(over->items.size())
                             : std::max(NumberOf(step.Find("count")).value_or(10), 1.0);
    return times * FlowSeconds(*loop);
  }
  if (const Value* parallel = step.Find("parallel")) {
    double longest = 0;
    for (const Value& inner : parallel->items) longest = std::max(longest, StepSeconds(inner));
    return longest;
  }
  return step.Find("log") != nullptr ? 0 : kRequest;
}

double FlowSeconds(const Value& flow) {
  double sum = 0;
  for (const Value& step : flow.items) sum += StepSeconds(step);
  return sum;
}

}  // namespace

int64_t Phase::Arrivals() const {
  if (pause) return 0;
  if (count) return *count;
  const double length = static_cast<double>(duration.count()) / kPerSecond;
  const double mean = ramp_to ? (rate + *ramp_to) / 2 : rate;
  return static_cast<int64_t>(std::floor(mean * length + 1e-9));
}

std::optional<Nanos> TimeOf(const Value& value) {
  const std::string& text = value.text;
  double number = value.number;
  std::string unit;
  if (value.kind == Value::Kind::kText) {
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    if (error != std::errc()) return std::nullopt;
    for (const char* at = end; at != last; ++at) {
      if (*at != ' ') unit += static_cast<char>(std::tolower(static_cast<unsigned char>(*at)));
    }
  } else if (value.kind != Value::Kind::kNumber) {
    return std::nullopt;
  }
  const std::optional<double> factor = UnitOf(unit);
  if (!factor || !(number >= 0) || number * *factor * kPerSecond > kLongest) return std::nullopt;
  return Nanos(std::llround(number * *factor * kPerSecond));
}

std::vector<Phase> ReadPhases(const Value* phases, Checker& checker) {
  if (phases == nullptr || phases->items.empty()) {
    return {Phase{.name = "", .duration = seconds(1), .count = 1, .ramp_to = {}, .vusers_max = {}}};
  }
  std::vector<Phase> read;
  for (size_t i = 0; i < phases->items.size(); ++i) {
    read.push_back(
        PhaseReader(phases->items[i], fmt::format("config.phases[{}]", i), checker).Read());
  }
  if (std::all_of(read.begin(), read.end(), [](const Phase& phase) { return phase.pause; })) {
    checker.Add(phases->place, "config.phases", "nobody arrives in any phase");
  }
  return read;
}

PhasePlan PlanPhases(const std::vector<Phase>& phases, Nanos session) {
  PhasePlan plan;
  std::set<std::string> taken;
  Nanos start{0};
  int64_t arrived = 0;
  for (size_t i = 0; i < phases.size(); ++i) {
    const Phase& phase = phases[i];
    const int64_t arrivals = phase.Arrivals();
    if (arrivals > 0) {
      const std::string name = ScenarioName(phase, i, taken);
      Json& scenario = plan.scenarios[name];
      if (start > Nanos(0)) scenario["startTime"] = Text(start);
      phase.ramp_to && !phase.count ? FillRamp(scenario, phase)
                                    : FillSteady(scenario, phase, arrivals);
      FillVus(scenario, phase, session);
      scenario["gracefulStop"] =
          Text(std::chrono::ceil<seconds>(std::max(kGrace, kGraceSessions * session)));
      plan.offsets[name] = arrived;
      arrived += arrivals;
    }
    start += phase.duration;
  }
  return plan;
}

Nanos EstimateSession(const Value& scenarios) {
  double longest = 0;
  for (const Value& scenario : scenarios.items) {
    if (const Value* flow = scenario.Find("flow")) longest = std::max(longest, FlowSeconds(*flow));
  }
  constexpr double kMost = 24 * 3600;
  return Nanos(std::llround(std::min(longest, kMost) * kPerSecond));
}

}  // namespace kload::artillery
