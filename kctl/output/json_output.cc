#include "kctl/output/json_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace kload::kctl {
namespace {

using Json = nlohmann::ordered_json;

std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '"')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '"')) text.remove_suffix(1);
  return std::string(text);
}

// Of http_req_duration{status:200,name:a}: the text between the braces, and what it says.
Json Submetric(const std::string& selector) {
  const size_t open = selector.find('{');
  const std::string suffix = selector.substr(open + 1, selector.rfind('}') - open - 1);
  Json tags = Json::object();
  size_t begin = 0;
  while (begin < suffix.size()) {
    const size_t end = std::min(suffix.find(',', begin), suffix.size());
    const std::string_view pair = std::string_view(suffix).substr(begin, end - begin);
    const size_t colon = pair.find(':');
    if (colon != std::string_view::npos) {
      tags[Trimmed(pair.substr(0, colon))] = Trimmed(pair.substr(colon + 1));
    }
    begin = end + 1;
  }
  return {{"name", selector}, {"suffix", suffix}, {"tags", std::move(tags)}};
}

// `"tags":{...}`, with the metadata object after it where there is one.
std::string TagsText(const Tags& tags) {
  Json named = Json::object();
  Json metadata = Json::object();
  for (const auto& [name, value] : tags) (IsMetadata(name) ? metadata : named)[name] = value;
  std::string text = "\"tags\":" + Text(named);
  if (!metadata.empty()) text += ",\"metadata\":" + Text(metadata);
  return text;
}

}  // namespace

std::string JsonOutput::MetricLine(const MetricDef& metric) const {
  Json thresholds = Json::array();
  std::vector<std::string> parts;  // selectors, each once
  const auto& system = facts_.system_tags;
  // k6 keeps this one whether or not there is a threshold on it.
  if (metric.name == "http_req_duration" &&
      std::find(system.begin(), system.end(), "expected_response") != system.end()) {
    parts.emplace_back("http_req_duration{expected_response:true}");
  }
  for (const ThresholdSpec& threshold : facts_.thresholds) {
    const std::string& selector = threshold.selector;
    if (selector == metric.name) thresholds.push_back(threshold.expression);
    if (!selector.starts_with(metric.name + "{")) continue;
    if (std::find(parts.begin(), parts.end(), selector) == parts.end()) parts.push_back(selector);
  }
  Json submetrics;
  for (const std::string& selector : parts) submetrics.push_back(Submetric(selector));
  const Json line = {{"type", "Metric"},
                     {"data",
                      {{"name", metric.name},
                       {"type", TypeName(metric.type)},
                       {"contains", ContainsName(metric.contains)},
                       {"thresholds", std::move(thresholds)},
                       {"submetrics", std::move(submetrics)}}},
                     {"metric", metric.name}};
  return Text(line) + "\n";
}

void JsonOutput::Add(const SampleBatch& batch) {
  std::string& out = file_->lines();
  std::vector<std::string> heads;
  for (const MetricDef& metric : batch.metrics) {
    if (seen_.insert(metric.name).second) out += MetricLine(metric);
    heads.push_back(
        fmt::format(R"({{"metric":{},"type":"Point","data":{{"time":")", Text(Json(metric.name))));
  }
  std::vector<std::string> tails;
  for (const Tags& tags : batch.tag_sets) tails.push_back(TagsText(tags) + "}}\n");
  for (const SamplePoint& point : batch.points) {
    out += heads[point.metric];
    time_.Append(point.at, out);
    fmt::format_to(std::back_inserter(out), R"(","value":{},)", point.value);
    out += tails[point.tags];
    file_->FlushIfLarge();
  }
}

}  // namespace kload::kctl
