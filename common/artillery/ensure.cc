#include "common/artillery/ensure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

namespace kload::artillery {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kEndpoint = "plugins.metrics-by-endpoint.";

// What a threshold is about: http_req_duration and p(95).
struct Subject {
  std::string selector;
  std::string statistic;
};

// Artillery's name of a statistic in k6's words.
std::optional<std::string> StatisticOf(std::string_view name) {
  if (name == "min" || name == "max") return std::string(name);
  if (name == "mean") return "avg";
  if (name == "median") return "med";
  if (name == "p999") return "p(99.9)";
  if (!name.starts_with('p')) return std::nullopt;
  int percentile = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), percentile);
  if (error != std::errc() || end != name.data() + name.size() || percentile < 0 ||
      percentile > 100) {
    return std::nullopt;
  }
  return fmt::format("p({})", percentile);
}

// Whether a selector can name the value of a tag.
bool FitsSelector(std::string_view value) {
  return value.find_first_of("{},\"'") == std::string_view::npos && !value.empty();
}

// Whether the name is one of Artillery's own metrics, or meant to be: no test measures anything under it.
bool IsArtillerys(std::string_view metric) {
  constexpr std::array<std::string_view, 4> kPrefixes = {"http.", "vusers.", kEndpoint, "error."};
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return metric.starts_with(prefix); });
}

// How many responses had the status, of those that `name` selects ("" or "name:/a,").
std::optional<Subject> StatusOf(std::string_view name, std::string_view status) {
  const bool is_number = status.find_first_not_of("0123456789") == std::string_view::npos;
  if (status.empty() || !is_number) return std::nullopt;
  return Subject{fmt::format("http_reqs{{{}status:{}}}", name, status), "count"};
}

// plugins.metrics-by-endpoint./a.codes.200
std::optional<Subject> EndpointStatusOf(std::string_view metric) {
  constexpr std::string_view kCodes = ".codes.";
  const size_t codes = metric.rfind(kCodes);
  if (!metric.starts_with(kEndpoint) || codes == std::string_view::npos ||
      codes < kEndpoint.size()) {
    return std::nullopt;
  }
  const std::string_view name = metric.substr(kEndpoint.size(), codes - kEndpoint.size());
  if (!FitsSelector(name)) return std::nullopt;
  return StatusOf(fmt::format("name:{},", name), metric.substr(codes + kCodes.size()));
}

// histogram.p95 of one of the histograms.
std::optional<Subject> HistogramOf(std::string_view metric) {
  const size_t dot = metric.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view name = metric.substr(0, dot);
  const std::optional<std::string> statistic = StatisticOf(metric.substr(dot + 1));
  if (!statistic || !FitsSelector(name)) return std::nullopt;
  const std::string endpoint = fmt::format("{}response_time.", kEndpoint);
  if (name == "http.response_time") return Subject{"http_req_duration", *statistic};
  if (name == "vusers.session_length") return Subject{"vusers_session_length", *statistic};
  if (name.starts_with(endpoint) && name.size() > endpoint.size()) {
    return Subject{fmt::format("http_req_duration{{name:{}}}", name.substr(endpoint.size())),
                   *statistic};
  }
  if (IsArtillerys(metric)) return std::nullopt;
  return Subject{fmt::format("artillery_histogram{{metric:{}}}", name), *statistic};
}

std::optional<Subject> SubjectOf(std::string_view metric) {
  constexpr std::string_view kCodes = "http.codes.";
  constexpr std::string_view kByName = "vusers.created_by_name.";
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kCounters = {{
      {"vusers.created", "vusers_created"},
      {"vusers.completed", "vusers_completed"},
      {"vusers.failed", "vusers_failed"},
      {"vusers.skipped", "dropped_iterations"},
      {"http.requests", "http_reqs"},
      {"http.downloaded_bytes", "data_received"},
  }};
  for (const auto& [name, counter] : kCounters) {
    if (metric == name) return Subject{std::string(counter), "count"};
  }
  if (metric == "http.request_rate") return Subject{"http_reqs", "rate"};
  if (metric.starts_with(kCodes)) return StatusOf("", metric.substr(kCodes.size()));
  if (auto codes = EndpointStatusOf(metric)) return codes;
  const bool is_by_name = metric.starts_with(kByName) && metric.size() > kByName.size();
  if (!is_by_name) {
    if (auto histogram = HistogramOf(metric)) return histogram;
    if (IsArtillerys(metric)) return std::nullopt;
  }
  if (!FitsSelector(metric)) return std::nullopt;
  return Subject{fmt::format("artillery_counter{{metric:{}}}", metric), "count"};
}

class EnsureReader {
 public:
  EnsureReader(Json& thresholds, Checker& checker) : thresholds_(thresholds), checker_(checker) {}

