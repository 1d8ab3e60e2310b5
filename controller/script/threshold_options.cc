#include "controller/script/threshold_options.h"

#include <fmt/format.h>

#include "controller/script/options.h"

namespace kload::controller {
namespace {

constexpr std::string_view kShape =
    "'p(95)<200' or { threshold: 'p(95)<200', abortOnFail: true, delayAbortEval: '10s' }";

void ReadOne(const std::string& selector, const Json& value, const std::string& path,
             std::vector<ThresholdSpec>& out, Problems& problems) {
  ThresholdSpec spec;
  spec.selector = selector;
  if (value.is_string()) {
    spec.expression = value.get<std::string>();
  } else if (value.is_object()) {
    const Fields fields(value, path, problems);
    if (!fields.Require("threshold", "'p(95)<200'")) return;
    fields.String("threshold", spec.expression);
    fields.Bool("abortOnFail", spec.abort_on_fail);
    fields.Duration("delayAbortEval", spec.delay_abort_eval);
    fields.RefuseOthers({"threshold", "abortOnFail", "delayAbortEval"}, "a threshold");
  } else {
    return problems.Add(path,
                        fmt::format("{} is not a threshold such as {}", Shown(value), kShape));
  }
  if (spec.expression.find_first_not_of(" \t") == std::string::npos) {
    return problems.Add(path, fmt::format("is empty; a threshold is such as {}", kShape));
  }
  out.push_back(std::move(spec));
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

std::vector<ThresholdSpec> ReadThresholds(const Json& thresholds, const std::string& path,
                                          Problems& problems) {
  std::vector<ThresholdSpec> out;
  if (!thresholds.is_object()) {
    problems.Add(path, fmt::format("{} is not an object such as {{ http_req_duration: "
                                   "['p(95)<200'] }}",
                                   Shown(thresholds)));
    return out;
  }
  for (const auto& [selector, value] : thresholds.items()) {
    const std::string place = fmt::format(
        "{}[{}]", path, Json(selector).dump(-1, ' ', false, Json::error_handler_t::replace));
    if (!value.is_array()) {
      ReadOne(selector, value, place, out, problems);
      continue;
    }
    for (size_t i = 0; i < value.size(); ++i) {
      ReadOne(selector, value[i], fmt::format("{}[{}]", place, i), out, problems);
    }
  }
  return out;
}

absl::StatusOr<ThresholdSpec> ParseThresholdFlag(std::string_view text) {
  int depth = 0;
  size_t split = std::string_view::npos;
  for (size_t i = 0; i < text.size() && split == std::string_view::npos; ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}') --depth;
    if (depth > 0) continue;
    if (text[i] == '<' || text[i] == '>' || text[i] == '!') break;  // the expression has begun
    if (text[i] == '=') split = i;
  }
  ThresholdSpec spec;
  if (split != std::string_view::npos) {
    spec.selector = Trim(text.substr(0, split));
    spec.expression = Trim(text.substr(split + 1));
  }
  if (spec.selector.empty() || spec.expression.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("--threshold: \"{}\" is not SELECTOR=EXPRESSION such as "
                    "'http_req_duration=p(95)<200' (quoted, for the shell)",
                    text));
  }
  return spec;
}

}  // namespace kload::controller
