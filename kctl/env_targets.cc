#include "kctl/env_targets.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "common/base/ascii.h"
#include "common/base/status.h"

namespace kload::kctl {
namespace {

constexpr std::string_view kPrefix = "TARGET_";

struct Known {
  std::string_view name;
  const char* threshold;  // with the number's place
  bool rate;
};
constexpr std::array<Known, 6> kKnown = {
    {{"TARGET_P50_LATENCY", "http_req_duration=p(50)<{}", false},
     {"TARGET_P90_LATENCY", "http_req_duration=p(90)<{}", false},
     {"TARGET_P95_LATENCY", "http_req_duration=p(95)<{}", false},
     {"TARGET_P99_LATENCY", "http_req_duration=p(99)<{}", false},
     {"TARGET_ERROR_RATE", "http_req_failed=rate<{}", true},
     {"TARGET_CHECK_RATE", "checks=rate>{}", true}}};

absl::StatusOr<double> NumberOf(const std::string& name, const std::string& text, bool rate) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const bool fits = rate ? number >= 0 && number <= 1 : number > 0;
  if (error == std::errc() && stop == end && fits) return number;
  return absl::InvalidArgumentError(
      fmt::format("{}={} is not {}", name, text,
                  rate ? "a rate between 0 and 1, such as 0.01" : "a time in ms, such as 200"));
}

const Known* Find(std::string_view name) {
  for (const Known& each : kKnown) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<EnvTargets> TargetsOfEnv(const std::map<std::string, std::string>& variables) {
  constexpr std::string_view kRate = "_RATE";
  EnvTargets targets;
  for (const auto& [name, value] : variables) {
    if (!name.starts_with(kPrefix)) continue;
    if (const Known* known = Find(name)) {
      KLOAD_RETURN_IF_ERROR(NumberOf(name, value, known->rate).status());
      targets.thresholds.push_back(fmt::format(fmt::runtime(known->threshold), value));
    } else if (name.ends_with(kRate)) {
      const absl::StatusOr<double> number = NumberOf(name, value, true);
      if (!number.ok()) {
        // It may be a variable of the script's own.
        targets.warnings.push_back(fmt::format("{}; it is no target", Message(number.status())));
        continue;
      }
      const std::string measure = Lower(std::string_view(name).substr(kPrefix.size()));
      targets.figures.push_back({.group = "Reliability",
                                 .name = measure,
                                 .measure = measure,
                                 .at_least = measure != "timeout_rate",
                                 .target = *number,
                                 .target_high = {},
                                 .critical = {},
                                 .share = true});
    } else if (name.find("LATENCY") != std::string::npos) {
      targets.warnings.push_back(fmt::format(
          "{} means nothing to kload; TARGET_P95_LATENCY (also P50, P90, P99), TARGET_ERROR_RATE, "
          "TARGET_CHECK_RATE and TARGET_<WATCHED METRIC>_RATE do",
          name));
    }
  }
  return targets;
}

}  // namespace kload::kctl
