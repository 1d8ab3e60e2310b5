#include <openssl/evp.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "common/summary/summary.h"

namespace kload {
namespace {

using Json = nlohmann::ordered_json;

// k6 identifies groups and checks by the MD5 of their path.
std::string PathId(const std::string& path) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(path.data(), path.size(), digest, &size, EVP_md5(), nullptr);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string id;
  for (unsigned int i = 0; i < size; ++i) {
    id += kHex[digest[i] >> 4];
    id += kHex[digest[i] & 15];
  }
  return id;
}

Json GroupJson(const GroupSummary& group) {
  Json json = {{"name", group.name}, {"path", group.path}, {"id", PathId(group.path)}};
  json["groups"] = Json::object();
  for (const GroupSummary& inner : group.groups) json["groups"][inner.name] = GroupJson(inner);
  json["checks"] = Json::object();
  for (const CheckSummary& check : group.checks) {
    json["checks"][check.name] = {{"name", check.name},
                                  {"path", check.path},
                                  {"id", PathId(check.path)},
                                  {"passes", check.passes},
                                  {"fails", check.fails}};
  }
  return json;
}

bool IsCount(const std::string& key) { return key == "count" || key == "passes" || key == "fails"; }

Json MetricJson(const MetricSummary& metric) {
  Json json = Json::object();
  for (const auto& [key, value] : metric.values) {
    // A rate's fraction is called "value" in this file; counts are whole numbers where they are.
    const std::string name = metric.type == MetricType::kRate && key == "rate" ? "value" : key;
    const auto whole = static_cast<int64_t>(value);
    if (IsCount(key) && static_cast<double>(whole) == value) {
      json[name] = whole;
    } else {
      json[name] = value;
    }
  }
  for (const ThresholdResult& threshold : metric.thresholds) {
    json["thresholds"][threshold.expression] = !threshold.ok;
  }
  return json;
}

Json GroupData(const GroupSummary& group) {
  Json json = {{"name", group.name}, {"path", group.path}, {"id", PathId(group.path)}};
  json["groups"] = Json::array();
  for (const GroupSummary& inner : group.groups) json["groups"].push_back(GroupData(inner));
  json["checks"] = Json::array();
  for (const CheckSummary& check : group.checks) {
    json["checks"].push_back({{"name", check.name},
                              {"path", check.path},
                              {"id", PathId(check.path)},
                              {"passes", check.passes},
                              {"fails", check.fails}});
  }
  return json;
}

Json MetricData(const MetricSummary& metric) {
  Json json = {{"type", TypeName(metric.type)}, {"contains", ContainsName(metric.contains)}};
  json["values"] = Json::object();
  for (const auto& [key, value] : metric.values) json["values"][key] = value;
  for (const ThresholdResult& threshold : metric.thresholds) {
    json["thresholds"][threshold.expression] = {{"ok", threshold.ok}};
  }
  return json;
}

}  // namespace

std::string HandleSummaryJson(const RunSummary& summary, const SummarySurroundings& surroundings) {
  Json json;
  json["root_group"] = GroupData(summary.root_group);
  json["options"] = {{"summaryTrendStats", summary.trend_stats},
                     {"summaryTimeUnit", summary.summary_time_unit},
                     {"noColor", surroundings.no_color}};
  json["state"] = {
      {"isStdOutTTY", surroundings.stdout_is_terminal},
      {"isStdErrTTY", surroundings.stderr_is_terminal},
      {"testRunDurationMs", std::chrono::duration<double, std::milli>(summary.duration).count()}};
  json["metrics"] = Json::object();
  for (const MetricSummary& metric : summary.metrics) {
    json["metrics"][metric.name] = MetricData(metric);
  }
  if (!surroundings.setup_json.empty()) {
    Json setup = Json::parse(surroundings.setup_json, nullptr, false);
    if (!setup.is_discarded()) json["setup_data"] = std::move(setup);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

namespace {

// What k6 has no place for.
Json KloadJson(const RunSummary& summary) {
  Json json = {{"run", summary.run_id},
               {"label", SoundnessName(summary.soundness.label)},
               {"findings", Json::array()},
               {"notes", Json::array()}};
  for (const Finding& finding : summary.soundness.findings) {
    json["findings"].push_back({{"label", SoundnessName(finding.label)},
                                {"reason", finding.reason},
                                {"agent", finding.agent},
                                {"from_ns", finding.from.count()},
                                {"to_ns", finding.to.count()}});
  }
  for (const RunNote& note : summary.notes) {
    json["notes"].push_back({{"at_ns", note.at.count()},
                             {"kind", note.kind},
                             {"agent", note.agent},
                             {"text", note.text}});
  }
  return json;
}

}  // namespace

std::string SummaryExportJson(const RunSummary& summary) {
  Json json;
  json["root_group"] = GroupJson(summary.root_group);
  json["metrics"] = Json::object();
  for (const MetricSummary& metric : summary.metrics)
    json["metrics"][metric.name] = MetricJson(metric);
  json["kload"] = KloadJson(summary);
  return json.dump(4) + "\n";
}

}  // namespace kload
