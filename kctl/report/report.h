// A run's result with everything that is said about it: what each form of the report renders.
//
// Data path: Result, Targets -> Analyze() -> Report -> html.h, markdown.h, junit.h.
// Thread:    pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/analysis/findings.h"
#include "common/analysis/targets.h"
#include "common/result/result.h"

namespace kload::kctl {

struct Report {
  Result result;
  std::vector<analysis::TargetRow> targets;  // empty: none were given
  std::vector<analysis::Symptom> findings;   // the worst first
};

// Judges the targets and looks for symptoms.
Report Analyze(Result result, const std::optional<analysis::Targets>& targets);

// How something ended, for its colour.
enum class Mood { kGood, kUnsure, kBad };
// good, unsure, bad.
std::string_view MoodName(Mood mood);

struct Verdict {
  std::string text;  // passed, thresholds failed, aborted ...
  Mood mood = Mood::kUnsure;
};
// By the exit code and the state.
Verdict VerdictOf(const Result& result);
Mood MoodOf(SoundnessLabel label);
Mood MoodOf(analysis::TargetVerdict verdict);

// A number that a reader looks for first, as text.
struct KeyFigure {
  std::string label;
  std::string value;
  std::string detail;  // may be empty
};
// Only those that the result has.
std::vector<KeyFigure> KeyFigures(const Result& result);

struct ThresholdRow {
  std::string metric;
  std::string expression;
  std::string observed;  // with its unit
  bool ok = true;
};
std::vector<ThresholdRow> ThresholdRows(const Result& result);

struct CheckRow {
  std::string name;  // groups and the check: "login › status is 200"
  uint64_t passes = 0;
  uint64_t fails = 0;
};
std::vector<CheckRow> CheckRows(const Result& result);

// A threshold on a percentile of all requests' duration, to be drawn beside it.
struct LatencyLimit {
  double quantile = 0;  // 0.95
  double ms = 0;
  std::string expression;
};
std::vector<LatencyLimit> LatencyLimits(const Result& result);

// "GET https://host/path"; without a method the name alone.
std::string EndpointName(const Endpoint& endpoint);
// Of the endpoint's duration, in ms.
double QuantileOf(const Endpoint& endpoint, double p);
// Time over which rates are taken: the summary's, else the run's. In seconds; 0 when not known.
double RateSeconds(const Result& result);
// "3m20s", to the tenth of a second below a minute.
std::string RunTimeText(Nanos at);
// 2026-01-31T08:30:00Z; empty for 0.
std::string UtcText(Nanos unix_time);
// Of a duration in ms, to three digits: "950 µs", "87.2 ms", "1.25 s".
std::string LatencyText(double ms);
// Of a share: "1.13 %".
std::string ShareText(double share);
// 1234567 as "1,234,567".
std::string CountText(uint64_t count);

}  // namespace kload::kctl
