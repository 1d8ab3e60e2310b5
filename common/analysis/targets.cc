#include "common/analysis/targets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "common/base/duration.h"
#include "common/base/status.h"
#include "common/yaml/document.h"

namespace kload::analysis {
namespace {

using yaml::Value;
using Kind = yaml::Value::Kind;

bool IsScalar(const Value& value) {
  return value.kind == Kind::kText || value.kind == Kind::kNumber || value.kind == Kind::kBool;
}

absl::Status ErrorAt(const Value& where, std::string_view message) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", yaml::ToString(where.place), message));
}

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
  Reader(const std::string& file, const std::vector<std::string>& watched)
      : file_(file), watched_(watched) {
    targets_.file = file;
  }

  absl::StatusOr<Targets> Read(const Value& root) {
    if (root.kind != Kind::kMap) {
      return ErrorAt(root, fmt::format("expected sections: {}", fmt::join(kSections, ", ")));
    }
    for (const auto& [key, place, value] : root.members) {
      if (key == "response_time") {
        KLOAD_RETURN_IF_ERROR(ReadLatencies(value));
      } else if (key == "throughput" || key == "reliability") {
        KLOAD_RETURN_IF_ERROR(
            ReadFigures(key == "throughput" ? "Throughput" : "Reliability", value));
      } else if (key == "watch") {
        KLOAD_RETURN_IF_ERROR(ReadWatch(value));
      } else {
        return ErrorAt(value, fmt::format("unknown section \"{}\"; there are {}", key,
                                          fmt::join(kSections, ", ")));
      }
    }
    return CheckMeasures();
  }

 private:
  absl::StatusOr<double> Milliseconds(const Value& value) const {
    if (IsScalar(value)) {
      const absl::StatusOr<Nanos> time =
          ParseDuration(WithoutSign(value.text), BareNumber::kRefused);
      if (time.ok() && *time > Nanos(0)) {
        return std::chrono::duration<double, std::milli>(*time).count();
      }
    }
    return ErrorAt(value, "expected a time with its unit, such as 200ms or 2s");
  }

  static std::string WithoutSign(const std::string& text) {
    const size_t first = text.find_first_not_of("<= ");
    return first == std::string::npos ? "" : text.substr(first);
  }

  absl::Status ReadLatencies(const Value& list) {
    if (list.kind != Kind::kList) {
      return ErrorAt(list, "expected a list of categories: - name, match, target, critical");
    }
    for (const Value& item : list.items) {
      LatencyTarget target;
      if (item.kind != Kind::kMap) return ErrorAt(item, "expected name, match, target, critical");
      for (const auto& [key, place, value] : item.members) {
        KLOAD_RETURN_IF_ERROR(ReadLatencyMember(key, value, target));
      }
      if (target.name.empty()) return ErrorAt(item, "has no name");
      if (target.match.empty()) {
        return ErrorAt(item, "has no match, such as \"GET */health\"");
      }
      if (target.target_ms <= 0) return ErrorAt(item, "has no target, such as 200ms");
      if (target.critical_ms && *target.critical_ms < target.target_ms) {
        return ErrorAt(item, "critical is below target");
      }
      targets_.latencies.push_back(std::move(target));
    }
    return absl::OkStatus();
  }

  absl::Status ReadLatencyMember(const std::string& key, const Value& value,
                                 LatencyTarget& target) {
    if (key == "name" && IsScalar(value)) {
      target.name = value.text;
    } else if (key == "match" && IsScalar(value)) {
      target.match = {value.text};
    } else if (key == "match" && value.kind == Kind::kList) {
      for (const Value& each : value.items) target.match.push_back(each.text);
    } else if (key == "target") {
      KLOAD_ASSIGN_OR_RETURN(target.target_ms, Milliseconds(value));
    } else if (key == "critical") {
      KLOAD_ASSIGN_OR_RETURN(target.critical_ms, Milliseconds(value));
    } else if (key == "quantile") {
      KLOAD_ASSIGN_OR_RETURN(target.quantile, Quantile(value));
    } else {
      return ErrorAt(value,
                     fmt::format("\"{}\" is none of name, match, target, critical, quantile, or "
                                 "has the wrong form",
                                 key));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<double> Quantile(const Value& value) const {
    double percent = 0;
    // Never empty: there is something behind its first character, if only the end.
    const std::string text = value.text.empty() ? "?" : value.text;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), percent);
    if (text.starts_with("p") && error == std::errc() && end == text.data() + text.size() &&
        percent > 0 && percent < 100) {
      return percent / 100;
    }
    return ErrorAt(value, "expected a quantile such as p95 or p99.9");
  }

  // "<1%", ">= 0.7", "10-20", "1000", "100/min".
  absl::Status ReadBound(const Value& value, FigureTarget& figure, std::optional<double>& bound) {
    std::string text = value.text;
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
    if (!IsScalar(value) || error != std::errc()) {
      return ErrorAt(value, "expected a number, such as <1%, >70%, 1000 or 10-20");
    }
    if (end != last && *end == '%') {
      figure.share = true;
      number /= 100;
      ++end;
    } else if (end != last && *end == '-') {
      double high = 0;
      const auto range = std::from_chars(end + 1, last, high);
      if (range.ec != std::errc() || high < number) {
        return ErrorAt(value, "expected a range such as 10-20");
      }
      figure.target_high = high;
      figure.at_least = true;
      directed_ = true;
      end = range.ptr;
    }
    // What it is counted in may follow: RPS, jobs/min.
    if (end != last && std::string_view("0123456789.<>%-").find(*end) != std::string_view::npos) {
      return ErrorAt(value, fmt::format("\"{}\" is not a number", value.text));
    }
    bound = number;
    return absl::OkStatus();
  }