  void Require(const Place& place, const std::string& path, std::string_view metric,
               std::string_view comparison, std::string_view limit) {
    const std::optional<Subject> subject = SubjectOf(metric);
    if (!subject) {
      checker_.Add(place, path,
                   fmt::format("no threshold can be on {0}; there are http.response_time.p95 (min, "
                               "max, mean, median, p50 to p999), http.codes.200, http.requests, "
                               "http.request_rate, http.downloaded_bytes, vusers.created, "
                               "vusers.completed, vusers.failed, vusers.skipped, "
                               "vusers.session_length.p95, vusers.created_by_name.NAME, "
                               "{1}response_time.NAME.p95, {1}NAME.codes.200, errors.* and custom "
                               "metrics",
                               metric, kEndpoint));
      return;
    }
    double number = 0;
    const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), number);
    if (error != std::errc() || end != limit.data() + limit.size()) {
      checker_.Add(place, path, fmt::format("\"{}\" is not a number such as 200", limit));
      return;
    }
    Json& list = thresholds_[subject->selector];
    list.push_back(fmt::format("{}{}{}", subject->statistic, comparison, limit));
  }

  void Thresholds(const Value& list, const std::string& path) {
    if (!checker_.List(list, path, "[{ http.response_time.p95: 200 }]")) return;
    for (size_t i = 0; i < list.items.size(); ++i) {
      const std::string place = fmt::format("{}[{}]", path, i);
      for (const Member& member : list.items[i].members) {
        Require(member.place, place, member.name, "<", member.value.text);
      }
    }
  }

  void Conditions(const Value& list, const std::string& path) {
    if (!checker_.List(list, path, "[{ expression: \"http.response_time.p95 < 200\" }]")) return;
    for (size_t i = 0; i < list.items.size(); ++i)
      Condition(list.items[i], fmt::format("{}[{}]", path, i));
  }

  void ErrorRate(const Value& most) {
    if (!checker_.Number(most, "config.ensure.maxErrorRate", "1", 0)) return;
    constexpr double kPercent = 100;
    thresholds_["vusers_failure_rate"].push_back(fmt::format("rate<={}", most.number / kPercent));
  }

 private:
  void Condition(const Value& condition, const std::string& path) {
    if (!checker_.Map(condition, path, {{"expression"}, {"strict"}}, "a condition")) return;
    const Value* strict = condition.Find("strict");
    if (strict != nullptr && strict->kind == Value::Kind::kBool && !strict->boolean) {
      checker_.Add(strict->place, path + ".strict",
                   "conditions that may fail are not available in kload; remove the condition");
      return;
    }
    const Value* expression = condition.Find("expression");
    if (expression == nullptr) return checker_.Add(condition.place, path, "has no expression");
    std::string_view rest = expression->text;
    while (true) {
      const size_t end = rest.find(" and ");
      Comparison(*expression, path, rest.substr(0, end));
      if (end == std::string_view::npos) return;
      rest.remove_prefix(end + 5);
    }
  }

  // metric < number
  void Comparison(const Value& expression, const std::string& path, std::string_view text) {
    const auto trim = [](std::string_view part) {
      const size_t begin = std::min(part.find_first_not_of(" ()"), part.size());
      return part.substr(begin, part.find_last_not_of(" ()") + 1 - begin);
    };
    const size_t sign = text.find_first_of("<>=!");
    const std::string_view whole = trim(text);
    const bool is_simple =
        sign != std::string_view::npos && text.find_first_of("+*/%^") == std::string_view::npos &&
        text.find(" or ") == std::string_view::npos && !whole.starts_with("not ");
    if (!is_simple) {
      checker_.Add(expression.place, path + ".expression",
                   fmt::format("\"{}\" cannot be a threshold; it must be METRIC < NUMBER, several "
                               "of them joined by and",
                               whole));
      return;
    }
    const size_t end = text.find_first_not_of("<>=!", sign);
    std::string_view comparison = text.substr(sign, end - sign);
    if (comparison == "=") comparison = "==";
    Require(expression.place, path + ".expression", trim(text.substr(0, sign)), comparison,
            end == std::string_view::npos ? "" : trim(text.substr(end)));
  }

  Json& thresholds_;
  Checker& checker_;
};

}  // namespace

void AddEnsure(const Value& ensure, const std::string& path, Json& thresholds, Checker& checker) {
  static const std::vector<Key> kKeys = {
      {"thresholds"}, {"conditions"}, {"min"}, {"max"},
      {"median"},     {"p95"},        {"p99"}, {"maxErrorRate"},
  };
  if (ensure.kind == Value::Kind::kNull || !checker.Map(ensure, path, kKeys, "ensure")) return;
  EnsureReader reader(thresholds, checker);
  for (const Member& member : ensure.members) {
    const std::string place = path + "." + member.name;
    if (member.name == "thresholds") {
      reader.Thresholds(member.value, place);
    } else if (member.name == "conditions") {
      reader.Conditions(member.value, place);
    } else if (member.name == "maxErrorRate") {
      reader.ErrorRate(member.value);
    } else {
      reader.Require(member.place, place, "http.response_time." + member.name, "<",
                     member.value.text);
    }
  }
}

}  // namespace kload::artillery
