#include "common/analysis/targets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "common/yaml/yaml.h"

namespace kload::analysis {
namespace {

constexpr std::array<std::string_view, 4> kSections = {"response_time", "throughput", "reliability",
                                                       "watch"};

// What a figure's name measures when it does not say so, and which way is good.
struct KnownFigure {
  std::string_view name;
  std::string_view measure;
  bool at_least;
};
constexpr std::array<KnownFigure, 6> kKnown = {
    {{"requests_per_second", "requests_per_second", true},
     {"concurrent_users", "concurrent_users", true},
     {"concurrent_users_peak", "concurrent_users", true},
     {"error_rate", "error_rate", false},
     {"timeout_rate", "timeout_rate", false},
     {"uptime", "uptime", true}}};

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) { targets_.file = file; }

  absl::StatusOr<Targets> Read(const Yaml& root) {
    if (!root.is_map()) {
      return YamlError(file_, root,
                       fmt::format("expected sections: {}", fmt::join(kSections, ", ")));
    }
    for (const auto& [key, value] : root.members) {
      if (key == "response_time") {
        KLOAD_RETURN_IF_ERROR(ReadLatencies(value));
      } else if (key == "throughput" || key == "reliability") {
        KLOAD_RETURN_IF_ERROR(
            ReadFigures(key == "throughput" ? "Throughput" : "Reliability", value));
      } else if (key == "watch") {
        KLOAD_RETURN_IF_ERROR(ReadWatch(value));
      } else {
        return YamlError(
            file_, value,
            fmt::format("unknown section \"{}\"; there are {}", key, fmt::join(kSections, ", ")));
      }
    }
    return CheckMeasures();
  }

 private:
  absl::StatusOr<double> Milliseconds(const Yaml& value) const {
    if (value.is_scalar()) {
      const absl::StatusOr<Nanos> time =
          ParseDuration(WithoutSign(value.scalar), BareNumber::kRefused);
      if (time.ok() && *time > Nanos(0)) {
        return std::chrono::duration<double, std::milli>(*time).count();
      }
    }
    return YamlError(file_, value, "expected a time with its unit, such as 200ms or 2s");
  }

  static std::string WithoutSign(const std::string& text) {
    const size_t first = text.find_first_not_of("<= ");
    return first == std::string::npos ? "" : text.substr(first);
  }

  absl::Status ReadLatencies(const Yaml& list) {
    if (!list.is_list()) {
      return YamlError(file_, list,
                       "expected a list of categories: - name, match, target, critical");
    }
    for (const Yaml& item : list.items) {
      LatencyTarget target;
      if (!item.is_map()) return YamlError(file_, item, "expected name, match, target, critical");
      for (const auto& [key, value] : item.members) {
        KLOAD_RETURN_IF_ERROR(ReadLatencyMember(key, value, target));
      }
      if (target.name.empty()) return YamlError(file_, item, "has no name");
      if (target.match.empty()) {
        return YamlError(file_, item, "has no match, such as \"GET */health\"");
      }
      if (target.target_ms <= 0) return YamlError(file_, item, "has no target, such as 200ms");
      if (target.critical_ms && *target.critical_ms < target.target_ms) {
        return YamlError(file_, item, "critical is below target");
      }
      targets_.latencies.push_back(std::move(target));
    }
    return absl::OkStatus();
  }

  absl::Status ReadLatencyMember(const std::string& key, const Yaml& value, LatencyTarget& target) {
    if (key == "name" && value.is_scalar()) {
      target.name = value.scalar;
    } else if (key == "match" && value.is_scalar()) {
      target.match = {value.scalar};
    } else if (key == "match" && value.is_list()) {
      for (const Yaml& each : value.items) target.match.push_back(each.scalar);
    } else if (key == "target") {
      KLOAD_ASSIGN_OR_RETURN(target.target_ms, Milliseconds(value));
    } else if (key == "critical") {
      KLOAD_ASSIGN_OR_RETURN(target.critical_ms, Milliseconds(value));
    } else if (key == "quantile") {
      KLOAD_ASSIGN_OR_RETURN(target.quantile, Quantile(value));
    } else {
      return YamlError(file_, value,
                       fmt::format("\"{}\" is none of name, match, target, critical, quantile, or "
                                   "has the wrong form",
                                   key));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<double> Quantile(const Yaml& value) const {
    double percent = 0;
    const std::string& text = value.scalar;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), percent);
    if (text.starts_with("p") && error == std::errc() && end == text.data() + text.size() &&
        percent > 0 && percent < 100) {
      return percent / 100;
    }
    return YamlError(file_, value, "expected a quantile such as p95 or p99.9");
  }

