// Prometheus' text format, read: what a target says of itself at one moment.
//
// Data path: the target's page (TargetReader) -> ParseExposition() -> History.
// Thread:    pure functions.
// Bounds:    kPageBytesMax and kSamplesMax per page, kWantedMax samples that are kept of it; more is an error.
// Source:    format 0.0.4, and of OpenMetrics 1.0 what a text page has in common with it: "# EOF", exemplars. Timestamps are
//            read over: a page is of the moment at which it was asked for.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kload::watch {

inline constexpr size_t kPageBytesMax = 8 * 1024 * 1024;
inline constexpr size_t kSamplesMax = 100'000;
inline constexpr size_t kWantedMax = 10'000;

using Labels = std::map<std::string, std::string, std::less<>>;

// One line of a page. Histograms and summaries are the plain series that they are written as: _bucket with the label le,
// _sum, _count, and the name itself with the label quantile.
struct ExposedSample {
  std::string name;
  Labels labels;
  double value = 0;  // may be NaN or infinite
};

// Which metrics' samples are kept.
using Wanted = std::function<bool(std::string_view name)>;

// The page's samples in its order; lines after "# EOF" are not read. Lines of metrics that are not wanted are checked, too.
// Errors: InvalidArgument with the number of the line and what was expected there; ResourceExhausted beyond a bound.
absl::StatusOr<std::vector<ExposedSample>> ParseExposition(std::string_view page,
                                                           const Wanted& wanted);

// A float as the format writes it: also +Inf, -Inf, NaN in any case. False: it is none.
bool ParseFloat(std::string_view text, double& value);

// Whether the character may be in a metric's name; `first`: at its start. Colons are for metrics only, not for labels.
bool IsNameCharacter(char c, bool first, bool colon);

}  // namespace kload::watch
