#include "tests/target/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

#include "common/base/duration.h"
#include "common/base/status.h"

namespace kload::target {
namespace {

constexpr Nanos kLatencyMax = std::chrono::minutes(1);

// SplitMix64 (Steele, Lea, Flood 2014): a good 64-bit mix of a counter.
uint64_t Mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

// Uniform in (0, 1), independent for each (seed, request, stream).
double Uniform(uint64_t seed, uint64_t request, uint64_t stream) {
  const uint64_t bits = Mix(Mix(seed * 3 + stream) ^ request);
  return (static_cast<double>(bits >> 11) + 0.5) / 9007199254740992.0;
}

absl::StatusOr<Nanos> ParseTime(std::string_view text) {
  KLOAD_ASSIGN_OR_RETURN(const Nanos time, ParseDuration(text, BareNumber::kRefused));
  if (time < Nanos{0}) return absl::InvalidArgumentError(fmt::format("\"{}\" is negative", text));
  return time;
}

}  // namespace

absl::StatusOr<Latency> ParseLatency(std::string_view text) {
  constexpr std::string_view kLogNormal = "lognormal:";
  Latency latency;
  if (!text.starts_with(kLogNormal)) {
    KLOAD_ASSIGN_OR_RETURN(latency.median, ParseTime(text));
    return latency;
  }
  const std::string_view rest = text.substr(kLogNormal.size());
  const size_t comma = rest.find(',');
  const std::string_view sigma = comma == rest.npos ? "" : rest.substr(comma + 1);
  KLOAD_ASSIGN_OR_RETURN(latency.median, ParseTime(rest.substr(0, comma)));
  const auto [end, error] =
      std::from_chars(sigma.data(), sigma.data() + sigma.size(), latency.sigma);
  if (error != std::errc() || end != sigma.data() + sigma.size() || latency.sigma < 0) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": expected lognormal:MEDIAN,SIGMA such as lognormal:20ms,0.5", text));
  }
  return latency;
}

absl::StatusOr<Stall> ParseStall(std::string_view text) {
  Stall stall;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    const size_t equals = part.find('=');
    const std::string_view key = part.substr(0, equals);
    Nanos* field = key == "at"      ? &stall.at
                   : key == "for"   ? &stall.duration
                   : key == "every" ? &stall.every
                                    : nullptr;
    if (field == nullptr || equals == part.npos) {
      return absl::InvalidArgumentError(
          fmt::format("\"{}\": expected at=5s,for=2s[,every=30s]", text));
    }
    KLOAD_ASSIGN_OR_RETURN(*field, ParseTime(part.substr(equals + 1)));
  }
  if (stall.duration == Nanos{0}) {
    return absl::InvalidArgumentError(fmt::format("\"{}\": for=DURATION is missing", text));
  }
  if (stall.every != Nanos{0} && stall.every <= stall.duration) {
    return absl::InvalidArgumentError(fmt::format("\"{}\": every must be longer than for", text));
  }
  return stall;
}

Nanos LatencyOf(const Faults& faults, uint64_t request) {
  const Latency& latency = faults.latency;
  if (latency.sigma == 0) return latency.median;
  // Box and Muller's normal deviate from two uniform ones.
  const double normal = std::sqrt(-2 * std::log(Uniform(faults.seed, request, 0))) *
                        std::cos(2 * std::numbers::pi * Uniform(faults.seed, request, 1));
  const double nanos =
      static_cast<double>(latency.median.count()) * std::exp(latency.sigma * normal);
  return Nanos{static_cast<int64_t>(std::min(nanos, static_cast<double>(kLatencyMax.count())))};
}

bool FailsOf(const Faults& faults, uint64_t request) {
  return faults.error_rate > 0 && Uniform(faults.seed, request, 2) < faults.error_rate;
}

Nanos StallLeft(const Faults& faults, std::string_view route, Nanos since_start) {
  const Stall& stall = faults.stall;
  if (stall.duration == Nanos{0} || since_start < stall.at) return Nanos{0};
  if (!faults.stall_route.empty() && route != faults.stall_route) return Nanos{0};
  Nanos into = since_start - stall.at;
  if (stall.every != Nanos{0}) into %= stall.every;
  return std::max(Nanos{0}, stall.duration - into);
}

}  // namespace kload::target