  // "<1%", ">= 0.7", "10-20", "1000", "100/min".
  absl::Status ReadBound(const Yaml& value, FigureTarget& figure, std::optional<double>& bound) {
    std::string text = value.scalar;
    std::erase(text, ' ');
    size_t first = 0;
    if (text.starts_with("<") || text.starts_with(">")) {
      figure.at_least = text[0] == '>';
      directed_ = true;
      first = text.starts_with("<=") || text.starts_with(">=") ? 2 : 1;
    }
    double number = 0;
    const char* last = text.data() + text.size();
    auto [end, error] = std::from_chars(text.data() + first, last, number);
    if (!value.is_scalar() || error != std::errc()) {
      return YamlError(file_, value, "expected a number, such as <1%, >70%, 1000 or 10-20");
    }
    if (end != last && *end == '%') {
      figure.share = true;
      number /= 100;
      ++end;
    } else if (end != last && *end == '-') {
      double high = 0;
      const auto range = std::from_chars(end + 1, last, high);
      if (range.ec != std::errc() || high < number) {
        return YamlError(file_, value, "expected a range such as 10-20");
      }
      figure.target_high = high;
      figure.at_least = true;
      directed_ = true;
      end = range.ptr;
    }
    // What it is counted in may follow: RPS, jobs/min.
    if (end != last && std::string_view("0123456789.<>%-").find(*end) != std::string_view::npos) {
      return YamlError(file_, value, fmt::format("\"{}\" is not a number", value.scalar));
    }
    bound = number;
    return absl::OkStatus();
  }

  absl::Status ReadFigures(const std::string& group, const Yaml& section) {
    if (!section.is_map()) return YamlError(file_, section, "expected lines like error_rate: <1%");
    for (const auto& [name, value] : section.members) {
      FigureTarget figure{.group = group, .name = name, .measure = name};
      directed_ = false;
      for (const KnownFigure& known : kKnown) {
        if (known.name != name) continue;
        figure.measure = known.measure;
        figure.at_least = known.at_least;
        directed_ = true;
      }
      std::optional<double> target;
      if (value.is_map()) {
        KLOAD_RETURN_IF_ERROR(ReadFigureMap(value, figure, target));
      } else {
        KLOAD_RETURN_IF_ERROR(ReadBound(value, figure, target));
      }
      if (!target) return YamlError(file_, value, "has no target");
      figure.target = *target;
      if (!directed_) {
        return YamlError(
            file_, value,
            fmt::format("write >{0} or <{0}: which way is good is not known of \"{1}\"",
                        value.is_scalar() ? value.scalar : "N", name));
      }
      figure.line = value.line;
      targets_.figures.push_back(std::move(figure));
    }
    return absl::OkStatus();
  }

  absl::Status ReadFigureMap(const Yaml& map, FigureTarget& figure, std::optional<double>& target) {
    for (const auto& [key, value] : map.members) {
      if (key == "target") {
        KLOAD_RETURN_IF_ERROR(ReadBound(value, figure, target));
      } else if (key == "critical") {
        KLOAD_RETURN_IF_ERROR(ReadBound(value, figure, figure.critical));
      } else if (key == "measure" && value.is_scalar()) {
        figure.measure = value.scalar;
      } else {
        return YamlError(file_, value,
                         fmt::format("\"{}\" is none of target, critical, measure", key));
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadWatch(const Yaml& section) {
    if (!section.is_map()) return YamlError(file_, section, "expected url and metrics");
    for (const auto& [key, value] : section.members) {
      if (key == "url" && value.is_scalar()) {
        targets_.watch_url = value.scalar;
      } else if (key == "metrics" && value.is_map()) {
        for (const auto& [name, expression] : value.members) {
          targets_.watch.emplace_back(name, expression.scalar);
        }
      } else {
        return YamlError(
            file_, value,
            fmt::format("\"{}\": expected url: URL and metrics: NAME: EXPRESSION", key));
      }
    }
    return absl::OkStatus();
  }

  // What is not kload's own must be watched.
  absl::StatusOr<Targets> CheckMeasures() {
    for (const FigureTarget& figure : targets_.figures) {
      const bool own = std::any_of(kKnown.begin(), kKnown.end(), [&](const KnownFigure& known) {
        return known.measure == figure.measure;
      });
      const bool watched =
          std::any_of(targets_.watch.begin(), targets_.watch.end(),
                      [&](const auto& each) { return each.first == figure.measure; });
      if (own || watched) continue;
      Yaml place;
      place.line = figure.line;
      place.column = 1;
      return YamlError(file_, place,
                       fmt::format("nothing measures \"{0}\": name it below watch.metrics with an "
                                   "expression over the target's metrics, {0}: ...",
                                   figure.measure));
    }
    return std::move(targets_);
  }

  const std::string file_;
  Targets targets_;
  bool directed_ = false;  // of the figure at hand: which way is good is known
};

}  // namespace

absl::StatusOr<Targets> ParseTargets(std::string_view yaml, const std::string& file) {
  KLOAD_ASSIGN_OR_RETURN(const Yaml root, ParseYaml(yaml, file));
  return Reader(file).Read(root);
}

std::string_view TargetVerdictName(TargetVerdict verdict) {
  switch (verdict) {
    case TargetVerdict::kMet:
      return "met";
    case TargetVerdict::kMissed:
      return "missed target";
    case TargetVerdict::kCritical:
      return "critical";
    case TargetVerdict::kUnknown:
      return "unknown";
  }
  return "";
}

}  // namespace kload::analysis