  // 1 may be meant as 1 %.
  static absl::Status CheckShare(const Value& value, const FigureTarget& figure) {
    constexpr std::array<std::string_view, 3> kShares = {"error_rate", "timeout_rate", "uptime"};
    const bool share = std::find(kShares.begin(), kShares.end(), figure.measure) != kShares.end();
    if (!share || figure.share || figure.target < 1) return absl::OkStatus();
    return ErrorAt(value, fmt::format("{} is a share: write {:g}%, or a number below 1",
                                      figure.name, figure.target));
  }

  absl::Status ReadFigures(const std::string& group, const Value& section) {
    if (section.kind != Kind::kMap) return ErrorAt(section, "expected lines like error_rate: <1%");
    for (const auto& [name, place, value] : section.members) {
      FigureTarget figure{.group = group, .name = name, .measure = name};
      directed_ = false;
      for (const KnownFigure& known : kKnown) {
        if (known.name != name) continue;
        figure.measure = known.measure;
        figure.at_least = known.at_least;
        directed_ = true;
      }
      std::optional<double> target;
      if (value.kind == Kind::kMap) {
        KLOAD_RETURN_IF_ERROR(ReadFigureMap(value, figure, target));
      } else {
        KLOAD_RETURN_IF_ERROR(ReadBound(value, figure, target));
      }
      if (!target) return ErrorAt(value, "has no target");
      figure.target = *target;
      KLOAD_RETURN_IF_ERROR(CheckShare(value, figure));
      if (!directed_) {
        return ErrorAt(value,
                       fmt::format("write >{0} or <{0}: which way is good is not known of \"{1}\"",
                                   IsScalar(value) ? value.text : "N", name));
      }
      figure.line = value.place.line;
      targets_.figures.push_back(std::move(figure));
    }
    return absl::OkStatus();
  }

  absl::Status ReadFigureMap(const Value& map, FigureTarget& figure,
                             std::optional<double>& target) {
    const Value* critical = nullptr;
    for (const auto& [key, place, value] : map.members) {
      if (key == "target") {
        KLOAD_RETURN_IF_ERROR(ReadBound(value, figure, target));
      } else if (key == "critical") {
        critical = &value;
      } else if (key == "measure" && IsScalar(value)) {
        figure.measure = value.text;
      } else {
        return ErrorAt(value, fmt::format("\"{}\" is none of target, critical, measure", key));
      }
    }
    if (critical == nullptr) return absl::OkStatus();
    return ReadCritical(*critical, target.value_or(0), figure);
  }

  // Beyond the target; its sign says nothing that the target's does not.
  absl::Status ReadCritical(const Value& value, double target, FigureTarget& figure) {
    FigureTarget read = figure;
    KLOAD_RETURN_IF_ERROR(ReadBound(value, read, figure.critical));
    if (figure.target_high || (read.target_high != figure.target_high)) {
      return ErrorAt(value, "a range has no critical value");
    }
    const bool beyond = figure.at_least ? *figure.critical <= target : *figure.critical >= target;
    if (beyond) return absl::OkStatus();
    return ErrorAt(value, fmt::format("critical is on the good side of the target, which is {}",
                                      figure.at_least ? "at least" : "at most"));
  }

  absl::Status ReadWatch(const Value& section) {
    if (section.kind != Kind::kMap) return ErrorAt(section, "expected url and metrics");
    for (const auto& [key, place, value] : section.members) {
      if (key == "url" && IsScalar(value)) {
        targets_.watch_url = value.text;
      } else if (key == "metrics" && value.kind == Kind::kMap) {
        for (const auto& [name, place_of, expression] : value.members) {
          targets_.watch.emplace_back(name, expression.text);
        }
      } else {
        return ErrorAt(value,
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
                      [&](const auto& each) { return each.first == figure.measure; }) ||
          std::find(watched_.begin(), watched_.end(), figure.measure) != watched_.end();
      if (own || watched) continue;
      return absl::InvalidArgumentError(
          fmt::format("{0}:{1}: nothing measures \"{2}\": name it below watch.metrics with an "
                      "expression over the "
                      "target's metrics, {2}: ...",
                      file_, figure.line, figure.measure));
    }
    return std::move(targets_);
  }

  const std::string file_;
  const std::vector<std::string>& watched_;
  Targets targets_;
  bool directed_ = false;  // of the figure at hand: which way is good is known
};

}  // namespace

absl::StatusOr<Targets> ParseTargets(std::string_view text, const std::string& file,
                                     const std::vector<std::string>& watched) {
  KLOAD_ASSIGN_OR_RETURN(const Value root, yaml::ParseDocument(text, file));
  return Reader(file, watched).Read(root);
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
