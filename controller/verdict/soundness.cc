#include "controller/verdict/soundness.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/base/duration.h"

namespace kload::controller {
namespace {

std::string Rounded(double milliseconds) {
  return FormatDuration(std::chrono::milliseconds(static_cast<int64_t>(milliseconds)));
}

double Share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

double Share(Nanos part, Nanos whole) {
  return whole <= Nanos(0) ? 0
                           : static_cast<double>(part.count()) / static_cast<double>(whole.count());
}

double Milliseconds(Nanos time) { return std::chrono::duration<double, std::milli>(time).count(); }

}  // namespace

void GeneratorWatch::Trouble::Add(const Delta& delta, double value, Nanos lasted) {
  const Nanos earliest =
      std::max(std::min(delta.interval_start, delta.interval_end - lasted), Nanos(0));
  const Nanos begin = length == Nanos(0) ? earliest : std::max(earliest, to);
  if (length == Nanos(0)) from = begin;
  to = std::max(to, delta.interval_end);
  length += std::max(delta.interval_end - begin, Nanos(0));
  worst = std::max(worst, value);
}

void GeneratorWatch::Take(const Delta& delta) {
  last_end_ = std::max(last_end_, delta.interval_end);
  const AgentHealth& health = delta.health;
  last_ = health;
  if (delta.interval_end <= delta.interval_start) return;  // of setup() or teardown()
  length_ += delta.interval_end - delta.interval_start;
  if (health.cores > 0 && health.cpu_ratio > kBusyShare * health.cores) {
    busy_now_.Add(delta, health.cpu_ratio / health.cores);
    if (busy_now_.length >= kBusyFor) {
      if (busy_.length == Nanos(0)) busy_.from = busy_now_.from;
      busy_.to = busy_now_.to;
      busy_.length = std::max(busy_.length, busy_now_.length);
      busy_.worst = std::max(busy_.worst, busy_now_.worst);
    }
  } else {
    busy_now_ = {};
  }
  if (health.loop_lag_max > kLagging) {
    // What a timer is late, nothing was served, also in the deltas before.
    lagging_.Add(delta, Milliseconds(health.loop_lag_max), health.loop_lag_max);
  }
  if (health.stalled > kStalled) stalled_.Add(delta, Milliseconds(health.stalled));
  if (health.cpu_throttled_ratio > kThrottledShare) {
    throttled_.Add(delta, health.cpu_throttled_ratio);
  }
}

std::vector<Finding> GeneratorWatch::Findings(const std::string& agent, uint64_t requests,
                                              uint64_t iterations) const {
  std::vector<Finding> findings;
  const auto find = [&](SoundnessLabel label, Nanos from, Nanos to, std::string reason) {
    findings.push_back({label, std::move(reason), agent, from, to});
  };
  if (busy_.length > Nanos(0)) {
    find(SoundnessLabel::kDegraded, busy_.from, busy_.to,
         fmt::format("agent '{}' used {:.0f}% of its CPU: what it measured includes waiting for "
                     "itself; use more agents",
                     agent, busy_.worst * 100));
  }
  const Nanos lagging_time = std::min(lagging_.length, length_);
  const double lagging = Share(lagging_time, length_);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lagging_time).count();
  const bool at_once = lagging_.worst >= Milliseconds(std::chrono::seconds(kLaggingSeconds));
  if (seconds >= static_cast<int64_t>(kLaggingSeconds) && (lagging > kLaggingShare || at_once)) {
    find(
        lagging > kLaggingInvalid ? SoundnessLabel::kInvalid : SoundnessLabel::kDegraded,
        lagging_.from, lagging_.to,
        fmt::format("agent '{}' served its timers more than {} late in {} of {} seconds, up to {}: "
                    "latencies are overstated by that",
                    agent, FormatDuration(kLagging), seconds,
                    std::chrono::duration_cast<std::chrono::seconds>(length_).count(),
                    Rounded(lagging_.worst)));
  }
  if (stalled_.length > Nanos(0)) {
    find(SoundnessLabel::kDegraded, stalled_.from, stalled_.to,
         fmt::format("agent '{}' did not run at all for {}: its machine or somebody stopped it",
                     agent, Rounded(stalled_.worst)));
  }
  if (throttled_.length > Nanos(0)) {
    find(SoundnessLabel::kDegraded, throttled_.from, throttled_.to,
         fmt::format("agent '{}' was kept from running for up to {:.0f}% of the time by the CPU "
                     "limit of its container",
                     agent, throttled_.worst * 100));
  }
  const double late = Share(last_.iterations_late, iterations);
  if (late > kLateShare) {
    find(late > kLateInvalid ? SoundnessLabel::kInvalid : SoundnessLabel::kDegraded, Nanos(0),
         last_end_,
         fmt::format("agent '{}' began {} of {} iterations late although VUs were free: the load "
                     "was not the plan's",
                     agent, last_.iterations_late, iterations));
  }
  if (last_.generator_errors > 0) {
    const bool many = Share(last_.generator_errors, requests) > kErrorsInvalid;
    find(
        many ? SoundnessLabel::kInvalid : SoundnessLabel::kDegraded, Nanos(0), last_end_,
        fmt::format("agent '{}' could not make {} connections for a lack of files, ports or memory "
                    "of its own: these errors are not the target's; raise its limits (ulimit -n)",
                    agent, last_.generator_errors));
  }
  return findings;
}

Soundness JudgeFindings(std::vector<Finding> findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::pair(-static_cast<int>(a.label), a.from) <
           std::pair(-static_cast<int>(b.label), b.from);
  });
  const SoundnessLabel label =
      findings.empty() ? SoundnessLabel::kTrustworthy : findings.front().label;
  return {label, std::move(findings)};
}

}  // namespace kload::controller
